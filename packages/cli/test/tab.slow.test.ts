/** The page that trains, as files; test/tab-page.browser.test.ts uses it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../train/test/files.ts';
import { failure, ganport } from './run.ts';

test('the page is written into a new folder, with no address of its own, and never over another', async () => {
  const out = join(temporaryFolder(), 'page');
  const { code, stdout } = await ganport('tab', '-o', out);
  expect([code, stdout]).toEqual([
    0,
    `Wrote the page into ${out}: ${readdirSync(out, { recursive: true }).length - 1} files. Serve it over https, or from localhost.\n`,
  ]);
  const html = readFileSync(join(out, 'index.html'), 'utf8');
  expect(html).toMatch(/<script type="module"[^>]* src="\.\/assets\//);
  expect(html).not.toMatch(/(?:src|href)="\//);
  expect(await failure(1, 'tab', '-o', out)).toContain('is not empty: choose another -o');
});

test('a folder that cannot be made is told in one line', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(await failure(1, 'tab', '-o', join(file, 'page'))).toMatch(/cannot write .*not a folder/);
});
