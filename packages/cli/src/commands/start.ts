import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exportGenerator } from '@ganport/export';
import { writeFileAtomic } from '@ganport/model/node';
import { defaultThreads, resolveConfig } from '@ganport/train';
import * as ort from 'onnxruntime-node';
import { type Context, command } from '../command.ts';
import { versions } from '../versions.ts';
import { serveUntilInterrupted } from './serve.ts';
import { runTraining } from './train.ts';

const FOLDER = 'runs/start';

export const start = command({
  usage: 'start',
  describe: 'Train the quick preset, export it and serve a page: the whole way in one command',
  options: (yargs) =>
    yargs.options({
      port: { number: true, default: 3000, describe: 'Port of the page; 0 takes a free one' },
      steps: { number: true, describe: 'Steps to train', defaultDescription: "the preset's" },
    }),
  async run({ port, steps }, context) {
    const model = join(FOLDER, 'generator.onnx');
    if (existsSync(model))
      context.log(`Using ${model}, trained before; remove ${FOLDER} to train anew.`);
    else if (!(await trainAndExport(model, steps, context))) {
      return { json: { interrupted: true }, text: 'Stopped. Start again to go on.', exitCode: 130 };
    }
    await serveUntilInterrupted({ model, host: '127.0.0.1', port, device: 'auto' }, context);
    return { json: { model, served: true }, text: 'Stopped.' };
  },
});

/** False if training was interrupted; the next start goes on from there. */
async function trainAndExport(
  model: string,
  steps: number | undefined,
  context: Context,
): Promise<boolean> {
  const flags = { preset: 'quick', data: 'glyphs', ...(steps === undefined ? {} : { steps }) };
  const config = resolveConfig([['the flags', flags]]);
  const resume = existsSync(join(FOLDER, 'latest'));
  const { interrupted } = await runTraining(
    { config, folder: FOLDER, resume, threads: defaultThreads() },
    context,
  );
  if (interrupted) return false;
  const exported = await exportGenerator(FOLDER, { ort, version: versions().ganport });
  await writeFileAtomic(model, exported.model);
  const { float, levels } = exported.verified;
  context.log(
    `Exported ${model}; it draws what was trained, within ${float.toExponential(1)} (${levels} of 255 levels).`,
  );
  return true;
}
