// dynamodb-admin in a headless browser: what a person does with a table that is there, and with one made there.
//
// Started by test_dynamodb_admin.py with ADMIN_URL; writes a picture of the items to SCREENSHOT.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, patience } from "./browser.mjs";

let browser;
let page;

before(async () => {
  browser = await launch();
  page = await browser.newPage();
  page.setDefaultTimeout(patience);
  await page.setViewport({ width: 1200, height: 800 });
  page.on("dialog", (dialog) => dialog.accept());
  page.on("pageerror", (error) => assert.fail(`the page fails: ${error}`));
});

after(() => browser.close());

const open = (path) => page.goto(`${process.env.ADMIN_URL}${path}`, { waitUntil: "load" });
const text = () => page.evaluate(() => document.body.innerText);
const cells = () => page.$$eval(".items-table tbody tr", (rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));

async function shows(words) {
  await page.waitForFunction((expected) => document.body.innerText.includes(expected), {}, words);
}

async function choose(label) {
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.click(`::-p-xpath(//a[normalize-space(.)="${label}"])`)]);
}

async function save(item) {
  await page.evaluate((content) => window.ace.edit("documentTextarea").setValue(content), JSON.stringify(item));
  await page.click("#saveButton");
}

test("the tables are listed", async () => {
  await open("/");
  await shows("pets");
  assert.match(await text(), /pets[\s\S]*short/);
});

test("a table shows its items, page by page", async () => {
  await choose("pets");
  await page.waitForSelector(".items-table tbody tr");
  const rows = await cells();
  assert.equal(rows.length, 25, JSON.stringify(rows));
  assert.deepEqual(rows[0], ["View", '"ann"', "0", '"cat"']);
  assert.match(await text(), /pets\s+30/, "the number of items beside the name");
  await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
  await page.click('::-p-xpath(//*[self::a or self::button][normalize-space(.)="Next Page"])');
  await page.waitForFunction(() => document.querySelectorAll(".items-table tbody tr").length === 5);
  assert.deepEqual((await cells()).map((row) => row[2]), ["25", "26", "27", "28", "29"]);
});

test("an item is created, opened, changed and deleted", async () => {
  await open("/tables/pets/add-item");
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), save({ owner: "zoe", id: 7, kind: "dog", tags: ["new"], nested: { deep: 1.5 } })]);
  assert.match(page.url(), /\/tables\/pets\/items\/zoe%2C7$/);
  const shown = JSON.parse(await page.evaluate(() => window.ace.edit("documentTextarea").getValue()));
  assert.deepEqual(shown, { owner: "zoe", id: 7, kind: "dog", tags: ["new"], nested: { deep: 1.5 } });
  await save({ ...shown, kind: "cat" });
  await page.waitForSelector("#saveButton.btn-success");
  await open("/tables/pets/items/zoe,7");
  assert.equal(JSON.parse(await page.evaluate(() => window.ace.edit("documentTextarea").getValue())).kind, "cat");
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.click("button.btn-danger")]);
  assert.match(page.url(), /\/tables\/pets$/);
  await open("/tables/pets/items/zoe,7");
  assert.match(await text(), /not found/i);
});

test("a query over an index filters", async () => {
  const filters = JSON.stringify({ kind: { type: "S", value: "cat", operator: "=" }, id: { type: "N", value: "20", operator: ">=" } });
  await open(`/tables/pets?operationType=query&queryableSelection=by_kind&filters=${encodeURIComponent(filters)}`);
  await page.waitForSelector(".items-table tbody tr");
  assert.deepEqual((await cells()).map((row) => row.find((cell) => /^2\d$/.test(cell))), ["20", "22", "24", "26", "28"]);
});

test("the server's refusal is shown", async () => {
  await open("/tables/pets/add-item");
  await save({ owner: "zoe" });
  await shows("One or more parameter values were invalid: Missing the key id in the item");
});

test("time to live and the table's description", async () => {
  await open("/tables/pets/meta");
  const description = JSON.parse(await page.evaluate(() => window.ace.edit(document.querySelector(".ace_editor")).getValue()));
  assert.equal(description.TableArn, "arn:aws:dynamodb:us-east-1:000000000000:table/pets");
  assert.equal(description.GlobalSecondaryIndexes[0].ItemCount, 30);
  await open("/tables/pets/ttl");
  await shows("DISABLED");
});

test("a table is purged and deleted", async () => {
  const press = async (button) => Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.click(button)]);
  await open("/tables/short/meta");
  await press("#purgeTable");
  assert.match(page.url(), /\/tables\/short$/);
  await page.waitForFunction(() => !document.querySelector(".items-table tbody tr"));
  assert.doesNotMatch(await text(), /only/);
  await open("/tables/short/meta");
  await press("#deleteTable");
  assert.equal(new URL(page.url()).pathname, "/");
  await shows("pets");
  assert.doesNotMatch(await text(), /short/);
});
