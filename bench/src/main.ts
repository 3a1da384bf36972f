#!/usr/bin/env node
/** `pnpm bench NAME`: benchmarks against peers. The report goes to stdout, progress to stderr. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { benchConvGradients, formatForms } from './conv-gradients.ts';
import { describeMachine } from './machine.ts';
import { PRESETS, type Preset } from './presets.ts';
import { formatMachine, formatReport } from './report.ts';
import { benchTrain } from './train.ts';

const USAGE = `usage: pnpm bench train|conv-gradients [--preset mlp|conv] [--threads N] [--rounds N] [--json FILE]

  train           a training step of the published GANs, ganport against TensorFlow.js
  conv-gradients  equal forms of the gradients in the convolutional GAN, against each other

  --preset   of train: one preset instead of both
  --threads  threads of each contender (default: this machine's ${availableParallelism()})
  --rounds   rounds in which the contenders take turns (default: 7)
  --json     also write everything measured to a file
`;

class UsageError extends Error {}

async function main(args: readonly string[]): Promise<void> {
  const { positionals, values } = parse(args);
  const [name] = positionals;
  if (positionals.length !== 1 || (name !== 'train' && name !== 'conv-gradients')) {
    const got = positionals.join(' ') || 'none';
    throw new UsageError(`expected one benchmark, train or conv-gradients; got ${got}`);
  }
  const presets = presetsOf(values.preset);
  const threads = positive('--threads', values.threads ?? `${availableParallelism()}`);
  const rounds = positive('--rounds', values.rounds ?? '7');
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  onProgress('machine: matrix products');
  const machine = await describeMachine([...new Set([1, threads])]);
  let results: unknown;
  process.stdout.write(`\n${formatMachine(machine)}`);
  if (name === 'train') {
    const measured = await benchTrain({ presets, threads, rounds, onProgress });
    process.stdout.write(formatReport(measured));
    results = measured;
  } else {
    const measured = await benchConvGradients({ threads, rounds, onProgress });
    process.stdout.write(formatForms(measured));
    results = measured;
  }
  if (values.json) {
    writeFileSync(values.json, `${JSON.stringify({ machine, threads, results }, null, 2)}\n`);
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { preset: text, threads: text, rounds: text, json: text };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function presetsOf(name: string | undefined): Preset[] {
  const known = Object.keys(PRESETS) as Preset[];
  if (name === undefined) return known;
  const found = known.find((preset) => preset === name);
  if (!found) throw new UsageError(`--preset is one of ${known.join(', ')}; got "${name}"`);
  return [found];
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new UsageError(`${flag} is a whole number from 1; got "${text}"`);
  }
  return value;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const wrongUsage = error instanceof UsageError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(wrongUsage ? `${message}\n\n${USAGE}` : `${message}\n`);
  process.exitCode = wrongUsage ? 2 : 1;
}
