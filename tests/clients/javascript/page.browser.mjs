// A web page that uses the AWS SDK in a headless browser: its requests cross origins, so the browser asks the server first.
//
// Started by test_web_page.py with PAGE (its origin is allowed), OTHER_PAGE (its is not) and what the SDK needs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { launch } from "./browser.mjs";

const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
const options = { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
let browser;

before(async () => {
  await build({ entryPoints: ["page.mjs"], bundle: true, platform: "browser", format: "iife", outfile: "pages/page.js", logLevel: "error" });
  browser = await launch();
});

after(() => browser.close());

async function visit(url, visitor) {
  const page = await browser.newPage();
  await page.goto(url);
  return page.evaluate((...parameters) => window.visit(...parameters).catch((error) => ({ refused: error.message })), options, visitor);
}

test("a page of an allowed origin reads and writes", async () => {
  await visit(process.env.PAGE, "ann");
  const seen = await visit(process.env.PAGE, "bob");
  assert.deepEqual(seen.visitors, [["ann", 50_000, 2], ["bob", 50_000, 2]]);
  assert.equal(seen.isUnknown, true);
  assert.equal(seen.message, "Requested resource not found");
  assert.match(seen.requestId, /^[0-9A-Z]{52}$/);
});

test("a page of another origin does neither", async () => {
  const seen = await visit(process.env.OTHER_PAGE, "eve");
  assert.match(seen.refused, /Failed to fetch/);
});
