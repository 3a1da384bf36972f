import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { providerFolder } from '@ganport/runtime/node';
import { expect, test } from 'vitest';
import { brokenLibrary } from '../src/tensorflow/backend.ts';

// Loading what was cut off would end the process with SIGBUS.
test.skipIf(process.platform !== 'linux')('a library that was cut off is found', () => {
  // A library that any installation has.
  const whole = join(providerFolder(), 'onnxruntime_binding.node');
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
