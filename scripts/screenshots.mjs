/**
 * Takes the pictures of the service's page, of an embed folder and of the page that trains that the documentation shows, after
 * `pnpm build`: `node scripts/screenshots.mjs MODEL [FOLDER]`. MODEL is a generator.onnx with classes; FOLDER is docs/images
 * unless given. Training takes a minute or two.
 */
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { embedFiles } from '../packages/cli/dist/embed/files.js';
import { readGeneratorMetadata } from '../packages/model/dist/index.js';
import { startServer } from '../packages/serve/dist/index.js';
import { servePage } from '../packages/tab/dist/index.js';

const [model, folder = 'docs/images'] = process.argv.slice(2);
if (!model) throw new Error('expected a generator.onnx: node scripts/screenshots.mjs MODEL');

/** As GitHub shows without another page. */
const MAX_BYTES = 150_000;

const DESKTOP = { width: 1180, height: 860 };
const PHONE = { width: 390, height: 844 };

/** Name, query, screen, colours. */
const OF_PAGE = [
  ['page', '?seed=42', DESKTOP, 'light'],
  ['page-dark', '?seed=42', DESKTOP, 'dark'],
  ['page-phone', '?seed=42', PHONE, 'light'],
  ['page-phone-dark', '?seed=42', PHONE, 'dark'],
  ['page-difference', '?seed=42&view=difference', DESKTOP, 'light'],
  ['page-walk', '?seed=42&view=walk', DESKTOP, 'dark'],
  ['page-walk-phone', '?seed=42&view=walk', PHONE, 'light'],
  ['page-between', '?seed=42&view=between&from=3&to=18', DESKTOP, 'light'],
  ['page-between-phone', '?seed=42&view=between&from=3&to=18', PHONE, 'dark'],
  ['page-enlarged', '?seed=42&picture=12', DESKTOP, 'dark'],
  ['page-enlarged-phone', '?seed=42&picture=12', PHONE, 'light'],
];
const OF_EMBED = [
  ['embed', '', { width: 760, height: 860 }, 'light'],
  ['embed-phone-dark', '', PHONE, 'dark'],
];

/** After which digits are seen, and curves. */
const STEPS_IN_TAB = 400;

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** Serves an embed folder that is nowhere but in memory. */
async function serveEmbed() {
  const bytes = await readFile(model);
  const metadata = readGeneratorMetadata(bytes);
  const files = await embedFiles({ model: bytes, metadata, small: true });
  const server = createServer(({ url }, response) => {
    const name = url.slice(1) || 'index.html';
    response.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream');
    response.end(files.get(name));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** @param ready what is true in the page when there is something to see */
async function take(browser, [name, query, viewport, colorScheme], url, ready) {
  // Nothing fades or moves, so that pictures are the same each time.
  const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' });
  await page.goto(`${url}${query}`);
  await page.waitForFunction(ready);
  if (query.includes('walk')) {
    await page.focus('#walk-at');
    for (let i = 0; i < 70; i++) await page.keyboard.press('ArrowRight');
    await page.waitForTimeout(200);
  }
  await save(page, name);
  await page.close();
}

/** Of one run: on a screen, and on a phone, dark. */
async function takeTab(browser, url) {
  const page = await browser.newPage({ viewport: DESKTOP, reducedMotion: 'reduce' });
  await page.goto(url);
  await page.click('#start');
  // No button is pointed at in the pictures.
  await page.mouse.move(0, 0);
  await page.waitForFunction(
    (least) =>
      Number(/^Step (\d+)/.exec(document.getElementById('status').textContent)?.[1]) >= least,
    STEPS_IN_TAB,
    { timeout: 600_000 },
  );
  await save(page, 'tab', { fullPage: true });
  await page.setViewportSize(PHONE);
  await page.emulateMedia({ colorScheme: 'dark' });
  await save(page, 'tab-phone', { fullPage: true });
  await page.close();
}

async function save(page, name, options) {
  const taken = await page.screenshot(options);
  const png = await sharp(taken).png({ palette: true, colours: 128, effort: 10 }).toBuffer();
  const path = join(folder, `${name}.png`);
  if (png.length > MAX_BYTES) {
    throw new Error(`${path}: ${png.length} bytes, expected ${MAX_BYTES} at most`);
  }
  await writeFile(path, png);
  console.log(`${path}: ${png.length} bytes`);
}

const pageIsReady = () => {
  const panels = [...document.querySelectorAll('.panel')].filter((one) => one.checkVisibility());
  return panels.length > 0 && panels.every((one) => one.dataset.state === 'ready');
};
const embedIsReady = () => document.getElementById('status').textContent.startsWith('Seed');

const server = await startServer({ model, port: 0 });
const embed = await serveEmbed();
const tab = await servePage({ port: 0 });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  chromiumSandbox: false,
});
try {
  await mkdir(folder, { recursive: true });
  for (const shot of OF_PAGE) await take(browser, shot, server.url, pageIsReady);
  for (const shot of OF_EMBED) await take(browser, shot, embed.url, embedIsReady);
  await takeTab(browser, tab.url);
} finally {
  await browser.close();
  await server.close();
  await tab.close();
  embed.close();
}
