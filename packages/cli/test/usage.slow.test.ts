/** Wrong usage: exit code 2 and one line that says what was expected and what was got. */
import { afterAll, describe, expect, test } from 'vitest';
import { nameOf } from '../src/command.ts';
import { COMMANDS } from '../src/commands/index.ts';
import { commandLine, programName } from '../src/invocation.ts';
import { failure, ganport } from './run.ts';
import { TINY, Workspace } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());

test.each([
  ['a mistyped command', 'trian', 'there is no command "trian"; did you mean train?'],
  ['one after flags', '--steps 3 trian', 'there is no command "trian"; did you mean train?'],
  ['one to get help with', 'help trian', 'there is no command "trian"; did you mean train?'],
  ['a command unlike any', 'frobnicate', 'command "frobnicate"; expected one of start, train, '],
  ['flags alone', '--steps 3', 'a command is missing'],
  ['a flag unlike any', 'train --bogus', 'train has no flag --bogus (see `ganport train --help`)'],
  ['a mistyped flag', 'train --stpes 3', 'train has no flag --stpes; did you mean --steps?'],
  ['a mistyped flag with =', 'train --stpes=3', 'train has no flag --stpes; did you mean --steps?'],
  ['a flag in capitals', 'train --STEPS 3', 'train has no flag --STEPS; did you mean --steps?'],
  ['a flag with one dash', 'train -steps 3', 'train has no flag -steps; did you mean --steps?'],
  ['a mistyped flag before a model', 'export --oot a b', 'export has no flag --oot; did you mean'],
  ['a mistyped flag of all', 'doctor --jsn', 'doctor has no flag --jsn; did you mean --json?'],
  ['a flag of another command', 'export run --count 3', 'export has no flag --count (see `ganport'],
  ['a value right behind -o', 'sample x -oa.png', 'expected -o a.png, got -oa.png'],
  ['a flag twice', 'train --steps 3 --seed 1 --steps=4', '--steps is given twice: "3" and "4"'],
  ['a flag twice alike', 'sample x --seed 1 --seed 1', '--seed is given twice: "1" and "1"'],
  ['a flag and its letter', 'export run -o a --out b', '--out is given twice: "a" and "b"'],
  ['a switch twice', 'train --tf32 --tf32', '--tf32 is given twice'],
  ['a switch before and after', '--tf32 train --tf32', '--tf32 is given twice'],
  ['an argument too many', 'sample a.onnx b.onnx', 'unknown argument: b.onnx'],
  ['what follows --', 'train -- foo --out r', 'unknown argument: foo (see `ganport train --help`)'],
  ['a model behind --', 'sample -- a.onnx', 'unknown argument: a.onnx'],
  [
    'a switch of another value',
    'train --flip=maybe',
    'expected true, false or no value, got "maybe"',
  ],
  ['an empty switch', 'train --flip=', '--flip: expected true, false or no value, got ""'],
  ['an empty folder to make', 'train --out=', '--out is empty: expected a value, or leave it out'],
  ['an empty run to go on with', 'train --resume=', '--resume is empty: '],
  ['an empty configuration', 'train --config=', '--config is empty: '],
  ['no run', 'export', 'too few arguments: got 0, expected 1 (see `ganport export --help`)'],
  ['no model to sample', 'sample', 'too few arguments'],
  ['no model to serve', 'serve', 'too few arguments'],
  ['a model without a name', 'serve =q.onnx', 'NAME=PATH: "" is no name for a model: expected'],
  ['a name with a sign', 'serve a+b=q.onnx', 'NAME=PATH: "a+b" is no name for a model: expected'],
  ['a name twice', 'serve q=q.onnx q=p.onnx', 'NAME=PATH: expected each name once, got q twice'],
  [
    'a proxy that is none',
    'serve x --trust-proxy evil',
    '--trust-proxy: expected how many proxies',
  ],
  ['no model to inspect', 'inspect', 'too few arguments'],
  ['a flag without its value', 'train --steps', 'a value is missing after --steps'],
  ['a path without its value', 'train --out --steps 3', 'a value is missing after --out'],
  ['a number negated', 'train --no-steps', 'train has no flag --no-steps'],
  ['an unknown preset', 'train --preset big', '--preset is "big", expected one of "mlp", "conv"'],
  ['an unknown data source', 'train --data cifar', '--data: expected glyphs, mnist, '],
  ['an unknown loss', 'train --loss mse', '--loss is "mse", expected one of "bce"'],
  ['a device to train on', 'train --device tpu', '--device is "tpu", expected one of "auto"'],
  [
    'WebGPU with TensorFlow.js',
    'train --engine tensorflow --device webgpu',
    'expected cpu or cuda',
  ],
  [
    'TF32 elsewhere',
    'train --tf32 --device cpu',
    "--tf32 is CUDA's: expected --device cuda, got cpu",
  ],
  ['a device to draw on', 'sample x --device tpu', '--device is "tpu", expected one of "auto"'],
  ['an unknown format', 'sample x --format gif', '--format is "gif", expected one of "png"'],
  ['no truncation', 'sample x --truncation 0', '--truncation: expected a number above 0 and up to'],
  ['one below 0', 'sample x --truncation=-1', 'above 0 and up to 6, got "-1"'],
  ['one that is no number', 'interpolate x --truncation NaN', 'above 0 and up to 6, got "NaN"'],
  ['one that cuts nothing', 'eval x --data glyphs --truncation 1e9', 'and up to 6, got "1e9"'],
  ['a code without a value', 'sample x --code kind', '--code: expected names and numbers, such as'],
  ['a code twice', 'sample x --code a=1,a=2', '--code: expected each name once, got "a=1,a=2"'],
  ['a picture named for another format', 'sample x -o a.gif', '.raw or has no ending, got "a.gif"'],
  ['one whose format is said', 'sample x -o a.jpg --format png', 'no ending, got "a.jpg"'],
  ['two formats', 'sample x -o a.npy --format png', '--format is png, but "a.npy" ends in .npy'],
  ['raw bytes named for a format', 'sample x -o a.PNG --format raw', 'but "a.PNG" ends in .png'],
  ['a model named for another format', 'export run -o a.pt', 'ends in .onnx, got "a.pt"'],
  ['a shell that is not known', 'completion fish', 'wrong value: shell is "fish", expected one of'],
  ['--out with --resume', 'train --out a --resume b', '--out cannot change a run that is resumed'],
  ['--preset with --resume', 'train --preset mlp --resume b', '--preset cannot change a run'],
  [
    'pictures past the last',
    'sample x --start 4294967295 --count 2',
    'expected at most 4294967296',
  ],
])('%s', async (_, line, message) => {
  expect(await failure(2, ...line.split(' '))).toContain(message);
});

