import { loadGenerator } from '@ganport/sample/node';
import { isLittleWork, loadSmallGenerator } from '@ganport/sample/small';
import { BUILDS, type Build } from '@ganport/sample/web';
import { command } from '../command.ts';
import { compressed, sentBytes } from '../embed/compress.ts';
import {
  attributesOf,
  embedFiles,
  type Files,
  MODEL as MODEL_FILE,
  runtimeNames,
  SCRIPT,
} from '../embed/files.ts';
import { namesInFolder, writeFolder } from '../embed/folder.ts';
import { snippet } from '../embed/page.ts';
import { choice, text } from '../flags.ts';
import { interruptible } from '../interruption.ts';
import { MODEL, readGiven } from '../model-input.ts';
import { table } from '../table.ts';

const RUNTIMES = ['auto', 'small', 'onnxruntime'] as const;

export const embed = command({
  usage: 'embed <model>',
  describe: 'Write a folder that draws in any page: no server of ganport’s, no build',
  examples: [
    ['embed runs/mlp', 'Its generator.onnx, the script and a page, in embed'],
    ['embed model.onnx -o site/digits --runtime small', 'For pages that allow no WebAssembly'],
  ],
  arguments: { model: MODEL },
  flags: {
    out: {
      ...text('Folder to write: a new or empty one, or one of an earlier embed'),
      alias: 'o',
      default: 'embed',
    },
    runtime: {
      ...choice(
        'What draws: the small runtime, or onnxruntime-web as well; auto takes it where a picture is much work',
        RUNTIMES,
      ),
      default: 'auto',
    },
  },
  async run({ model: given, out, runtime }, log) {
    await namesInFolder(out);
    const file = await readGiven(given, log);
    // It is refused unless it draws its golden samples.
    const { sampler } = await loadGenerator(file, { device: 'cpu' });
    const { metadata } = sampler;
    await sampler.close();
    const drawn = runtime === 'auto' && isLittleWork(file.bytes) ? 'small' : runtime;
    const small = drawn === 'small';
    if (small) await expectSmall(file.path, file.bytes);
    log('Compressing …');
    const files = await compressed(
      await embedFiles({ model: file.bytes, metadata, runtime: drawn }),
    );
    await interruptible(() => writeFolder(out, files));
    const costs = costsOf(files, small);
    const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    return {
      json: {
        folder: out,
        model: file.path,
        runtime: small ? 'small' : 'onnxruntime',
        bytes,
        first: costs,
      },
      text: [
        `Wrote ${out}: ${files.size} files, ${readable(bytes)}. Any static server shows its index.html.`,
        'The first picture costs, compressed:',
        table(costs.flatMap(rowsOf)),
        'In a page beside these files (elsewhere, write their address before gan-image.js and generator.onnx; CSS enlarges it):',
        snippet(attributesOf(drawn)),
      ].join('\n'),
    };
  },
});

/** @throws Error that names the file and what the small runtime lacks */
async function expectSmall(path: string, model: Uint8Array): Promise<void> {
  try {
    await (await loadSmallGenerator(model)).close();
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}; leave out --runtime small`, {
      cause: error,
    });
  }
}

interface Cost {
  /** Where it is drawn. */
  by: string;
  /** Bytes as they are sent, by name. */
  files: Record<string, number>;
  bytes: number;
}

const BY: Record<Build, string> = {
  wasm: 'WebAssembly',
  jspi: 'WebGPU',
  asyncify: 'WebGPU in browsers without JSPI',
};

/** What a visitor downloads for the first picture, for each way in which it may be drawn. */
function costsOf(files: Files, small: boolean): Cost[] {
  const cost = (by: string, names: string[]): Cost => {
    const each = [SCRIPT, MODEL_FILE, ...names].map(
      (name) => [name, sentBytes(files, name)] as const,
    );
    return { by, files: Object.fromEntries(each), bytes: each.reduce((sum, [, n]) => sum + n, 0) };
  };
  if (small) return [cost('JavaScript', [])];
  return BUILDS.map((build) => cost(BY[build], runtimeNames(build)));
}

function rowsOf({ by, files, bytes }: Cost): [string, string][] {
  const rows = Object.entries(files).map(
    ([name, n]) => [`    ${name}`, readable(n)] as [string, string],
  );
  return [[`  by ${by}`, readable(bytes)], ...rows];
}

function readable(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}
