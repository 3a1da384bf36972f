/** A generator.onnx to measure drawing with. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Made as everybody makes one, in one step: only the network matters. */
export function trainOneStep(preset: 'mlp' | 'conv' | 'quick' | 'dcgan'): Uint8Array {
  const ganport = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'ganport-bench-'));
  const [run, file] = [join(folder, 'run'), join(folder, 'generator.onnx')];
  const call = (...args: string[]) => execFileSync(process.execPath, [ganport, ...args]);
  try {
    call(
      ...['train', '--preset', preset, '--data', 'glyphs', '--steps', '1', '--batch', '8'],
      ...['--engine', 'onnxruntime', '--device', 'cpu', '--out', run],
    );
    call('export', run, '-o', file);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