test.each([
  ['-h', '--help'],
  ['help', '--help'],
  ['train -h', 'train --help'],
  ['help train', 'train --help'],
  // Help is for who has it wrong.
  ['train --stpes 3 -h', 'train --help'],
  ['sample -h', 'sample --help'],
])('%s helps', async (line, long) => {
  const outcome = await ganport(...line.split(' '));
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(outcome.stdout).toContain('-h, --help');
  expect(outcome).toEqual(await ganport(...long.split(' ')));
});

test.each(COMMANDS.map(nameOf))(
  'help of %s is whole in terminals of several widths',
  async (name) => {
    const { columns } = process.stdout;
    try {
      for (const width of [80, 99, 100, 120]) {
        process.stdout.columns = width;
        const { stdout } = await ganport(name, '-h');
        // What a flag takes stands apart from what it does.
        expect(stdout).not.toMatch(/\S\[(?:default:|choices:|string|boolean|required)/);
        const lines = stdout.split('\n');
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
        if (width < 100) continue;
        for (const [example] of COMMANDS.find((each) => nameOf(each) === name)!.examples) {
          expect(lines).toContain(`  ${programName(process.env)} ${example}`);
        }
      }
    } finally {
      process.stdout.columns = columns;
    }
  },
);

test('bytes do not go to a terminal', async () => {
  const { isTTY } = process.stdout;
  process.stdout.isTTY = true;
  try {
    for (const line of ['sample x -o -', 'export run -o -']) {
      expect(await failure(2, ...line.split(' '))).toContain('standard output is a terminal');
    }
  } finally {
    process.stdout.isTTY = isTTY;
  }
});

describe('--json tells a failure in one line of JSON', () => {
  test.each([
    [2, 'usage', 'train --steps 0 --json'],
    [2, 'usage', '--json'],
    [2, 'usage', 'trian --json'],
    [2, 'usage', 'train --json --config none.json'],
    [2, 'usage', 'sample x -o - --json'],
    [2, 'usage', 'export run -o - --json'],
    [1, 'failed', 'inspect none.onnx --json'],
    [1, 'failed', 'sweep none.json --out x --json'],
  ])('%i, %s: %s', async (exitCode, code, line) => {
    const outcome = await ganport(...line.split(' '));
    expect(outcome.code).toBe(exitCode);
    expect(outcome.stdout).toMatch(/^[^\n]+\n$/);
    const { error } = JSON.parse(outcome.stdout);
    // What a person is told, too.
    expect(outcome.stderr).toBe(`ganport: ${error.message}\n`);
    expect(error).toEqual({ code, message: expect.stringMatching(/./) });
  });
});

describe('numbers', () => {
  const flags: [string, string, string][] = [
    ['train', '--steps', '1 to 100000000'],
    ['train', '--batch', '1 to 65536'],
    ['train', '--seed', '0 to 9007199254740991'],
    ['train', '--threads', '1 to 1024'],
    ['export run', '--opset', '17 to 21'],
    ['sample x', '--seed', '0 to 9007199254740991'],
    ['sample x', '--start', '0 to 4294967295'],
    ['sample x', '--count', '1 to 65536'],
    ['sample x', '--scale', '1 to 64'],
    ['serve x', '--port', '0 to 65535'],
    ['serve x', '--max-batch', '1 to 4096'],
    ['serve x', '--max-queue', '1 to 1048576'],
    ['start', '--port', '0 to 65535'],
    ['start', '--steps', '1 to 100000000'],
  ];
  const values = ['abc', 'NaN', '-1', '1.5', '1e3', '0x10', 'Infinity', '9007199254740993', ''];
  test.each(flags)('%s %s is from %s', async (command, flag, range) => {
    for (const value of values) {
      const message = `${flag}: expected an integer from ${range}, got "${value}"`;
      expect(await failure(2, ...command.split(' '), `${flag}=${value}`)).toContain(message);
    }
  });

  test.each([
    ['train', '--steps', '0'],
    ['sample x', '--count', '0'],
    ['sample x', '--count', '65537'],
    ['export run', '--opset', '16'],
    ['export run', '--opset', '22'],
    ['serve x', '--port', '65536'],
    ['serve x', '--max-batch', '0'],
    ['serve x', '--max-delay', '1001'],
    ['serve x', '--deadline', '0'],
    ['serve x', '--grace', '-1'],
  ])('%s %s has no %s', async (command, flag, value) => {
    const line = [...command.split(' '), flag, value];
    expect(await failure(2, ...line)).toContain(`got "${value}"`);
  });
});

describe('a configuration', () => {
  const layer = (network: 'generator' | 'discriminator', index: number, options: object) => {
    const config = structuredClone(TINY);
    Object.assign(config[network].layers[index]!, options);
    return JSON.stringify(config);
  };
  test.each([
    ['that ends early', '{"steps": 3,', /--config: \S+c\.json is not JSON: line 1, column 13: /],
    [
      'with a comment',
      '{\n  // few\n  "steps": 3}',
      /c\.json is not JSON: line 2, column 3: a comment/,
    ],
    [
      'with a comma too many',
      '{"steps": 3,}',
      /is not JSON: line 1, column 12: a comma after the last/,
    ],
    [
      'behind a byte order mark',
      '\ufeff{"stpes": 3}',
      /c\.json is not valid: .*did you mean "steps"/,
    ],
    ['in Latin-1', Buffer.from('{"name": "\xe4"}', 'latin1'), /c\.json is not UTF-8 text: save it/],
    [
      'with a name twice',
      '{"steps": 3,\n "batch": 2,\n "steps": 30}',
      /--config: \S+c\.json: line 3, column 2: "steps" for the second time: remove one/,
    ],
    [
      'with a path that has a NUL',
      '{"data": "folder:a\\u0000b"}',
      /c\.json is not valid: dataDir: expected a path, not empty and without NUL, got "\/\S*a\\u0000b"/,
    ],
    [
      'with an empty path',
      '{"data": "folder", "dataDir": ""}',
      /c\.json is not valid: dataDir: expected a path, not empty/,
    ],
    ['that is a list', '[]', /c\.json is not valid: expected an object, got a list of 0/],
    [
      'with an unknown key',
      '{"stpes": 3}',
      /c\.json is not valid: .*"stpes"; did you mean "steps"\?/,
    ],
    ['with an unknown preset', '{"preset": "big"}', /c\.json is not valid: preset: .*"mlp"/],
    [
      'with a number out of range',
      '{"batch": 0}',
      /c\.json is not valid: batch: expected a whole number from 1 to 65536, got 0/,
    ],
    ['with a number that is none', '{"steps": "3"}', /c\.json is not valid: steps: .*number/],
    [
      'with a layer that has an unknown key',
      layer('generator', 0, { size: 3 }),
      /generator\.layers\.0.*"size"/,
    ],
    [
      'with a layer whose shape does not fit',
      layer('generator', 2, { shape: [1, 28, 27] }),
      /generator, layer 2 "2" \(reshape\): shape \[1,28,27\] has 756 elements, its input \[784\]/,
    ],
    [
      'whose networks do not fit each other',
      layer('generator', 2, { shape: [784] }),
      /generator: its output is \[784\], but the discriminator takes \[1,28,28\]/,
    ],
    [
      'whose critic gives two numbers',
      layer('discriminator', 3, { units: 2 }),
      /discriminator: expected one logit per image, got an output of \[2\]/,
    ],
  ])('%s', async (_, contents, message) => {
    const config = workspace.write('c.json', contents);
    const out = workspace.path('run');
    expect(await failure(2, 'train', '--config', config, '--out', out)).toMatch(message);
    expect(Object.keys(workspace.contents())).toEqual(['/c.json']);
  });

  test('that is missing', async () => {
    expect(await failure(2, 'train', '--config', workspace.path('none.json'))).toMatch(
      /--config: cannot read \S+none\.json: no such file or folder/,
    );
  });
});

test('commands to type next start as the user started this one', () => {
  expect(programName({})).toBe('ganport');
  expect(programName({ npm_lifecycle_event: 'ganport' })).toBe('pnpm ganport');
  expect(programName({ npm_lifecycle_event: 'start' })).toBe('pnpm ganport');
  expect(programName({ npm_lifecycle_event: 'test' })).toBe('ganport');
  expect(commandLine('export', 'runs/mlp-1')).toMatch(/ export runs\/mlp-1$/);
  expect(commandLine('export', "it's mine")).toMatch(/ export 'it'\\''s mine'$/);
});
