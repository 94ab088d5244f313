// Sequelize: sync, models, associations without declared foreign keys, queries, transactions, its description of tables.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DataTypes, Op, Sequelize, UniqueConstraintError } from "sequelize";

const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false, pool: { max: 3 } });

const Author = sequelize.define("Author", {
  id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 },
  name: { type: DataTypes.STRING(60), allowNull: false },
  born: DataTypes.DATEONLY,
  rating: DataTypes.DECIMAL(4, 2),
  profile: DataTypes.JSONB,
  active: { type: DataTypes.BOOLEAN, defaultValue: true },
}, { tableName: "sq_authors" });
const Book = sequelize.define("Book", {
  isbn: { type: DataTypes.STRING(20), primaryKey: true },
  title: DataTypes.TEXT,
  pages: DataTypes.INTEGER,
  authorId: DataTypes.UUID,
  cover: DataTypes.BLOB,
}, { tableName: "sq_books", timestamps: false });
Author.hasMany(Book, { foreignKey: "authorId", as: "books", constraints: false });
Book.belongsTo(Author, { foreignKey: "authorId", as: "author", constraints: false });

before(async () => {
  await sequelize.authenticate();
  await sequelize.sync();
  const kafka = await Author.create({ name: "Kafka", born: "1883-07-03", rating: "4.50", profile: { city: "Prague", tags: ["a", "b"] } });
  const mann = await Author.create({ name: "Mann", born: "1875-06-06" });
  await Author.create({ name: "Nobody", active: false });
  await Book.bulkCreate([
    { isbn: "1", title: "Der Process", pages: 250, authorId: kafka.id, cover: Buffer.from([1, 2]) },
    { isbn: "2", title: "Das Schloss", pages: 400, authorId: kafka.id },
    { isbn: "3", title: "Der Zauberberg", pages: 1000, authorId: mann.id },
  ]);
});
after(() => sequelize.close());

test("models are stored and loaded", async () => {
  const kafka = await Author.findOne({ where: { name: "Kafka" }, include: { model: Book, as: "books" }, order: [[{ model: Book, as: "books" }, "isbn", "ASC"]] });
  assert.equal(kafka.born, "1883-07-03");
  assert.equal(kafka.rating, "4.50");
  assert.deepEqual(kafka.profile, { city: "Prague", tags: ["a", "b"] });
  assert.equal(kafka.active, true);
  assert.ok(kafka.createdAt instanceof Date && Math.abs(kafka.createdAt - Date.now()) < 600_000);
  assert.deepEqual(kafka.books.map((book) => book.title), ["Der Process", "Das Schloss"]);
  assert.deepEqual(kafka.books[0].cover, Buffer.from([1, 2]));
  await kafka.update({ name: "Franz Kafka" });
  await kafka.reload();
  assert.equal(kafka.name, "Franz Kafka");
  await kafka.update({ name: "Kafka" });
  const [book, created] = await Book.findCreateFind({ where: { isbn: "4" }, defaults: { title: "Amerika", pages: 300, authorId: kafka.id } });
  assert.deepEqual([book.title, created], ["Amerika", true]);
  await book.increment("pages", { by: 5 });
  assert.equal((await book.reload()).pages, 305);
  await book.destroy();
  assert.equal(await Book.findByPk("4"), null);
});

test("queries", async () => {
  assert.deepEqual((await Book.findAll({ where: { pages: { [Op.gt]: 300 }, title: { [Op.like]: "D%" } }, order: ["title"] })).map((book) => book.isbn), ["2", "3"]);
  assert.deepEqual((await Author.findAll({ where: { profile: { city: "Prague" } } })).map((author) => author.name), ["Kafka"]);
  assert.equal(await Book.count({ include: { model: Author, as: "author", where: { name: "Kafka" } } }), 2);
  assert.equal(await Book.sum("pages"), 1650);
  const { count, rows } = await Book.findAndCountAll({ order: [["pages", "DESC"]], limit: 1, offset: 1 });
  assert.deepEqual([count, rows[0].isbn], [3, "2"]);
  const perAuthor = await Book.findAll({
    attributes: ["authorId", [sequelize.fn("COUNT", sequelize.col("isbn")), "books"]], group: ["authorId"], having: sequelize.literal("COUNT(isbn) > 1"), raw: true });
  assert.equal(perAuthor.length, 1);
  assert.equal(perAuthor[0].books, "2");
  const page = await Author.findAll({ include: { model: Book, as: "books" }, order: ["name"], limit: 2 });
  assert.deepEqual(page.map((author) => [author.name, author.books.length]), [["Kafka", 2], ["Mann", 1]]);
  const [changed] = await Book.update({ pages: 1 }, { where: { isbn: { [Op.in]: ["1", "2"] } } });
  assert.equal(changed, 2);
  const [raw] = await sequelize.query("SELECT title FROM sq_books WHERE isbn = :isbn", { replacements: { isbn: "3" } });
  assert.deepEqual(raw, [{ title: "Der Zauberberg" }]);
  const bound = await sequelize.query("SELECT title FROM sq_books WHERE isbn = $isbn", { bind: { isbn: "3" }, type: Sequelize.QueryTypes.SELECT });
  assert.deepEqual(bound, [{ title: "Der Zauberberg" }]);
  const [, isNew] = await Book.upsert({ isbn: "3", title: "Felix Krull" });
  assert.notEqual(isNew, true);
  assert.equal((await Book.findByPk("3")).title, "Felix Krull");
});

test("transactions and errors", async () => {
  await assert.rejects(sequelize.transaction(async (transaction) => {
    await Book.create({ isbn: "10", title: "x" }, { transaction });
    await Book.create({ isbn: "1", title: "taken" }, { transaction });
  }), UniqueConstraintError);
  assert.equal(await Book.findByPk("10"), null);
  await sequelize.transaction({ isolationLevel: "SERIALIZABLE" }, (transaction) => Book.create({ isbn: "11", title: "kept" }, { transaction }));
  assert.equal((await Book.findByPk("11")).title, "kept");
  await Book.destroy({ where: { isbn: "11" } });
});

test("tables are described", async () => {
  const queries = sequelize.getQueryInterface();
  assert.ok((await queries.showAllTables()).map((table) => table.tableName ?? table).includes("sq_books"));
  const described = await queries.describeTable("sq_authors");
  assert.deepEqual(Object.entries(described).map(([name, column]) => [name, column.type, column.allowNull, column.primaryKey]), [
    ["id", "UUID", false, true], ["name", "CHARACTER VARYING(60)", false, false], ["born", "DATE", true, false], ["rating", "NUMERIC", true, false],
    ["profile", "JSONB", true, false], ["active", "BOOLEAN", true, false], ["createdAt", "TIMESTAMP WITH TIME ZONE", false, false], ["updatedAt", "TIMESTAMP WITH TIME ZONE", false, false]]);
  assert.equal(described.active.defaultValue, true);
  const indexes = await queries.showIndex("sq_books");
  assert.deepEqual(indexes.map((index) => [index.name, index.primary, index.unique, index.fields.map((field) => field.attribute)]), [["sq_books_pkey", true, true, ["isbn"]]]);
});
