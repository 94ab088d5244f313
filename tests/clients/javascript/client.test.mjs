// The plain client of the AWS SDK for JavaScript: typed values, exceptions by class, paginators, waiters, streams.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  ConditionalCheckFailedException, ContinuousBackupsUnavailableException, DynamoDB, DynamoDBServiceException,
  IdempotentParameterMismatchException, paginateListTables, paginateQuery, paginateScan, ResourceInUseException, ResourceNotFoundException,
  TransactionCanceledException, waitUntilTableExists, waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { NodeHttp2Handler } from "@smithy/node-http-handler";
import { DynamoDBStreams, ResourceNotFoundException as UnknownStreamException } from "@aws-sdk/client-dynamodb-streams";

const client = new DynamoDB({ maxAttempts: 1 });
const soon = { client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.2 };
const TableName = "js-client";
const definition = {
  TableName,
  KeySchema: [{ AttributeName: "owner", KeyType: "HASH" }, { AttributeName: "id", KeyType: "RANGE" }],
  AttributeDefinitions: [{ AttributeName: "owner", AttributeType: "S" }, { AttributeName: "id", AttributeType: "N" }],
  BillingMode: "PAY_PER_REQUEST",
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
};

const key = (id, owner = "ann") => ({ owner: { S: owner }, id: { N: String(id) } });

async function caught(promise, exception) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof exception, `${error.name}: ${error.message}`);
    return error;
  }
  assert.fail(`no ${exception.name}`);
}

async function all(pages, read) {
  const found = [];
  for await (const page of pages) found.push(...read(page));
  return found;
}

before(async () => {
  const { TableDescription } = await client.createTable(definition);
  assert.ok(TableDescription.CreationDateTime instanceof Date);
  assert.ok(Math.abs(TableDescription.CreationDateTime - Date.now()) < 3_600_000);
  assert.equal((await waitUntilTableExists(soon, { TableName })).state, "SUCCESS");
  for (let first = 0; first < 100; first += 25) {
    const puts = Array.from({ length: 25 }, (_, id) => ({ PutRequest: { Item: { ...key(first + id), text: { S: "x".repeat(2000) } } } }));
    assert.deepEqual((await client.batchWriteItem({ RequestItems: { [TableName]: puts } })).UnprocessedItems, {});
  }
});

after(async () => {
  await client.deleteTable({ TableName });
  assert.equal((await waitUntilTableNotExists(soon, { TableName })).state, "SUCCESS");
});

describe("values", () => {
  test("every type comes back as it went", async () => {
    const Item = {
      ...key("-1.5", "types"), text: { S: "žluť 🐎 \0" }, empty: { S: "" }, number: { N: "123456789012345678901234567890.12345678" },
      bytes: { B: new Uint8Array([0, 255, 128]) }, none: { B: new Uint8Array() }, yes: { BOOL: true }, no: { BOOL: false }, nothing: { NULL: true },
      texts: { SS: ["a", "č"] }, numbers: { NS: ["-1", "2.5"] }, blobs: { BS: [new Uint8Array([0]), new Uint8Array([1, 2])] },
      list: { L: [{ N: "1" }, { M: { deep: { L: [] } } }] }, map: { M: { "a.b": { S: "c" } } },
    };
    await client.putItem({ TableName, Item });
    const found = (await client.getItem({ TableName, Key: key("-1.50", "types"), ConsistentRead: true })).Item;
    found.numbers.NS.sort();
    assert.deepEqual(found, Item);
  });

  test("an absent item has no member", async () => {
    assert.equal((await client.getItem({ TableName, Key: key(0, "nobody") })).Item, undefined);
    assert.equal((await client.deleteItem({ TableName, Key: key(0, "nobody"), ReturnValues: "ALL_OLD" })).Attributes, undefined);
  });
});

describe("pages", () => {
  // A paginator changes the request that it is given: each gets its own.
  const owner = () => ({ TableName, ExpressionAttributeNames: { "#o": "owner" }, ExpressionAttributeValues: { ":o": { S: "ann" } } });
  const query = (more) => ({ ...owner(), KeyConditionExpression: "#o = :o", ...more });
  const ids = (page) => page.Items.map((item) => Number(item.id.N));

  test("query and scan to the end, in both directions", async () => {
    const expected = Array.from({ length: 100 }, (_, id) => id);
    assert.deepEqual(await all(paginateQuery({ client, pageSize: 33 }, query()), ids), expected);
    assert.deepEqual(await all(paginateQuery({ client, pageSize: 7 }, query({ ScanIndexForward: false })), ids), expected.toReversed());
    const scanned = await all(paginateScan({ client, pageSize: 10 }, { ...owner(), FilterExpression: "#o = :o" }), ids);
    assert.deepEqual(scanned, expected);
  });

  test("a paginator starts where another one ended", async () => {
    const first = await paginateQuery({ client, pageSize: 40 }, query()).next();
    assert.deepEqual(first.value.LastEvaluatedKey, key(39));
    const rest = await all(paginateQuery({ client, startingToken: first.value.LastEvaluatedKey }, query()), ids);
    assert.deepEqual([rest[0], rest.length], [40, 60]);
  });

  test("tables", async () => {
    await client.createTable({ ...definition, TableName: "js-client-2", StreamSpecification: undefined });
    const names = await all(paginateListTables({ client, pageSize: 1 }, {}), (page) => page.TableNames);
    assert.ok(names.includes(TableName) && names.includes("js-client-2"));
    assert.deepEqual(names, names.toSorted());
    await client.deleteTable({ TableName: "js-client-2" });
  });
});

