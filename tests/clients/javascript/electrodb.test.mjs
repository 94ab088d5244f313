// ElectroDB: several entities in one table, with composite keys, an index, collections, conditions, batches and transactions.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DynamoDB, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { Entity, Service } from "electrodb";

const client = new DynamoDB({ maxAttempts: 1 });
const table = "js-electrodb";

const Task = new Entity({
  model: { entity: "task", version: "1", service: "work" },
  attributes: {
    team: { type: "string", required: true },
    task: { type: "string", required: true },
    project: { type: "string", required: true },
    employee: { type: "string", required: true },
    points: { type: "number", default: 0 },
    status: { type: ["open", "done"], default: "open" },
    labels: { type: "set", items: "string" },
    notes: { type: "list", items: { type: "map", properties: { by: { type: "string" }, text: { type: "string" } } } },
    due: { type: "string", default: "9999" },
  },
  indexes: {
    project: { pk: { field: "pk", composite: ["team"] }, sk: { field: "sk", composite: ["project", "task"] } },
    assigned: { collection: "workload", index: "gsi1", pk: { field: "gsi1pk", composite: ["employee"] }, sk: { field: "gsi1sk", composite: ["status", "due"] } },
  },
}, { client, table });

const Employee = new Entity({
  model: { entity: "employee", version: "1", service: "work" },
  attributes: { team: { type: "string", required: true }, employee: { type: "string", required: true }, title: { type: "string" } },
  indexes: {
    team: { pk: { field: "pk", composite: ["team"] }, sk: { field: "sk", composite: ["employee"] } },
    workload: { collection: "workload", index: "gsi1", pk: { field: "gsi1pk", composite: ["employee"] }, sk: { field: "gsi1sk", composite: [] } },
  },
}, { client, table });

const Work = new Service({ task: Task, employee: Employee });
const tasks = Array.from({ length: 45 }, (_, number) => ({
  team: "green", task: `t${String(number).padStart(2, "0")}`, project: `p${number % 3}`, employee: number % 2 ? "ann" : "bob", points: number,
  due: `2026-${String((number % 12) + 1).padStart(2, "0")}`, labels: ["new"],
}));

before(async () => {
  const attribute = (AttributeName) => ({ AttributeName, AttributeType: "S" });
  const schema = (hash, range) => [{ AttributeName: hash, KeyType: "HASH" }, { AttributeName: range, KeyType: "RANGE" }];
  await client.createTable({
    TableName: table, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: ["pk", "sk", "gsi1pk", "gsi1sk"].map(attribute), KeySchema: schema("pk", "sk"),
    GlobalSecondaryIndexes: [{ IndexName: "gsi1", KeySchema: schema("gsi1pk", "gsi1sk"), Projection: { ProjectionType: "ALL" } }],
  });
  await waitUntilTableExists({ client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.2 }, { TableName: table });
  assert.deepEqual((await Task.put(tasks).go()).unprocessed, []);
  await Employee.put([{ team: "green", employee: "ann", title: "lead" }, { team: "green", employee: "bob" }]).go();
});

after(() => client.deleteTable({ TableName: table }));

test("composite keys are ranges of the sort key", async () => {
  const { data } = await Task.query.project({ team: "green", project: "p1" }).between({ task: "t10" }, { task: "t20" }).go({ pages: "all" });
  assert.deepEqual(data.map((task) => task.task), ["t10", "t13", "t16", "t19"]);
  const begun = await Task.query.project({ team: "green", project: "p2" }).begins({ task: "t1" }).where(({ points }, { gt }) => gt(points, 12)).go();
  assert.deepEqual(begun.data.map((task) => task.points), [14, 17]);
});

test("cursors go on where a page ended", async () => {
  const found = [];
  let cursor = null;
  do {
    const page = await Task.query.assigned({ employee: "ann", status: "open" }).go({ cursor, limit: 5 });
    assert.ok(page.data.length <= 5);
    found.push(...page.data);
    cursor = page.cursor;
  } while (cursor);
  assert.equal(found.length, 22);
  assert.deepEqual(found.map((task) => task.due), found.map((task) => task.due).toSorted());
});

test("a collection reads several entities with one query", async () => {
  const { data } = await Work.collections.workload({ employee: "bob" }).go({ pages: "all" });
  assert.equal(data.task.length, 23);
  assert.deepEqual(data.employee, [{ team: "green", employee: "bob" }]);
});

test("updates of numbers, sets, lists and conditions", async () => {
  const key = { team: "green", project: "p0", task: "t00" };
  await Task.patch(key).add({ points: 5, labels: ["hot"] }).append({ notes: [{ by: "ann", text: "begun" }] }).go();
  const { data } = await Task.patch(key).append({ notes: [{ by: "bob", text: "more" }] }).delete({ labels: ["new"] })
    .where(({ points, status }, { eq }) => `${eq(points, 5)} AND ${eq(status, "open")}`).go({ response: "all_new" });
  assert.deepEqual([data.points, data.labels, data.notes.map((note) => note.by)], [5, ["hot"], ["ann", "bob"]]);
  await assert.rejects(Task.patch(key).set({ points: 1 }).where(({ points }, { gt }) => gt(points, 100)).go(), (error) => {
    assert.equal(error.cause.name, "ConditionalCheckFailedException");
    return true;
  });
  await assert.rejects(Task.patch({ ...key, task: "absent" }).set({ points: 1 }).go(), /conditional request failed/);
  await assert.rejects(Employee.create({ team: "green", employee: "ann" }).go(), /conditional request failed/);
});

test("batches, transactions and deletion", async () => {
  const keys = tasks.slice(0, 30).map(({ team, project, task }) => ({ team, project, task }));
  const { data, unprocessed } = await Task.get(keys).go();
  assert.deepEqual([data.length, unprocessed], [30, []]);
  const moved = await Work.transaction.write(({ task, employee }) => [
    employee.update({ team: "green", employee: "ann" }).set({ title: "head" }).commit(),
    task.check(keys[1]).where(({ status }, { eq }) => eq(status, "open")).commit(),
    task.delete(keys[2]).commit(),
  ]).go();
  assert.equal(moved.canceled, false);
  const canceled = await Work.transaction.write(({ task, employee }) => [
    employee.update({ team: "green", employee: "ann" }).set({ title: "nobody" }).commit(),
    task.check(keys[1]).where(({ status }, { eq }) => eq(status, "done")).commit(),
  ]).go();
  assert.equal(canceled.canceled, true);
  assert.deepEqual(canceled.data.map((action) => action.code), ["None", "ConditionalCheckFailed"]);
  const { data: both } = await Work.transaction.get(({ task, employee }) => [employee.get({ team: "green", employee: "ann" }).commit(), task.get(keys[2]).commit()]).go();
  assert.deepEqual(both.map((found) => found.item?.title ?? null), ["head", null]);
});

