/** Going on with a run: what may change, from where, and what may not have changed meanwhile. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { readGeneratorMetadata } from '@ganport/model';
import { readCheckpoint, writeWeights } from '@ganport/model/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure, ganport } from './run.ts';
import { TINY, Workspace, writeDigits } from './workspace.ts';

const workspace = new Workspace();
writeDigits(workspace, 'digits');
const settings = { ...TINY, data: 'mnist', dataDir: 'digits' };
const config = workspace.write('tiny.json', JSON.stringify(settings));
afterAll(() => workspace.remove());

// biome-ignore lint/suspicious/noExplicitAny: a test changes what it likes.
type Json = any;

const read = (run: string): Json =>
  JSON.parse(readFileSync(workspace.path(run, 'run.json'), 'utf8'));

function edit(run: string, change: (json: Json) => void): void {
  const json = read(run);
  change(json);
  workspace.write(join(run, 'run.json'), JSON.stringify(json));
}

/** A copy of the trained run, of 4 steps with checkpoints at 2 and 4. */
function copy(name: string): string {
  cpSync(workspace.path('run'), workspace.path(name), { recursive: true });
  return workspace.path(name);
}

async function succeed(...args: string[]) {
  const outcome = await ganport(...args);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  return outcome;
}

const resume = (name: string, ...flags: string[]) =>
  succeed('train', '--resume', workspace.path(name), ...flags);

beforeAll(async () => {
  await succeed('train', '--config', config, '--threads', '1', '--out', workspace.path('run'));
});

describe('a run.json that was edited', () => {
  test.each<[string, (json: Json) => void, string]>([
    ['seed', (json) => json.config.seed++, 'config.seed 0, got 1; put it back, or train another'],
    ['batch', (json) => json.config.batch++, 'config.batch 4, got 5'],
    ['loss', (json) => (json.config.loss = 'hinge'), 'config.loss "bce", got "hinge"'],
    [
      'layers',
      (json) => (json.config.discriminator.layers[2].slope = 0.3),
      'config.discriminator.layers.2.slope 0.2, got 0.3',
    ],
    [
      'learning rate',
      (json) => (json.config.adam.learningRate = 1),
      'config.adam.learningRate 0.0003, got 1; put it back, or give another to train --resume, as --learning-rate',
    ],
  ])('in its %s is refused, on resuming and by export', async (what, change, said) => {
    const run = copy(what);
    edit(what, change);
    const before = workspace.contents(what);
    const message = `ganport: ${run}/run.json is not what step-000004.safetensors was trained with: expected ${said}`;
    for (const line of [
      ['train', '--resume', run, '--steps', '8'],
      ['export', run],
    ]) {
      expect(await failure(1, ...line)).toContain(message);
      expect(workspace.contents(what)).toEqual(before);
    }
  });

  test('of a run whose checkpoints do not say what they are of is taken, as ever', async () => {
    const run = copy('old');
    for (const step of [2, 4]) {
      const { path, tensors, scores } = await readCheckpoint(run, step);
      // As ganport 0.1.0 wrote them.
      const metadata = { format: 'ganport-checkpoint-1', step: `${step}` };
      await writeWeights(path, tensors, { ...metadata, scores: JSON.stringify(scores) });
    }
    edit('old', (json) => (json.config.adam.learningRate = 0.001));
    await succeed('export', run);
    await resume('old', '--steps', '6');
    expect((await readCheckpoint(run, 'latest')).step).toBe(6);
  });
});

