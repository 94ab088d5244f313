// Drizzle: typed queries, transactions, prepared statements. Its relational queries join LATERAL, which is refused.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { and, asc, count, desc, eq, gt, inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { boolean, integer, jsonb, numeric, pgTable, primaryKey, text, timestamp, uuid, varchar } from "drizzle-orm/pg-core";
import pg from "pg";

const users = pgTable("dz_users", {
  id: uuid("id").primaryKey().defaultRandom(),
  name: varchar("name", { length: 40 }).notNull(),
  score: numeric("score", { precision: 8, scale: 2 }),
  settings: jsonb("settings"),
  active: boolean("active").default(true),
  created: timestamp("created", { withTimezone: true }).defaultNow(),
  tags: text("tags").array(),
});
const posts = pgTable("dz_posts", { userId: uuid("user_id").notNull(), number: integer("number").notNull(), body: text("body") }, (table) => [primaryKey({ columns: [table.userId, table.number] })]);

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 });
const db = drizzle(pool);
let ann;

before(async () => {
  await db.execute(sql`CREATE TABLE dz_users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(40) NOT NULL, score numeric(8, 2), settings jsonb,
    active boolean DEFAULT true, created timestamptz DEFAULT now(), tags text[])`);
  await db.execute(sql`CREATE TABLE dz_posts (user_id uuid, number int, body text, PRIMARY KEY (user_id, number))`);
  [ann] = await db.insert(users).values({ name: "Ann", score: "12.50", settings: { theme: "dark" }, tags: ["a", "b"] }).returning();
  await db.insert(users).values([{ name: "Bob" }, { name: "Cyd", active: false }]);
  await db.insert(posts).values([1, 2, 3].map((number) => ({ userId: ann.id, number, body: `post ${number}` })));
});
after(() => pool.end());

test("defaults are returned", () => {
  assert.match(ann.id, /^[0-9a-f-]{36}$/);
  assert.deepEqual([ann.name, ann.score, ann.settings, ann.active, ann.tags], ["Ann", "12.50", { theme: "dark" }, true, ["a", "b"]]);
  assert.ok(ann.created instanceof Date);
});

test("selects, joins and aggregates", async () => {
  assert.deepEqual(await db.select({ name: users.name }).from(users).where(eq(users.active, true)).orderBy(asc(users.name)), [{ name: "Ann" }, { name: "Bob" }]);
  const joined = await db.select({ name: users.name, body: posts.body }).from(posts).innerJoin(users, eq(posts.userId, users.id)).where(and(gt(posts.number, 1), eq(users.id, ann.id))).orderBy(desc(posts.number));
  assert.deepEqual(joined, [{ name: "Ann", body: "post 3" }, { name: "Ann", body: "post 2" }]);
  const counted = await db.select({ name: users.name, posts: count(posts.number) }).from(users).leftJoin(posts, eq(posts.userId, users.id)).groupBy(users.name).orderBy(users.name);
  assert.deepEqual(counted, [{ name: "Ann", posts: 3 }, { name: "Bob", posts: 0 }, { name: "Cyd", posts: 0 }]);
  assert.equal(await db.$count(users, inArray(users.name, ["Ann", "Cyd", "None"])), 2);
});

test("updates, upserts and deletes", async () => {
  const [changed] = await db.update(users).set({ score: sql`${users.score} + 1` }).where(eq(users.id, ann.id)).returning({ score: users.score });
  assert.deepEqual(changed, { score: "13.50" });
  await db.insert(posts).values({ userId: ann.id, number: 3, body: "new" }).onConflictDoUpdate({ target: [posts.userId, posts.number], set: { body: "changed" } });
  assert.deepEqual(await db.select({ body: posts.body }).from(posts).where(and(eq(posts.userId, ann.id), eq(posts.number, 3))), [{ body: "changed" }]);
  await db.update(posts).set({ body: "post 3" }).where(eq(posts.number, 3));
  await db.insert(posts).values({ userId: ann.id, number: 9 });
  assert.deepEqual(await db.delete(posts).where(eq(posts.number, 9)).returning({ number: posts.number }), [{ number: 9 }]);
});

test("transactions roll back", async () => {
  await assert.rejects(db.transaction(async (tx) => {
    await tx.insert(posts).values({ userId: ann.id, number: 4 });
    tx.rollback();
  }));
  assert.equal(await db.$count(posts), 3);
});

test("prepared statements", async () => {
  const post = db.select({ body: posts.body }).from(posts).where(and(eq(posts.userId, sql.placeholder("user")), eq(posts.number, sql.placeholder("number")))).prepare("dz_post");
  for (const number of [1, 2]) {
    assert.deepEqual(await post.execute({ user: ann.id, number }), [{ body: `post ${number}` }]);
  }
});
