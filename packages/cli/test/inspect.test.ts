/** `ganport inspect` of files that others wrote. */
import { mkdirSync } from 'node:fs';
import { encodeModel, type ModelProto } from '@ganport/onnx';
import { afterAll, describe, expect, test } from 'vitest';
import { CASES, EXTERNAL_DATA } from '../../onnx/test/cases.ts';
import { graph, model, tensor, unary, value } from '../../onnx/test/messages.ts';
import { buildGenerator } from '../../sample/test/fixture.ts';
import { failure, ganport } from './run.ts';
import { Workspace } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());

const write = (name: string, written: ModelProto) => workspace.write(name, encodeModel(written));

test.each<[name: keyof typeof CASES, expected: object]>([
  ['initializersAsInputs', { inputs: ['z float32 [N, 4]'], parameters: 10, notes: [] }],
  [
    'minusOne',
    {
      inputs: ['z float32 [?, 4]'],
      notes: [expect.stringContaining('dimension -1'), expect.anything()],
    },
  ],
  ['importedTwice', { opsets: { 'ai.onnx': 13 }, notes: [expect.stringContaining('13 and 13')] }],
  [
    'importedInTwoVersions',
    { opsets: { 'ai.onnx': 13 }, notes: [expect.stringContaining('13 and 9')] },
  ],
  ['weightsInConstants', { parameters: 15, notes: [] }],
  ['namesNotUtf8', { operators: { Tanh: 1, Neg: 1, Abs: 1 }, notes: [] }],
])('describes %s', async (name, expected) => {
  const { code, stdout, stderr } = await ganport(
    'inspect',
    write(`${name}.onnx`, CASES[name]),
    '--json',
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ ...expected, problems: [] });
});

test('names the codes of an InfoGAN', async () => {
  const codes = { kind: { categories: 3 }, slant: 'normal' } as const;
  const { model } = buildGenerator({ alter: (metadata) => ({ ...metadata, codes }) });
  const { stdout } = await ganport('inspect', workspace.write('codes.onnx', model));
  expect(stdout).toMatch(/^codes +kind 0 to 2, slant$/m);
});

describe('weights in another file', () => {
  const inFolder = (folder: string, data?: Uint8Array, altered: object = {}) => {
    mkdirSync(workspace.path(folder));
    if (data) workspace.write(`${folder}/generator.onnx.data`, data);
    const { graph: whole } = CASES.externalWeights;
    const initializer = whole!.initializer.map((weights) => ({ ...weights, ...altered }));
    return write(`${folder}/generator.onnx`, {
      ...CASES.externalWeights,
      graph: { ...whole!, initializer },
    });
  };
  const entries = (others: Record<string, string>) => ({
    externalData: Object.entries({ location: 'generator.onnx.data', ...others }).map(
      ([key, text]) => ({ key, value: text }),
    ),
  });

  test('are counted where they are', async () => {
    const { code, stdout } = await ganport('inspect', inFolder('whole', EXTERNAL_DATA));
    expect(stdout).toContain('weights     15; all in generator.onnx.data, 60 bytes\n');
    expect(code).toBe(0);
  });

  test.each<[name: string, data: Uint8Array | undefined, altered: object, said: string]>([
    [
      'missing',
      undefined,
      {},
      '"generator.onnx.data", and it is missing: it belongs beside the model',
    ],
    ['short', EXTERNAL_DATA.subarray(1), {}, 'tensor "b" ends at byte 60, and the file has 59'],
    [
      'shorter',
      EXTERNAL_DATA,
      entries({ length: '11' }),
      'tensor "W" has 11 bytes in it, expected 48',
    ],
    [
      'far',
      EXTERNAL_DATA,
      entries({ offset: '4096' }),
      'tensor "W" ends at byte 4144, and the file has 60',
    ],
    [
      'negative',
      EXTERNAL_DATA,
      entries({ offset: '-1' }),
      'offset or the length of tensor "W" is not a whole number',
    ],
    ['absolute', EXTERNAL_DATA, entries({ location: '/etc/passwd' }), 'is an absolute path'],
    [
      'outside',
      EXTERNAL_DATA,
      entries({ location: '../whole/generator.onnx.data' }),
      'may lie outside',
    ],
    ['nul', EXTERNAL_DATA, entries({ location: 'a\0b' }), '"a\\x00b", and it is missing'],
    ['folder', EXTERNAL_DATA, entries({ location: '.' }), 'it is not a regular file'],
  ])('are told to be %s', async (name, data, altered, said) => {
    const { code, stdout, stderr } = await ganport('inspect', inFolder(name, data, altered));
    expect(stdout).toContain(said);
    expect(stdout).toContain('weights     15');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  });
});

test('says what is wrong beside what it could read', async () => {
  const broken = model({
    producerName: 'other',
    graph: graph({ node: [unary('Relu', 'nothing', 'y')], output: [value('y', [])] }),
  });
  const path = write('broken.onnx', broken);
  const { code, stdout } = await ganport('inspect', path);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^written by {2}other, IR 8, opset ai\.onnx 17$/m);
  expect(stdout).toMatch(/^wrong .*node 0 \(Relu\) uses "nothing" before it is defined$/m);
});

test('tells what is no ONNX at all', async () => {
  const lfs = 'version https://git-lfs.github.com/spec/v1\noid sha256:01\nsize 955759\n';
  const path = workspace.write('lfs.onnx', lfs);
  for (const command of ['inspect', 'sample']) {
    expect(await failure(1, command, path)).toContain(
      `${path}: not an ONNX model: it is a Git LFS pointer to a file of 955759 bytes`,
    );
  }
});

// Red, a title, C1's CSI, a direction of writing, bytes that are not UTF-8, a line of its own.
const NASTY = '\x1b[31m\x1b]0;title\x07\x9b31m\u202e\udcb0\udca1\r\nganport: fine';
// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be printed.
const ACTED_UPON = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/;

test('what a file says never acts upon a terminal', async () => {
  const nasty = model({
    producerName: NASTY,
    opsetImport: [
      { domain: '', version: 17n },
      { domain: NASTY, version: 1n },
    ],
    graph: graph({
      name: NASTY,
      initializer: [
        tensor({
          name: NASTY,
          dims: [1n],
          dataType: 1,
          dataLocation: 1,
          externalData: [{ key: 'location', value: NASTY }],
        }),
      ],
      input: [value('x', [NASTY, -1n])],
      output: [value('y', [NASTY])],
      node: [unary(NASTY, 'x', 'y', { domain: NASTY }), unary('Relu', 'x', NASTY)],
    }),
  });
  const lines = [write('nasty.onnx', nasty), workspace.write('nasty.txt', `a${NASTY}`)];
  const { model: generator } = buildGenerator({
    latent: 4,
    alter: (data) => ({
      ...data,
      name: NASTY,
      provenance: { ...data.provenance, dataset: { name: NASTY, sha256: '' } },
    }),
  });
  lines.push(workspace.write('generator.onnx', generator));
  for (const path of lines) {
    for (const flags of [[], ['--json']]) {
      const { stdout, stderr } = await ganport('inspect', path, ...flags);
      expect(`${stdout}${stderr}`).not.toMatch(ACTED_UPON);
      expect(`${stdout}${stderr}`).not.toMatch(/^ganport: fine/m);
    }
    expect((await ganport('sample', path, '-o', workspace.path('out.png'))).stderr).not.toMatch(
      ACTED_UPON,
    );
  }
  const { stdout } = await ganport('inspect', lines[2]!, '--json');
  // Escaped, not replaced: the values are whole.
  expect(JSON.parse(stdout).generator.name).toBe(NASTY);
});
