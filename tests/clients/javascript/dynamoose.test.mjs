// Dynamoose: models that create their own table, indexes, time to live, queries, conditions, batches and transactions.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import dynamoose from "dynamoose";

const client = new DynamoDB({ maxAttempts: 1 });
dynamoose.aws.ddb.set(client);

const attributes = {
  owner: { type: String, hashKey: true },
  id: { type: Number, rangeKey: true },
  kind: { type: String, index: { name: "by_kind", type: "global", rangeKey: "id" } },
  born: Date,
  tags: { type: Set, schema: [String] },
  bytes: Buffer,
  address: { type: Object, schema: { city: String, lines: { type: Array, schema: [String] } } },
  price: { type: Number, default: 1, validate: (value) => value >= 0 },
};

const Pet = dynamoose.model("js-dynamoose", new dynamoose.Schema(attributes, { timestamps: true }));
let table;

before(async () => {
  table = new dynamoose.Table("js-dynamoose", [Pet], {
    initialize: false, throughput: "ON_DEMAND", waitForActive: { enabled: true, check: { timeout: 20_000, frequency: 50 } }, expires: { ttl: 3_600_000, attribute: "until" }, update: true,
  });
  await table.initialize();
  await Pet.batchPut(Array.from({ length: 25 }, (_, id) => ({ owner: "ann", id, kind: id % 2 ? "cat" : "dog", price: id, born: new Date(id * 1000) })));
});

after(() => client.deleteTable({ TableName: "js-dynamoose" }));

test("the table is as the model says", async () => {
  const { Table } = await client.describeTable({ TableName: "js-dynamoose" });
  assert.deepEqual(Table.KeySchema.map((key) => key.AttributeName), ["owner", "id"]);
  assert.deepEqual(Table.GlobalSecondaryIndexes.map((index) => [index.IndexName, index.IndexStatus]), [["by_kind", "ACTIVE"]]);
  const { TimeToLiveDescription } = await client.describeTimeToLive({ TableName: "js-dynamoose" });
  assert.deepEqual(TimeToLiveDescription, { AttributeName: "until", TimeToLiveStatus: "ENABLED" });
});

test("an index that a later model brings is created", async () => {
  const later = new dynamoose.Schema({ ...attributes, price: { type: Number, index: { name: "by_price", type: "global" } } });
  const Priced = dynamoose.model("js-dynamoose-later", later);
  await client.createTable({
    TableName: "js-dynamoose-later", BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "owner", KeyType: "HASH" }, { AttributeName: "id", KeyType: "RANGE" }],
    AttributeDefinitions: [{ AttributeName: "owner", AttributeType: "S" }, { AttributeName: "id", AttributeType: "N" }],
  });
  await new dynamoose.Table("js-dynamoose-later", [Priced], { create: false, update: ["indexes"], initialize: false, throughput: "ON_DEMAND", waitForActive: { enabled: true, check: { timeout: 20_000, frequency: 50 } } }).initialize();
  const { Table } = await client.describeTable({ TableName: "js-dynamoose-later" });
  assert.deepEqual(Table.GlobalSecondaryIndexes.map((index) => index.IndexName).toSorted(), ["by_kind", "by_price"]);
  await client.deleteTable({ TableName: "js-dynamoose-later" });
});

test("documents come back with the model's types", async () => {
  const born = new Date("2026-02-03T04:05:06.789Z");
  await new Pet({ owner: "bob", id: 1, kind: "cat", born, tags: new Set(["a", "b"]), bytes: Buffer.from([0, 255]), address: { city: "Brno", lines: ["x", "y"] } }).save();
  const found = await Pet.get({ owner: "bob", id: 1 }, { consistent: true });
  assert.equal(found.born.getTime(), born.getTime());
  assert.deepEqual([...found.tags].toSorted(), ["a", "b"]);
  assert.deepEqual(Buffer.from(found.bytes), Buffer.from([0, 255]));
  assert.deepEqual({ ...found.address }, { city: "Brno", lines: ["x", "y"] });
  assert.ok(found.createdAt instanceof Date);
  const item = (await client.getItem({ TableName: "js-dynamoose", Key: { owner: { S: "bob" }, id: { N: "1" } } })).Item;
  assert.ok(Number(item.until.N) > Date.now() / 1000);
});

test("create does not replace, update is conditional", async () => {
  await Pet.create({ owner: "cyd", id: 1, kind: "dog" });
  await assert.rejects(Pet.create({ owner: "cyd", id: 1, kind: "cat" }), { name: "ConditionalCheckFailedException" });
  const updated = await Pet.update({ owner: "cyd", id: 1 }, { $SET: { kind: "cat" }, $ADD: { price: 4 } });
  assert.deepEqual([updated.kind, updated.price], ["cat", 5]);
  const onlyDogs = new dynamoose.Condition().where("kind").eq("dog");
  await assert.rejects(Pet.update({ owner: "cyd", id: 1 }, { price: 0 }, { condition: onlyDogs }), { name: "ConditionalCheckFailedException" });
  await assert.rejects(Pet.delete({ owner: "cyd", id: 1 }, { condition: onlyDogs }), { name: "ConditionalCheckFailedException" });
});

test("queries, filters, indexes and scans", async () => {
  const cats = await Pet.query("kind").eq("cat").where("id").between(3, 9).using("by_kind").sort("descending").exec();
  assert.deepEqual(cats.map((pet) => pet.id), [9, 7, 5, 3]);
  const some = await Pet.query("owner").eq("ann").filter("price").gt(20).attributes(["id"]).exec();
  assert.deepEqual(some.map((pet) => pet.id), [21, 22, 23, 24]);
  const first = await Pet.query("owner").eq("ann").limit(10).exec();
  const second = await Pet.query("owner").eq("ann").startAt(first.lastKey).exec();
  assert.deepEqual([first.length, second.length, second[0].id], [10, 15, 10]);
  const { count } = await Pet.scan("owner").eq("ann").and().parenthesis((condition) => condition.where("id").lt(2).or().where("price").ge(24)).count().exec();
  assert.equal(count, 3);
  assert.equal((await Pet.scan("owner").eq("ann").parallel(3).all().exec()).length, 25);
});

test("batches and transactions", async () => {
  const found = await Pet.batchGet([{ owner: "ann", id: 1 }, { owner: "ann", id: 2 }, { owner: "ann", id: 99 }]);
  assert.deepEqual(found.map((pet) => pet.id).toSorted(), [1, 2]);
  await dynamoose.transaction([Pet.transaction.create({ owner: "dan", id: 1, kind: "cat" }), Pet.transaction.update({ owner: "ann", id: 1 }, { $ADD: { price: 100 } })]);
  assert.equal((await Pet.get({ owner: "ann", id: 1 })).price, 101);
  await assert.rejects(dynamoose.transaction([Pet.transaction.create({ owner: "dan", id: 1 }), Pet.transaction.delete({ owner: "ann", id: 1 })]), { name: "TransactionCanceledException" });
  await Pet.batchDelete([{ owner: "dan", id: 1 }, { owner: "ann", id: 1 }]);
  assert.equal(await Pet.get({ owner: "dan", id: 1 }), undefined);
});