describe('what may change', () => {
  test('is a flag each, and run.json remembers from which step on', async () => {
    copy('changed');
    const flags = '--steps 9 --learning-rate 1e-2 --log-every 2 --checkpoint-every 3 --threads 2';
    await resume('changed', ...flags.split(' '));
    const { config, threads, history } = read('changed');
    expect(config).toMatchObject({ steps: 9, adam: { learningRate: 0.01 } });
    expect({ every: config.every, threads }).toEqual({
      every: { metrics: 2, checkpoint: 3 },
      threads: 2,
    });
    expect(history).toEqual([
      { step: 4, field: 'config.steps', from: 4, to: 9 },
      { step: 4, field: 'config.every.metrics', from: 1, to: 2 },
      { step: 4, field: 'config.every.checkpoint', from: 2, to: 3 },
      { step: 4, field: 'config.adam.learningRate', from: 0.0003, to: 0.01 },
      { step: 4, field: 'threads', from: 1, to: 2 },
    ]);
    const logged = readFileSync(workspace.path('changed/metrics.jsonl'), 'utf8').trim().split('\n');
    const steps = logged.map((line) => JSON.parse(line).step);
    expect(steps).toEqual([1, 2, 2, 3, 4, 4, 6, 6, 8, 9]);
    expect(readdirSync(workspace.path('changed/checkpoints'))).toContain('step-000009.safetensors');
    // What is changed again is remembered after it, and the first part is still known.
    await resume('changed', '--steps', '10', '--learning-rate', '0.001');
    expect(read('changed').history.slice(5)).toEqual([
      { step: 9, field: 'config.steps', from: 9, to: 10 },
      { step: 9, field: 'config.adam.learningRate', from: 0.01, to: 0.001 },
    ]);
    await succeed('export', workspace.path('changed'));
    const model = readFileSync(workspace.path('changed/generator.onnx'));
    expect(readGeneratorMetadata(model).provenance.history).toEqual(read('changed').history);
  });

  test('leaves the event files of TensorBoard, which a run goes on with unasked', async () => {
    const events = (name: string) =>
      readdirSync(workspace.path(name)).filter((file) => file.includes('.tfevents.')).length;
    copy('watched');
    const more = (steps: number, ...flags: string[]) =>
      resume('watched', '--steps', String(steps), ...flags);
    await more(5);
    expect(events('watched')).toBe(0);
    await more(6, '--tensorboard');
    await more(7);
    expect(events('watched')).toBe(2);
    await more(8, '--tensorboard=false');
    expect(events('watched')).toBe(2);
  });

  test('is refused where it may not, with what may', async () => {
    for (const flag of ['seed', 'batch']) {
      const line = ['train', '--resume', workspace.path('run'), `--${flag}`, '9'];
      expect(await failure(2, ...line)).toContain(
        `--${flag} cannot change a run that is resumed: expected only --steps, --learning-rate, `,
      );
    }
    expect(await failure(2, 'train', '--learning-rate', '0')).toContain(
      '--learning-rate: expected a number from 1e-12 to 10, got "0"',
    );
  });

  test('and was killed before its next checkpoint is still known', async () => {
    copy('killed');
    await resume('killed', '--steps', '6', '--learning-rate', '0.01');
    const changed = copy('again');
    cpSync(workspace.path('killed/run.json'), join(changed, 'run.json'));
    // The checkpoint of step 4 is of the rate before; run.json has the one after it.
    await succeed('export', changed);
    const model = readFileSync(join(changed, 'generator.onnx'));
    const { provenance } = readGeneratorMetadata(model);
    expect(provenance.config.adam).toMatchObject({ learningRate: 0.0003 });
    await resume('again');
    expect(workspace.contents('again')).toMatchObject(workspace.contents('killed'));
  });
});

test.runIf(availableParallelism() < 256)(
  'more threads than are of use are refused or told',
  async () => {
    copy('threads');
    edit('threads', (json) => (json.threads = 1024));
    const before = workspace.contents('threads');
    const line = ['train', '--resume', workspace.path('threads'), '--steps', '5'];
    expect(await failure(2, ...line)).toMatch(
      /^ganport: --threads: expected at most \d+, as this machine runs \d+ at once, got 1024\n$/,
    );
    expect(workspace.contents('threads')).toEqual(before);
    const threads = availableParallelism() + 1;
    const { stderr } = await succeed(...line, '--threads', `${threads}`);
    expect(stderr).toMatch(
      new RegExp(`^--threads ${threads} is slower than ${threads - 1}: this `),
    );
  },
);

test('a name that is a path is refused before anything is made', async () => {
  const before = workspace.contents();
  const path = workspace.write('named.json', JSON.stringify({ ...settings, name: '../../x' }));
  expect(await failure(2, 'train', '--config', path)).toMatch(
    /named\.json is not valid: name: expected a name without slashes .*, got "\.\.\/\.\.\/x"\n$/,
  );
  rmSync(path);
  expect(workspace.contents()).toEqual(before);
});

describe("the data's folder is kept whole, and is", () => {
  const digits = workspace.path('digits');
  // This process was started elsewhere, as a resumed run's may be.
  const here = relative(process.cwd(), digits);

  test('beside the configuration file that names it', () => {
    expect(settings.dataDir).toBe('digits');
    expect(read('run').config.dataDir).toBe(digits);
  });

  test('within the working folder, where it is a flag', async () => {
    const out = workspace.path('flag');
    await succeed('train', '--config', config, '--steps', '1', '--data-dir', here, '--out', out);
    expect(read('flag').config.dataDir).toBe(digits);
    workspace.write('moved.json', JSON.stringify({ ...settings, dataDir: 'elsewhere' }));
    const line = ['train', '--config', workspace.path('moved.json')];
    expect(await failure(1, ...line)).toContain(
      `data folder ${workspace.path('elsewhere')}: no such`,
    );
    await resume('flag', '--steps', '2', '--data-dir', `./${here}`);
    expect(read('flag').history).toHaveLength(1);
  });

  test('within the working folder, in a run.json of ganport 0.1.0', async () => {
    copy('relative');
    edit('relative', (json) => (json.config.dataDir = here));
    await resume('relative', '--steps', '6');
    expect(read('relative').config.dataDir).toBe(digits);
    // Which is nobody else's business.
    await succeed('export', workspace.path('relative'));
    expect(readFileSync(workspace.path('relative/generator.onnx'), 'latin1')).not.toContain(digits);
  });
});

