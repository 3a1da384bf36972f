import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { brokenLibrary } from '../src/tensorflow/backend.ts';

/** A shared library that any installation has. */
const LIBRARY = createRequire(createRequire(import.meta.url).resolve('onnxruntime-node'));

// Loading what was cut off would end the process with SIGBUS.
test.skipIf(process.platform !== 'linux')('a library that was cut off is found', () => {
  const whole = LIBRARY.resolve(`../bin/napi-v6/linux/${process.arch}/onnxruntime_binding.node`);
  const home = mkdtempSync(join(tmpdir(), 'ganport-tfjs-'));
  try {
    expect(brokenLibrary(home)).toBeUndefined();
    mkdirSync(join(home, 'lib/napi-v8'), { recursive: true });
    mkdirSync(join(home, 'deps/lib'), { recursive: true });
    cpSync(whole, join(home, 'lib/napi-v8/tfjs_binding.node'));
    expect(brokenLibrary(home)).toBeUndefined();
    writeFileSync(join(home, 'deps/lib/libtensorflow.so.2'), readFileSync(whole).subarray(0, 9999));
    expect(brokenLibrary(home)).toBe('deps/lib/libtensorflow.so.2');
  } finally {
    rmSync(home, { recursive: true });
  }
});
