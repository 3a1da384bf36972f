/** A generator.onnx to measure drawing with. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeImages } from '@ganport/sample/node';

/** Of its colour pictures. */
const COLOUR = { count: 16, height: 64, width: 64, channels: 3 } as const;

/**
 * Made as everybody makes one, in one step: only the network matters.
 * @param images glyphs of 28 × 28, or colour pictures of 64 × 64
 */
export async function trainOneStep(
  preset: 'mlp' | 'conv' | 'quick' | 'dcgan',
  images: 'glyphs' | 'colour' = 'glyphs',
): Promise<Uint8Array> {
  const ganport = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'ganport-bench-'));
  const [run, file] = [join(folder, 'run'), join(folder, 'generator.onnx')];
  const call = (...args: string[]) => execFileSync(process.execPath, [ganport, ...args]);
  try {
    const pictures = join(folder, 'pictures.npy');
    if (images === 'colour') {
      const { count, height, width, channels } = COLOUR;
      const length = count * height * width * channels;
      const data = Uint8Array.from({ length }, (_, i) => i % 251);
      writeFileSync(pictures, await encodeImages({ ...COLOUR, data }, 'npy'));
    }
    call(
      ...['train', '--preset', preset, '--steps', '1', '--batch', '8'],
      ...['--data', images === 'colour' ? `npy:${pictures}` : 'glyphs'],
      ...['--engine', 'onnxruntime', '--device', 'cpu', '--out', run],
    );
    call('export', run, '-o', file);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
