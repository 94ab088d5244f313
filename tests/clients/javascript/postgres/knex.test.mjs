// Knex: schemas, queries, transactions, streams.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import knexOf from "knex";

const knex = knexOf({ client: "pg", connection: process.env.DATABASE_URL, pool: { min: 0, max: 3 } });

before(async () => {
  await knex.schema.createTable("kx_people", (table) => {
    table.uuid("id").primary();
    table.string("name", 50).notNullable();
    table.integer("age").defaultTo(18);
    table.decimal("balance", 10, 2);
    table.boolean("active").notNullable().defaultTo(true);
    table.jsonb("extra");
    table.timestamp("created_at", { useTz: true }).defaultTo(knex.fn.now());
    table.index(["name", "age"], "kx_people_by_name");
  });
  await knex.schema.createTable("kx_pets", (table) => {
    table.uuid("owner_id");
    table.integer("number");
    table.text("name");
    table.primary(["owner_id", "number"]);
  });
  await knex("kx_people").insert([1, 2, 3].map((n) => ({ id: person(n), name: `p${n}`, age: 20 + n, balance: n * 1.5, extra: JSON.stringify({ n }) })));
  await knex("kx_pets").insert([{ owner_id: person(1), number: 1, name: "Rex" }, { owner_id: person(1), number: 2, name: "Tom" }, { owner_id: person(3), number: 1, name: "Kit" }]);
});
after(() => knex.destroy());

const person = (n) => `00000000-0000-0000-0000-00000000000${n}`;

test("the schema is as described", async () => {
  assert.equal(await knex.schema.hasTable("kx_people"), true);
  assert.equal(await knex.schema.hasTable("kx_nowhere"), false);
  assert.equal(await knex.schema.hasColumn("kx_people", "extra"), true);
  const columns = await knex("kx_people").columnInfo();
  assert.deepEqual(Object.keys(columns), ["id", "name", "age", "balance", "active", "extra", "created_at"]);
  assert.deepEqual(columns.name, { type: "character varying", maxLength: 50, nullable: false, defaultValue: null });
  assert.deepEqual(columns.age, { type: "integer", maxLength: null, nullable: true, defaultValue: "18" });
});

test("rows are written and read", async () => {
  const [added] = await knex("kx_people").insert({ id: person(4), name: "new" }).returning(["id", "age", "active"]);
  assert.deepEqual(added, { id: person(4), age: 18, active: true });
  assert.equal(await knex("kx_people").where({ id: person(4) }).update({ age: 19, balance: knex.raw("1.25 + ?", [1]) }), 1);
  assert.deepEqual(await knex("kx_people").where("id", person(4)).first("age", "balance", "extra"), { age: 19, balance: "2.25", extra: null });
  assert.equal(await knex("kx_people").where("id", person(4)).increment("age", 2), 1);
  assert.deepEqual(await knex("kx_people").where({ id: person(4) }).pluck("age"), [21]);
  await knex("kx_people").insert({ id: person(4), name: "again" }).onConflict("id").merge(["name"]);
  assert.deepEqual(await knex("kx_people").where({ id: person(4) }).pluck("name"), ["again"]);
  await knex("kx_people").insert({ id: person(4), name: "never" }).onConflict("id").ignore();
  assert.equal(await knex("kx_people").where({ name: "again" }).del(), 1);
});

test("queries of all kinds", async () => {
  const joined = await knex("kx_people as p").join("kx_pets as t", "p.id", "t.owner_id").select("p.name", "t.name as pet").orderBy(["p.name", "pet"]);
  assert.deepEqual(joined, [{ name: "p1", pet: "Rex" }, { name: "p1", pet: "Tom" }, { name: "p3", pet: "Kit" }]);
  const counted = await knex("kx_people as p").leftJoin("kx_pets as t", "p.id", "t.owner_id").groupBy("p.name").select("p.name").count("t.number as pets").orderBy("p.name");
  assert.deepEqual(counted, [{ name: "p1", pets: "2" }, { name: "p2", pets: "0" }, { name: "p3", pets: "1" }]);
  assert.deepEqual(await knex("kx_people").whereIn("id", knex("kx_pets").select("owner_id")).orderBy("name").pluck("name"), ["p1", "p3"]);
  assert.deepEqual(await knex("kx_people").whereBetween("age", [22, 30]).andWhere("name", "like", "p%").orderBy("age", "desc").limit(1).pluck("name"), ["p3"]);
  assert.deepEqual(await knex("kx_people").whereRaw("extra ->> 'n' = ?", ["2"]).pluck("name"), ["p2"]);
  assert.deepEqual(await knex("kx_people").whereJsonSupersetOf("extra", { n: 3 }).pluck("name"), ["p3"]);
  assert.deepEqual(await knex.with("old", knex("kx_people").where("age", ">", 21)).from("old").max("age as age").first(), { age: 23 });
  assert.deepEqual(await knex("kx_people").whereNull("extra").pluck("name"), []);
  assert.deepEqual(await knex("kx_people").whereExists(knex("kx_pets").whereRaw("kx_pets.owner_id = kx_people.id").where("number", 2)).pluck("name"), ["p1"]);
  const [{ total }] = await knex("kx_people").sum({ total: "balance" });
  assert.equal(total, "9.00");
});

test("transactions", async () => {
  await assert.rejects(knex.transaction(async (trx) => {
    await trx("kx_pets").insert({ owner_id: person(2), number: 1, name: "Gone" });
    throw new Error("changed my mind");
  }), /changed my mind/);
  await knex.transaction(async (trx) => {
    await trx("kx_pets").insert({ owner_id: person(2), number: 1, name: "Stays" });
    await assert.rejects(trx.transaction((inner) => inner("kx_pets").insert({ owner_id: person(2), number: 1, name: "Twice" })), { code: "23505" });
  }, { isolationLevel: "serializable" });
  assert.deepEqual(await knex("kx_pets").where({ owner_id: person(2) }).pluck("name"), ["Stays"]);
});

test("streams, and batches in one transaction", async () => {
  await knex.schema.createTable("kx_many", (table) => table.integer("n").primary());
  await knex.batchInsert("kx_many", Array.from({ length: 300 }, (_, n) => ({ n })), 100);
  let sum = 0;
  for await (const row of knex("kx_many").select("n").stream()) {
    sum += row.n;
  }
  assert.equal(sum, 44850);
  await knex.schema.dropTable("kx_many");
  assert.equal(await knex.schema.hasTable("kx_many"), false);
});
