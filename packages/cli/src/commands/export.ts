import { join } from 'node:path';
import { exportGenerator } from '@ganport/export';
import { quote } from '@ganport/model';
import { command, UsageError } from '../command.ts';
import { argument, checkpointChoice, choice, integer, text } from '../flags.ts';
import { commandLine } from '../invocation.ts';
import { deliver, endingOf, expectOutput, STDOUT, wrote } from '../output.ts';
import { versions } from '../versions.ts';

export const exportCommand = command({
  usage: 'export <run>',
  describe: "Write a run's generator to an ONNX file",
  examples: [
    ['export runs/mlp', 'Writes runs/mlp/generator.onnx'],
    ['export runs/mlp --checkpoint best', 'The weights with the best score, not the last'],
  ],
  arguments: { run: argument('Run folder') },
  flags: {
    out: {
      ...text('File to write; - is standard output'),
      alias: 'o',
      defaultDescription: 'RUN/generator.onnx',
    },
    checkpoint: checkpointChoice('Which weights'),
    opset: {
      ...integer('opset', 'ONNX operator set, 17 to 21', { minValue: 17, maxValue: 21 }),
      default: 17,
    },
    output: {
      ...choice('Type of the images', ['uint8', 'float32']),
      default: 'uint8' as const,
    },
  },
  async run({ run, out = join(run, 'generator.onnx'), checkpoint, opset, output, json }) {
    expectOutput(out, json);
    if (!['', 'onnx'].includes(endingOf(out))) {
      throw new UsageError(`-o: expected a name that ends in .onnx, got ${quote(out)}`);
    }
    const { model, metadata, verified, warnings } = await exportGenerator(run, {
      checkpoint,
      opset,
      output,
      version: versions().ganport,
    });
    const { steps } = metadata.provenance;
    return deliver(out, model, {
      json: { file: out, bytes: model.length, steps, scores: metadata.scores, verified, warnings },
      text:
        warnings.map((line) => `Warning: ${line}.\n`).join('') +
        `${wrote(out)}: ${model.length} bytes, the generator after ${steps} steps.\n` +
        `Verified: ${verified.pictures} pictures differ from the trained network's by at most ${verified.float.toExponential(1)} in −1…1, and by ${verified.levels} in bytes 0…255.` +
        (out === STDOUT ? '' : `\nNext: ${commandLine('serve', out)}`),
    });
  },
});
