/** The examples in each package's README run on the built packages, and print what they say they print. */
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportGenerator } from '../packages/export/src/index.ts';
import { trainSmall } from './small-run.ts';

const PACKAGES = fileURLToPath(new URL('../packages', import.meta.url));
const MAIN = join(PACKAGES, 'cli/dist/main.js');
const names = readdirSync(PACKAGES).filter((name) =>
  existsSync(join(PACKAGES, name, 'package.json')),
);
const run = promisify(execFile);

/** What examples start from: a run folder, and the generator that was exported from it. */
const given = mkdtempSync(join(tmpdir(), 'ganport-readme-'));
beforeAll(async () => {
  await trainSmall(join(given, 'runs/small'), { channels: 1, ema: 0, steps: 2 });
  const { model } = await exportGenerator(join(given, 'runs/small'), { version: 'test' });
  writeFileSync(join(given, 'generator.onnx'), model);
});
afterAll(() => rmSync(given, { recursive: true }));

const examples = names.flatMap((name) => {
  const readme = readFileSync(join(PACKAGES, name, 'README.md'), 'utf8');
  const found = [...readme.matchAll(/^```(js|sh)\n(.*?)^```$/gms)];
  return found.map(([, language, code], i) => [name, i + 1, language!, code!] as const);
});

test('every package has an example', () => {
  expect([...new Set(examples.map(([name]) => name))]).toEqual(names);
});

test.each(examples)('@ganport/%s, example %d', async (name, _, language, code) => {
  // Within the package, so that Node finds the package itself and its dependencies.
  const folder = mkdtempSync(join(PACKAGES, name, 'dist/readme-'));
  try {
    cpSync(given, folder, { recursive: true });
    if (language === 'sh') return await runShell(folder, code);
    const example = join(folder, 'example.mjs');
    writeFileSync(example, code);
    const { stdout } = await run(process.execPath, [example], { cwd: folder });
    const printed = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
    expect(printed.length).toBeGreaterThan(0);
    expect(stdout.trimEnd().split('\n')).toEqual(printed);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Runs each line with the built command as `ganport`. */
async function runShell(folder: string, code: string): Promise<void> {
  const command = `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`;
  writeFileSync(join(folder, 'ganport'), command, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
  for (const line of code.trim().split('\n')) {
    const { stdout } = await run('sh', ['-c', line], { cwd: folder, env });
    expect(stdout, line).not.toBe('');
  }
}
