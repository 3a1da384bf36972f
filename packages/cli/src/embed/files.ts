/** What an embed folder has: a page, the element's script, the model, and where that is large, the runtime. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { GeneratorMetadata } from '@ganport/model';
import { BUILDS, type Build, RUNTIME_FILES } from '@ganport/sample/web';
import { pageFiles } from './page.ts';

export interface EmbedOptions {
  model: Uint8Array;
  metadata: GeneratorMetadata;
  runtime: EmbedRuntime;
}

/** What draws: the small runtime alone, which is part of the script; onnxruntime-web; or which of both the page finds better. */
export type EmbedRuntime = 'small' | 'onnxruntime' | 'auto';

/** Names, with a slash where they are in a folder, and bytes. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** The element's script and the model: what every page loads. */
export const SCRIPT = 'gan-image.js';
export const MODEL = 'generator.onnx';

/** Where the script looks for the runtime. */
const RUNTIME = 'ort/';

/** Attributes of the element that go with the files. */
export function attributesOf(runtime: EmbedRuntime): string {
  return runtime === 'auto' ? '' : ` runtime="${runtime}"`;
}

/** @throws Error if the script is not built */
export async function embedFiles({ model, metadata, runtime }: EmbedOptions): Promise<Files> {
  // Of the package's entry, whether that is the build's or a source.
  const sample = dirname(createRequire(import.meta.url).resolve('@ganport/sample'));
  const script = join(sample, '../dist/page', SCRIPT);
  if (!existsSync(script)) {
    throw new Error(`the element's script is not built: ${script} is missing; run \`pnpm build\``);
  }
  const files = new Map<string, Uint8Array>([
    [SCRIPT, await readFile(script)],
    [MODEL, model],
  ]);
  const page = pageFiles({ metadata, attributes: attributesOf(runtime) });
  for (const [name, text] of Object.entries(page)) files.set(name, Buffer.from(text));
  if (runtime === 'small') return files;
  const ort = dirname(createRequire(script).resolve('onnxruntime-web'));
  for (const build of BUILDS) {
    for (const name of runtimeNames(build)) {
      files.set(name, await readFile(join(ort, name.slice(RUNTIME.length))));
    }
  }
  return files;
}

/** The files of a build, as they are in the folder. */
export function runtimeNames(build: Build): string[] {
  return Object.values(RUNTIME_FILES[build]).map((name) => `${RUNTIME}${name}`);
}
