// The headless Chromium of the tests, without its background traffic.

import chromium from "@sparticuz/chromium";
import puppeteer from "puppeteer-core";

// Nothing but the page itself may be asked for.
const offline = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"];
// What the package switches off for scrapers, and users have on: the rules between origins.
const careless = ["--disable-web-security", "--allow-running-insecure-content", "--disable-site-isolation-trials"];
export const patience = 30_000;

/** Starts the browser that was unpacked into TMPDIR. */
export async function launch() {
  chromium.setGraphicsMode = false;
  const args = [...chromium.args.filter((flag) => !careless.includes(flag)), ...offline];
  return puppeteer.launch({ executablePath: await chromium.executablePath(), headless: "shell", args, timeout: patience });
}
