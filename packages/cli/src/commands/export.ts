import { join } from 'node:path';
import { exportGenerator } from '@ganport/export';
import { writeFileAtomic } from '@ganport/model/node';
import * as ort from 'onnxruntime-node';
import { command } from '../command.ts';
import { versions } from '../versions.ts';

export const exportCommand = command({
  usage: 'export <run>',
  describe: "Write a run's generator to an ONNX file",
  options: (yargs) =>
    yargs
      .positional('run', { type: 'string', demandOption: true, describe: 'Run folder' })
      .options({
        out: {
          alias: 'o',
          string: true,
          describe: 'File to write',
          defaultDescription: 'RUN/generator.onnx',
        },
        checkpoint: {
          choices: ['best', 'latest'] as const,
          default: 'best' as const,
          describe: 'Which checkpoint',
        },
        opset: { number: true, default: 17, describe: 'ONNX operator set, 17 to 21' },
        output: {
          choices: ['uint8', 'float32'] as const,
          default: 'uint8' as const,
          describe: 'Type of the images',
        },
      }),
  async run({ run, out = join(run, 'generator.onnx'), checkpoint, opset, output }) {
    const { model, metadata, verified } = await exportGenerator(run, {
      ort,
      checkpoint,
      opset,
      output,
      version: versions().ganport,
    });
    await writeFileAtomic(out, model);
    const { steps } = metadata.provenance;
    return {
      json: { file: out, bytes: model.length, steps, scores: metadata.scores, verified },
      text:
        `Wrote ${out}: ${model.length} bytes, the generator after ${steps} steps. Checked against the trained ` +
        `network: within ${verified.float.toExponential(1)} (float) and ${verified.levels} level(s) (uint8).\n` +
        `Next: ganport serve ${out}`,
    };
  },
});
