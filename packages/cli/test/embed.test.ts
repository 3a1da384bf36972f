/** What `ganport embed` refuses, and how it writes its folder. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { decodeModel, encodeModel } from '../../onnx/src/index.ts';
import { buildGenerator } from '../../sample/test/fixture.ts';
import { namesInFolder, writeFolder } from '../src/embed/folder.ts';
import { pageFiles } from '../src/embed/page.ts';
import { failure } from './run.ts';
import { Workspace } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());

const model = workspace.write('model.onnx', buildGenerator().model);
const bytes = (text: string) => Buffer.from(text);

test('a model that cannot be read, or draws something else, is refused, and nothing written', async () => {
  const out = workspace.path('none');
  expect(await failure(1, 'embed', workspace.path('missing.onnx'), '-o', out)).toContain(
    'missing.onnx',
  );
  const cut = workspace.write('cut.onnx', buildGenerator().model.subarray(0, 999));
  expect(await failure(1, 'embed', cut, '-o', out)).toContain('cut.onnx');
  const lies = buildGenerator({ alter: (m) => ({ ...m, golden: { ...m.golden, seed: 8 } }) });
  const lying = workspace.write('lying.onnx', lies.model);
  expect(await failure(1, 'embed', lying, '-o', out)).toContain('golden samples');
  expect(existsSync(out)).toBe(false);
});

test('one that the small runtime does not draw is refused where that is asked for', async () => {
  const decoded = decodeModel(buildGenerator().model);
  // tanh x = sinh x / cosh x: the same pictures by operators that no preset has.
  const { node } = decoded.graph!;
  const at = node.findIndex(({ opType }) => opType === 'Tanh');
  const tanh = node[at]!;
  const [input, output] = [tanh.input[0]!, tanh.output[0]!];
  const made = (opType: string, from: string[], to: string) => ({
    ...tanh,
    ...{ opType, input: from, output: [to] },
  });
  node.splice(
    at,
    1,
    made('Sinh', [input], 's'),
    made('Cosh', [input], 'c'),
    made('Div', ['s', 'c'], output),
  );
  const other = workspace.write('other.onnx', encodeModel(decoded));
  const said = await failure(1, 'embed', other, '--runtime', 'small', '-o', workspace.path('none'));
  expect(said).toContain('other.onnx: the small runtime has no Sinh');
  expect(said).toContain('leave out --runtime small');
});

test('a folder with files of others, or a file in its place, is left alone', async () => {
  mkdirSync(workspace.path('mine'));
  workspace.write('mine/notes.txt', 'mine');
  const said = await failure(1, 'embed', model, '-o', workspace.path('mine'));
  expect(said).toContain('mine has other files, such as notes.txt');
  expect(readdirSync(workspace.path('mine'))).toEqual(['notes.txt']);
  expect(await failure(1, 'embed', model, '-o', model)).toContain('expected a folder');
});

test('a folder is written again, with what others put there since, and without what is no longer', async () => {
  const out = workspace.path('again');
  await writeFolder(
    out,
    new Map([
      ['a.js', bytes('1')],
      ['ort/b.mjs', bytes('2')],
    ]),
  );
  workspace.write('again/CNAME', 'here.example');
  await writeFolder(out, new Map([['a.js', bytes('3')]]));
  expect(readdirSync(out).sort()).toEqual(['CNAME', 'a.js', 'embed.json', 'ort']);
  expect(readFileSync(workspace.path('again/a.js'), 'utf8')).toBe('3');
  expect(readdirSync(workspace.path('again/ort'))).toEqual([]);
});

test.each(['../outside', '/etc/passwd', '.git/config', 'a/b/c', 'a/..'])(
  'a list that names %s is not believed',
  async (name) => {
    const out = workspace.path('forged');
    mkdirSync(out, { recursive: true });
    workspace.write('forged/embed.json', JSON.stringify({ files: [name] }));
    await expect(namesInFolder(out)).rejects.toThrow('has other files, such as embed.json');
  },
);

test('what was written is removed where the rest cannot be', async () => {
  const out = workspace.path('half');
  mkdirSync(out);
  const files = new Map([
    ['a.js', bytes('1')],
    ['a.js/b.js', bytes('2')],
  ]);
  await expect(writeFolder(out, files)).rejects.toThrow();
  expect(readdirSync(out)).toEqual([]);
});

test('a folder that cannot be written again is as it was', async () => {
  const out = workspace.path('kept');
  await writeFolder(out, new Map([['a.js', bytes('1')]]));
  const files = new Map([
    ['a.js', bytes('2')],
    ['b', bytes('3')],
    ['b/c.js', bytes('4')],
  ]);
  await expect(writeFolder(out, files)).rejects.toThrow();
  expect(readFileSync(workspace.path('kept/a.js'), 'utf8')).toBe('1');
  expect(readdirSync(out).sort()).toEqual(['a.js', 'embed.json']);
});

test('the page shows names as they are', () => {
  const metadata = {
    name: '<script>"&',
    image: { width: 28, height: 28 },
    provenance: { steps: 1000, dataset: { name: '</p>' } },
  };
  const html = pageFiles({ metadata: metadata as never, attributes: '' })['index.html']!;
  expect(html).toContain('<h1>&lt;script>&quot;&amp;</h1>');
  expect(html).toContain('1,000 steps on &lt;/p>');
  expect(html).toContain('count="64" columns="8"');
});
