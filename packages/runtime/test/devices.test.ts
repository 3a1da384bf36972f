import { describe, expect, test } from 'vitest';
import { cudaProblem } from '../src/cuda.ts';
import { explainDeviceError, probeDevice } from '../src/devices.ts';

test('the CPU works', async () => {
  expect(await probeDevice('cpu')).toEqual({ works: true });
});

test.skipIf(cudaProblem() === undefined)(
  'CUDA without its files does not, with the remedy',
  async () => {
    const status = await probeDevice('cuda');
    expect(status).toMatchObject({ works: false, why: cudaProblem() });
    expect(status.remedy).toMatch(/ganport doctor --install cuda/);
  },
);

describe('what helps', () => {
  test.each([
    [
      'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version',
      /newer NVIDIA driver/,
    ],
    ['libcuda.so.1: cannot open shared object file', /NVIDIA driver/],
    ['CUDA failure 100: no CUDA-capable device is detected', /nvidia-smi/],
    ['libcudnn.so.8: cannot open shared object file', /^cuDNN 8, /],
    ['cuDNN is not available. Install cuDNN, update the system library search path', /^cuDNN 9, /],
    ['libcudart.so.12: cannot open shared object file', /^CUDA 12 and cuDNN 9, /],
    ["/lib64/libm.so.6: version `GLIBC_2.99' not found", /newer Linux/],
    ['something nobody has seen', /GPU and driver/],
  ])('against "%s"', (line, remedy) => {
    const explained = explainDeviceError(new Error(`${line}\nmore`), 'cuda');
    expect(explained.why).toBe(line);
    expect(explained.remedy).toMatch(remedy);
  });
});