describe("exceptions", () => {
  test("are told by class, with what the SDK makes of them", async () => {
    const absent = await caught(client.getItem({ TableName: "nope", Key: key(1) }), ResourceNotFoundException);
    assert.equal(absent.message, "Requested resource not found");
    assert.equal(absent.$fault, "client");
    assert.equal(absent.$metadata.httpStatusCode, 400);
    assert.match(absent.$metadata.requestId, /^[0-9A-Z]{52}$/);
    await caught(client.createTable(definition), ResourceInUseException);
    await caught(client.createBackup({ TableName, BackupName: "one" }), ContinuousBackupsUnavailableException);
    const wrong = await caught(client.getItem({ TableName, Key: { owner: { S: "ann" } } }), DynamoDBServiceException);
    assert.equal(wrong.name, "ValidationException");
    assert.equal(wrong.message, "The provided key element does not match the schema");
  });

  test("a condition that failed brings the item", async () => {
    const failed = await caught(client.putItem({
      TableName, Item: key(1), ConditionExpression: "attribute_not_exists(id)", ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }), ConditionalCheckFailedException);
    assert.deepEqual(failed.Item.id, { N: "1" });
    assert.equal(failed.message, "The conditional request failed");
  });

  test("a cancelled transaction brings its reasons", async () => {
    const failed = await caught(client.transactWriteItems({ TransactItems: [
      { Put: { TableName, Item: key(1, "bob") } },
      { Update: { TableName, Key: key(1), UpdateExpression: "SET n = :n", ConditionExpression: "n = :n", ExpressionAttributeValues: { ":n": { N: "1" } }, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } },
    ] }), TransactionCanceledException);
    assert.deepEqual(failed.CancellationReasons.map((reason) => reason.Code), ["None", "ConditionalCheckFailed"]);
    assert.deepEqual(failed.CancellationReasons[1].Item.id, { N: "1" });
    assert.equal((await client.getItem({ TableName, Key: key(1, "bob") })).Item, undefined);
  });

  test("a token is for one transaction", async () => {
    const transact = (id) => client.transactWriteItems({ ClientRequestToken: "js-token", TransactItems: [
      { Update: { TableName, Key: key(id, "token"), UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": { N: "1" } } } }] });
    await transact(1);
    await transact(1);
    await caught(transact(2), IdempotentParameterMismatchException);
    assert.deepEqual((await client.getItem({ TableName, Key: key(1, "token") })).Item.n, { N: "1" });
  });
});

test("many requests at once over a few connections", async () => {
  const counted = { TableName, Key: key(0, "counter"), UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": { N: "1" } }, ReturnValues: "UPDATED_NEW" };
  const answers = await Promise.all(Array.from({ length: 200 }, () => client.updateItem(counted)));
  const seen = answers.map((answer) => Number(answer.Attributes.n.N)).toSorted((a, b) => a - b);
  assert.deepEqual(seen, Array.from({ length: 200 }, (_, n) => n + 1));
});

test("HTTP/2 carries many requests over one connection", async () => {
  const over = new DynamoDB({ maxAttempts: 1, requestHandler: new NodeHttp2Handler({ maxConcurrentStreams: 50 }) });
  const items = Array.from({ length: 100 }, (_, id) => ({ ...key(id, "http2"), text: { S: "x".repeat(20_000) } }));
  await Promise.all(items.map((Item) => over.putItem({ TableName, Item })));
  const found = await Promise.all(items.map((_, id) => over.getItem({ TableName, Key: key(id, "http2") })));
  assert.deepEqual(found.map(({ Item }) => Item), items);
  await caught(over.getItem({ TableName: "nope", Key: key(1) }), ResourceNotFoundException);
  over.destroy();
});

test("the streams client reads the changes of the table", async () => {
  const streams = new DynamoDBStreams({ maxAttempts: 1 });
  const StreamArn = (await client.describeTable({ TableName })).Table.LatestStreamArn;
  assert.equal((await streams.listStreams({ TableName })).Streams[0].StreamArn, StreamArn);
  await client.putItem({ TableName, Item: { ...key(1, "stream"), bytes: { B: new Uint8Array([7]) } } });
  await client.updateItem({ TableName, Key: key(1, "stream"), UpdateExpression: "SET n = :n", ExpressionAttributeValues: { ":n": { N: "1" } } });
  await client.deleteItem({ TableName, Key: key(1, "stream") });
  const { Shards } = (await streams.describeStream({ StreamArn })).StreamDescription;
  const records = [];
  for (const { ShardId } of Shards) {
    let { ShardIterator } = await streams.getShardIterator({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" });
    for (let page; ShardIterator; ShardIterator = page.Records.length ? page.NextShardIterator : undefined) {
      page = await streams.getRecords({ ShardIterator, Limit: 50 });
      records.push(...page.Records);
    }
  }
  const mine = records.filter((record) => record.dynamodb.Keys.owner.S === "stream");
  assert.deepEqual(mine.map((record) => record.eventName), ["INSERT", "MODIFY", "REMOVE"]);
  assert.deepEqual(mine[0].dynamodb.NewImage.bytes.B, new Uint8Array([7]));
  assert.deepEqual(mine[2].dynamodb.OldImage.n, { N: "1" });
  assert.ok(mine[0].dynamodb.ApproximateCreationDateTime instanceof Date);
  await caught(streams.describeStream({ StreamArn: `${StreamArn.slice(0, -1)}x` }), UnknownStreamException);
});
