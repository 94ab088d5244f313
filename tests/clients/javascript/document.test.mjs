// The document client of the AWS SDK for JavaScript: JavaScript values in and out, with every option of marshalling.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand, BatchWriteCommand, DeleteCommand, DynamoDBDocument, ExecuteStatementCommand, GetCommand, NumberValue, paginateQuery,
  paginateScan, PutCommand, QueryCommand, TransactGetCommand, TransactWriteCommand, UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";

const client = new DynamoDBClient({ maxAttempts: 1 });
const documents = DynamoDBDocument.from(client);
const TableName = "js-document";

before(async () => {
  await client.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "owner", KeyType: "HASH" }, { AttributeName: "id", KeyType: "RANGE" }],
    AttributeDefinitions: ["owner", "id", "kind"].map((AttributeName) => ({ AttributeName, AttributeType: AttributeName === "id" ? "N" : "S" })),
    GlobalSecondaryIndexes: [{ IndexName: "by_kind", KeySchema: [{ AttributeName: "kind", KeyType: "HASH" }], Projection: { ProjectionType: "ALL" } }],
  }));
  await waitUntilTableExists({ client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.2 }, { TableName });
});

after(() => client.send(new DeleteTableCommand({ TableName })));

async function refused(promise, words) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.name, "ValidationException");
    assert.ok(error.message.includes(words), error.message);
    return true;
  });
}

describe("marshalling", () => {
  test("JavaScript values come back as they went", async () => {
    const Item = {
      owner: "values", id: -0.25, text: "", yes: true, nothing: null, texts: new Set(["a", "b"]), numbers: new Set([1, 2.5]),
      blobs: new Set([new Uint8Array([1])]), bytes: new Uint8Array([0, 1, 255]), list: [1, "two", [null, { three: 3 }]], map: { "a.b": [] },
    };
    await documents.put({ TableName, Item });
    assert.deepEqual((await documents.get({ TableName, Key: { owner: "values", id: -0.25 } })).Item, Item);
  });

  test("numbers beyond JavaScript's are exact with bigint and NumberValue", async () => {
    const exact = DynamoDBDocument.from(client, { unmarshallOptions: { wrapNumbers: true } });
    const Key = { owner: "numbers", id: 1 };
    await documents.put({ TableName, Item: { ...Key, big: 12345678901234567890123456789012345678n, fraction: NumberValue.from("0.1234567890123456789012345678901234567") } });
    const { Item } = await exact.get({ TableName, Key });
    assert.equal(Item.big.value, "12345678901234567890123456789012345678");
    assert.equal(Item.fraction.toString(), "0.1234567890123456789012345678901234567");
    const added = await exact.update({ TableName, Key, UpdateExpression: "SET big = big - :one", ExpressionAttributeValues: { ":one": 1 }, ReturnValues: "UPDATED_NEW" });
    assert.equal(BigInt(added.Attributes.big.value), 12345678901234567890123456789012345677n);
  });

  test("options of marshalling make what the server takes", async () => {
    class Point { constructor(x, y) { Object.assign(this, { x, y }); } }
    const lenient = DynamoDBDocument.from(client, { marshallOptions: { removeUndefinedValues: true, convertEmptyValues: true, convertClassInstanceToMap: true } });
    const Key = { owner: "options", id: 1 };
    await lenient.put({ TableName, Item: { ...Key, gone: undefined, empty: "", none: new Set(), point: new Point(1, 2), list: [undefined, 1] } });
    assert.deepEqual((await documents.get({ TableName, Key })).Item, { ...Key, empty: null, none: null, point: { x: 1, y: 2 }, list: [1] });
  });

  test("marshall and unmarshall speak the server's values", async () => {
    const wire = marshall({ owner: "marshall", id: 1, list: [new Set(["x"])] });
    await documents.send(new PutCommand({ TableName, Item: unmarshall(wire) }));
    assert.deepEqual((await documents.send(new GetCommand({ TableName, Key: { owner: "marshall", id: 1 } }))).Item, unmarshall(wire));
  });
});

