// node-postgres: types, prepared statements, pools, transactions, cursors, streams, COPY, errors, cancellation.

import assert from "node:assert/strict";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, before, test } from "node:test";
import pg from "pg";
import copy from "pg-copy-streams";
import Cursor from "pg-cursor";
import QueryStream from "pg-query-stream";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 });

before(async () => {
  await pool.query("CREATE TABLE js_numbers (n int PRIMARY KEY, square bigint, word text)");
  await pool.query("INSERT INTO js_numbers SELECT n, n * n, 'w' || n FROM generate_series(1, 1000) AS s(n)");
});
after(() => pool.end());

async function withClient(work) {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}

test("values of every type come back", async () => {
  await pool.query(`CREATE TABLE js_typed (id int PRIMARY KEY, a_small smallint, a_big bigint, a_num numeric(10, 2), a_real real, a_double double precision, a_bool boolean,
    a_text text, a_varchar varchar(5), a_bytes bytea, a_uuid uuid, a_date date, a_time time, a_ts timestamp, a_tstz timestamptz, a_json jsonb, a_ints int[], a_texts text[])`);
  const at = new Date("2024-02-29T12:34:56.789Z");
  const uuid = "12345678-1234-5678-1234-567812345678";
  const values = [1, -5, "9007199254740993", "12.50", 0.5, 0.1, true, "grüße 🚀 '\\", "short", Buffer.from([0, 255]), uuid, "2013-07-04", "12:30:00.5", "2013-07-04 12:30:00", at,
    JSON.stringify({ a: [1, null, "x"] }), [1, 2, null], ["a", 'with "quotes", and commas', null]];
  const marks = values.map((_, index) => `$${index + 1}`).join(", ");
  assert.equal((await pool.query(`INSERT INTO js_typed VALUES (${marks})`, values)).rowCount, 1);
  const { rows: [row], fields } = await pool.query("SELECT *, a_date::text AS day, a_ts::text AS ts FROM js_typed WHERE id = $1", [1]);
  assert.deepEqual(
    [row.id, row.a_small, row.a_big, row.a_num, row.a_real, row.a_double, row.a_bool, row.a_text, row.a_varchar, row.a_bytes, row.a_uuid, row.day, row.a_time, row.ts, row.a_tstz,
      row.a_json, row.a_ints, row.a_texts],
    [1, -5, "9007199254740993", "12.50", 0.5, 0.1, true, "grüße 🚀 '\\", "short", Buffer.from([0, 255]), uuid, "2013-07-04", "12:30:00.5", "2013-07-04 12:30:00", at,
      { a: [1, null, "x"] }, [1, 2, null], ["a", 'with "quotes", and commas', null]]);
  assert.deepEqual(fields.slice(0, 5).map((field) => [field.name, field.dataTypeID]), [["id", 23], ["a_small", 21], ["a_big", 20], ["a_num", 1700], ["a_real", 700]]);
  await pool.query("INSERT INTO js_typed (id, a_text) VALUES ($1, $2)", [2, null]);
  assert.deepEqual((await pool.query("SELECT a_text, a_json FROM js_typed WHERE id = 2")).rows, [{ a_text: null, a_json: null }]);
});

test("rows as arrays", async () => {
  const { rows } = await pool.query({ text: "SELECT n, word FROM js_numbers WHERE n = $1", values: [7], rowMode: "array" });
  assert.deepEqual(rows, [[7, "w7"]]);
});

test("named statements are prepared once for each connection", async () => {
  await withClient(async (client) => {
    for (const n of [3, 4, 5]) {
      const { rows } = await client.query({ name: "square-of", text: "SELECT square FROM js_numbers WHERE n = $1", values: [n] });
      assert.deepEqual(rows, [{ square: String(n * n) }]);
    }
    await assert.rejects(client.query({ name: "square-of", text: "SELECT 1" }), /Prepared statements must be unique/);
  });
});

test("a pool answers many questions at once", async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => pool.query("SELECT word FROM js_numbers WHERE n = $1", [n + 1])));
  assert.deepEqual(answers.map(({ rows }) => rows[0].word), Array.from({ length: 40 }, (_, n) => `w${n + 1}`));
  assert.ok(pool.totalCount <= 4);
});