describe('a checkpoint that is named', () => {
  test('is gone on from, and what came after it is trained anew', async () => {
    copy('back');
    const rate = ['--learning-rate', '0.01'];
    const { stderr } = await resume('back', '--steps=6', '--checkpoint', 'step-000002', ...rate);
    expect(stderr).toMatch(
      /^going back to step 2: the checkpoints after it, to step 4, give way to what is trained now\n/,
    );
    expect(read('back').history).toEqual([
      { step: 2, field: 'config.steps', from: 4, to: 6 },
      { step: 2, field: 'config.adam.learningRate', from: 0.0003, to: 0.01 },
    ]);
    // As a run that was never further.
    const line = ['train', '--config', config, '--threads', '1', '--steps', '2'];
    await succeed(...line, '--out', workspace.path('short'));
    await resume('short', '--steps', '6', ...rate);
    const short = workspace.contents('short');
    expect({ ...workspace.contents('back'), '/run.json': short['/run.json'] }).toEqual(short);
    // And from before that change, it is as if it had not been.
    await resume('back', '--checkpoint', '4');
    await resume('short', '--checkpoint', '4');
    expect(read('back').history).toHaveLength(2);
  });

  test('is latest, best, or a step; of a run that is resumed', async () => {
    const run = workspace.path('run');
    expect(await failure(2, 'export', run, '--checkpoint', 'first')).toContain(
      '--checkpoint: expected latest, best or a step such as 2000, got "first"',
    );
    expect(await failure(2, 'train', '--checkpoint', '2')).toContain(
      '--checkpoint is for a run that goes on: expected --resume RUN with it',
    );
    const before = workspace.contents('run');
    for (const line of [
      ['export', run],
      ['train', '--resume', run],
    ]) {
      expect(await failure(1, ...line, '--checkpoint', '3')).toContain(
        `${run} has no checkpoint of step 3; name another, to train --resume or export: --checkpoint 4 or 2`,
      );
    }
    expect(workspace.contents('run')).toEqual(before);
  });

  test('may be any, where the pointers are gone', async () => {
    const run = copy('pointless');
    for (const pointer of ['latest', 'best']) writeFileSync(join(run, pointer), '\0'.repeat(24));
    expect(await failure(1, 'train', '--resume', run)).toMatch(
      /latest: expected the name of a checkpoint, got "[^\0]+; name another, .*--checkpoint 4 or 2\n/,
    );
    const { stderr } = await resume('pointless', '--checkpoint', '4');
    expect(stderr).toMatch(
      /best: expected the name of .*; the best is looked for from step 4 on\n/,
    );
    expect(readFileSync(join(run, 'latest'), 'utf8')).toBe('step-000004.safetensors\n');
    await succeed('export', run, '--checkpoint', 'best');
  });
});

test('training that diverged goes on as it says', async () => {
  const linear = (...units: number[]) => units.map((units) => ({ type: 'dense', units }));
  const diverging = {
    ...{ name: 'div', data: 'mnist', dataDir: 'digits', batch: 4, steps: 6 },
    ...{ loss: 'wasserstein', penalties: { gradient: 1e6 }, discriminatorSteps: 1 },
    recoveries: 0,
    adam: { learningRate: 10, beta1: 0, beta2: 0.999 },
    generator: {
      inputs: { z: [4] },
      layers: [...linear(784, 784, 784), { type: 'reshape', shape: [1, 28, 28] }],
    },
    discriminator: {
      inputs: { image: [1, 28, 28] },
      layers: [{ type: 'flatten' }, ...linear(8, 8, 8, 1)],
    },
  };
  for (const [checkpoint, saved, begins] of [
    [2, 'The checkpoint of step 2 is intact.', ''],
    [100, 'There was no checkpoint yet.', 'has no checkpoint yet: it starts again from step 0'],
  ] as const) {
    const name = `diverges-${checkpoint}`;
    const every = { metrics: 1, checkpoint };
    const file = workspace.write('diverges.json', JSON.stringify({ ...diverging, every }));
    const run = workspace.path(name);
    const outcome = await ganport('train', '--config', file, '--threads', '1', '--out', run);
    expect(outcome.code).toBe(1);
    const [said, , rate] = outcome.stderr.match(
      /training diverged: at step \d .*; or a lower learning rate, now 10: (--resume \S+ --learning-rate (\S+))\. .*$/m,
    )!;
    expect(said).toContain(saved);
    expect(rate).toBe('1');
    const again = await ganport('train', '--resume', run, '--learning-rate', '1e-6');
    expect(again, again.stderr).toMatchObject({ code: 0 });
    expect(again.stderr).toContain(begins);
    expect(read(name).history).toEqual([
      { step: begins ? 0 : 2, field: 'config.adam.learningRate', from: 10, to: 0.000001 },
    ]);
    expect((await readCheckpoint(run, 'latest')).step).toBe(6);
  }
});