describe("commands", () => {
  const items = Array.from({ length: 60 }, (_, id) => ({ owner: "shop", id, kind: id % 2 ? "odd" : "even", price: id / 4, tags: new Set([`t${id % 3}`]) }));

  before(async () => {
    for (let first = 0; first < items.length; first += 25) {
      const requests = items.slice(first, first + 25).map((Item) => ({ PutRequest: { Item } }));
      const { UnprocessedItems } = await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: requests } }));
      assert.deepEqual(UnprocessedItems, {});
    }
  });

  test("query, filter and project", async () => {
    const { Items, Count, ScannedCount } = await documents.send(new QueryCommand({
      TableName, KeyConditionExpression: "#o = :o AND id BETWEEN :a AND :b", FilterExpression: "contains(tags, :t) AND price >= :p",
      ProjectionExpression: "id, price", ExpressionAttributeNames: { "#o": "owner" },
      ExpressionAttributeValues: { ":o": "shop", ":a": 10, ":b": 20, ":t": "t1", ":p": 3.25 }, ScanIndexForward: false,
    }));
    assert.deepEqual(Items, [{ id: 19, price: 4.75 }, { id: 16, price: 4 }, { id: 13, price: 3.25 }]);
    assert.deepEqual([Count, ScannedCount], [3, 11]);
  });

  test("paginators of the document client go over an index", async () => {
    const found = [];
    const question = { TableName, IndexName: "by_kind", KeyConditionExpression: "kind = :k", ExpressionAttributeValues: { ":k": "odd" } };
    for await (const page of paginateQuery({ client: documents, pageSize: 7 }, question)) found.push(...page.Items);
    assert.deepEqual(found.map((item) => item.id).toSorted((a, b) => a - b), items.filter((item) => item.kind === "odd").map((item) => item.id));
    let scanned = 0;
    for await (const page of paginateScan({ client: documents, pageSize: 13 }, { TableName, IndexName: "by_kind" })) scanned += page.Count;
    assert.equal(scanned, 60);
  });

  test("batches say what they found", async () => {
    const Keys = [{ owner: "shop", id: 3 }, { owner: "shop", id: 1000 }, { owner: "shop", id: 5 }];
    const { Responses, UnprocessedKeys } = await documents.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }));
    assert.deepEqual(Responses[TableName].map((item) => item.id).toSorted(), [3, 5]);
    assert.deepEqual(UnprocessedKeys, {});
  });

  test("update expressions over documents, lists and sets", async () => {
    const Key = { owner: "update", id: 1 };
    await documents.put({ TableName, Item: { ...Key, list: ["a"], map: { deep: { n: 1 } }, tags: new Set(["x", "y"]), gone: 1 } });
    const { Attributes } = await documents.send(new UpdateCommand({
      TableName, Key, ReturnValues: "ALL_NEW",
      UpdateExpression: "SET #l = list_append(if_not_exists(#l, :none), :more), #m.deep.n = #m.deep.n + :one, fresh = if_not_exists(fresh, :one) REMOVE gone DELETE tags :x",
      ExpressionAttributeNames: { "#l": "list", "#m": "map" },
      ExpressionAttributeValues: { ":more": ["b"], ":none": [], ":one": 1, ":x": new Set(["x"]) },
    }));
    assert.deepEqual(Attributes, { ...Key, list: ["a", "b"], map: { deep: { n: 2 } }, tags: new Set(["y"]), fresh: 1 });
    await refused(documents.update({ TableName, Key, UpdateExpression: "SET list = :x", ExpressionAttributeValues: { ":x": 1 } }), "reserved keyword: list");
    await refused(documents.update({ TableName, Key, UpdateExpression: "SET #m.absent.n = :x", ExpressionAttributeNames: { "#m": "map" }, ExpressionAttributeValues: { ":x": 1 } }),
      "The document path provided in the update expression is invalid for update");
    assert.deepEqual((await documents.send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }))).Attributes.fresh, 1);
  });

  test("transactions", async () => {
    const key = (id) => ({ owner: "transaction", id });
    await documents.send(new TransactWriteCommand({ TransactItems: [{ Put: { TableName, Item: { ...key(1), balance: 10 } } }, { Put: { TableName, Item: { ...key(2), balance: 0 } } }] }));
    const move = (amount) => documents.send(new TransactWriteCommand({ TransactItems: [
      { Update: { TableName, Key: key(1), UpdateExpression: "SET balance = balance - :a", ConditionExpression: "balance >= :a", ExpressionAttributeValues: { ":a": amount }, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } },
      { Update: { TableName, Key: key(2), UpdateExpression: "SET balance = balance + :a", ExpressionAttributeValues: { ":a": amount } } }] }));
    await move(7);
    await assert.rejects(move(7), (error) => {
      assert.equal(error.name, "TransactionCanceledException");
      assert.deepEqual(error.CancellationReasons.map((reason) => reason.Code), ["ConditionalCheckFailed", "None"]);
      assert.deepEqual(unmarshall(error.CancellationReasons[0].Item), { ...key(1), balance: 3 });
      return true;
    });
    const { Responses } = await documents.send(new TransactGetCommand({ TransactItems: [1, 2, 3].map((id) => ({ Get: { TableName, Key: key(id) } })) }));
    assert.deepEqual(Responses.map((response) => response.Item?.balance), [3, 7, undefined]);
  });

  test("statements", async () => {
    const { Items } = await documents.send(new ExecuteStatementCommand({ Statement: `SELECT id, tags FROM "${TableName}" WHERE owner = ? AND id IN [?, ?]`, Parameters: ["shop", 1, 2] }));
    assert.deepEqual(Items.toSorted((a, b) => a.id - b.id), [{ id: 1, tags: new Set(["t1"]) }, { id: 2, tags: new Set(["t2"]) }]);
    await documents.executeStatement({ Statement: `UPDATE "${TableName}" SET price = ? WHERE owner = 'shop' AND id = 1`, Parameters: [99.5] });
    assert.equal((await documents.get({ TableName, Key: { owner: "shop", id: 1 } })).Item.price, 99.5);
    const batch = await documents.batchExecuteStatement({ Statements: [{ Statement: `INSERT INTO "${TableName}" VALUE {'owner': 'shop', 'id': 1}` }, { Statement: `DELETE FROM "${TableName}" WHERE owner = 'shop' AND id = 59` }] });
    assert.deepEqual(batch.Responses.map((response) => response.Error?.Code), ["DuplicateItem", undefined]);
  });
});