test("transactions commit, roll back and have savepoints", async () => {
  await pool.query("CREATE TABLE js_accounts (id text PRIMARY KEY, balance int NOT NULL)");
  await pool.query("INSERT INTO js_accounts VALUES ('a', 10), ('b', 0)");
  await withClient(async (client) => {
    await client.query("BEGIN ISOLATION LEVEL SERIALIZABLE");
    await client.query("UPDATE js_accounts SET balance = balance - $1 WHERE id = $2", [4, "a"]);
    await client.query("SAVEPOINT s");
    await assert.rejects(client.query("INSERT INTO js_accounts VALUES ('b', 1)"), { code: "23505", table: "js_accounts", constraint: "js_accounts_pkey" });
    await assert.rejects(client.query("SELECT 1"), { code: "25P02" });
    await client.query("ROLLBACK TO s");
    await client.query("UPDATE js_accounts SET balance = balance + $1 WHERE id = $2", [4, "b"]);
    await client.query("COMMIT");
    await client.query("BEGIN");
    await client.query("DELETE FROM js_accounts");
    await client.query("ROLLBACK");
  });
  const { rows } = await pool.query("SELECT * FROM js_accounts ORDER BY id");
  assert.deepEqual(rows, [{ id: "a", balance: 6 }, { id: "b", balance: 4 }]);
});

test("a cursor reads in pieces", async () => {
  await withClient(async (client) => {
    const cursor = client.query(new Cursor("SELECT n FROM js_numbers WHERE n > $1 ORDER BY n", [990]));
    assert.deepEqual((await cursor.read(4)).map(({ n }) => n), [991, 992, 993, 994]);
    assert.deepEqual((await cursor.read(100)).map(({ n }) => n), [995, 996, 997, 998, 999, 1000]);
    assert.deepEqual(await cursor.read(5), []);
    await cursor.close();
    const left = client.query(new Cursor("SELECT n FROM js_numbers"));
    await left.read(1);
    await left.close();
    assert.equal((await client.query("SELECT 1 AS one")).rows[0].one, 1);
  });
});

test("a query is a stream", async () => {
  await withClient(async (client) => {
    let sum = 0;
    for await (const row of client.query(new QueryStream("SELECT n FROM js_numbers", [], { batchSize: 64 }))) {
      sum += row.n;
    }
    assert.equal(sum, 500500);
  });
});

test("COPY in and out", async () => {
  await withClient(async (client) => {
    await client.query("CREATE TABLE js_copied (id int PRIMARY KEY, word text)");
    const into = client.query(copy.from("COPY js_copied FROM STDIN WITH (FORMAT csv)"));
    await pipeline(Readable.from(Array.from({ length: 500 }, (_, n) => `${n},"word, ${n}"\n`)), into);
    assert.equal(into.rowCount, 500);
    const chunks = [];
    const out = client.query(copy.to("COPY (SELECT * FROM js_copied WHERE id < 3 ORDER BY id) TO STDOUT"));
    await pipeline(out, new Writable({ write(chunk, _, done) { chunks.push(chunk); done(); } }));
    assert.equal(Buffer.concat(chunks).toString(), "0\tword, 0\n1\tword, 1\n2\tword, 2\n");
  });
});

test("errors carry their fields, and the connection lives on", async () => {
  await withClient(async (client) => {
    await assert.rejects(client.query("SELECT nothing FROM js_numbers"), { code: "42703", position: "8", severity: "ERROR", message: 'column "nothing" does not exist' });
    await assert.rejects(client.query("SELECT $1::int", ["x"]), { code: "22P02" });
    await assert.rejects(client.query("SELECT 1 / 0"), { code: "22012" });
    const several = await client.query("SELECT 1 AS a; SELECT 2 AS b");
    assert.deepEqual(several.map(({ rows }) => rows), [[{ a: 1 }], [{ b: 2 }]]);
  });
});

test("timeouts end statements", async () => {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL, statement_timeout: 200, application_name: "js" });
  await client.connect();
  assert.equal((await client.query("SHOW application_name")).rows[0].application_name, "js");
  await assert.rejects(client.query("SELECT count(*) FROM js_numbers a, js_numbers b, js_numbers c WHERE a.n + b.n + c.n = -1"), { code: "57014" });
  assert.equal((await client.query("SELECT 1 AS one")).rows[0].one, 1);
  await client.end();
});
