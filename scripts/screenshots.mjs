/**
 * Takes the pictures of the service's page that the documentation shows: `node scripts/screenshots.mjs MODEL [FOLDER]`, after
 * `pnpm build`. MODEL is a generator.onnx with classes; FOLDER is docs/images unless given.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { startServer } from '../packages/serve/dist/index.js';

const [model, folder = 'docs/images'] = process.argv.slice(2);
if (!model) throw new Error('expected a generator.onnx: node scripts/screenshots.mjs MODEL');

/** As GitHub shows without another page. */
const MAX_BYTES = 150_000;

const DESKTOP = { width: 1180, height: 860 };
const PHONE = { width: 390, height: 844 };

/** Name, query, screen, colours. */
const SHOTS = [
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

const server = await startServer({ model, port: 0 });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  chromiumSandbox: false,
});
await mkdir(folder, { recursive: true });
try {
  for (const [name, query, viewport, colorScheme] of SHOTS) {
    // Nothing fades or moves, so that pictures are the same each time.
    const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' });
    await page.goto(`${server.url}${query}`);
    await page.waitForFunction(() => {
      const panels = [...document.querySelectorAll('.panel')].filter((one) =>
        one.checkVisibility(),
      );
      return panels.length > 0 && panels.every((one) => one.dataset.state === 'ready');
    });
    if (query.includes('walk')) {
      await page.focus('#walk-at');
      for (let i = 0; i < 70; i++) await page.keyboard.press('ArrowRight');
      await page.waitForTimeout(200);
    }
    const taken = await page.screenshot();
    const png = await sharp(taken).png({ palette: true, colours: 128, effort: 10 }).toBuffer();
    const path = join(folder, `${name}.png`);
    await writeFile(path, png);
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new Error(`${path}: ${size} bytes, expected ${MAX_BYTES} at most`);
    console.log(`${path}: ${size} bytes`);
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
