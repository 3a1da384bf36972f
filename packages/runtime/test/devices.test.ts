import { describe, expect, test } from 'vitest';
import { cudaProblem } from '../src/cuda.ts';
import { DeviceError, explainDeviceError, withDevice } from '../src/device-error.ts';
import { probeDevice } from '../src/devices.ts';
import { openError, RuntimeError } from '../src/error.ts';
import { openProgram } from '../src/node.ts';
import { ACCUMULATOR, accumulator } from './program/models.ts';

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

describe.skipIf(cudaProblem() === undefined)('a program on CUDA without its files', () => {
  test.each(['native', 'node'] as const)(
    'by %s is refused with the device and the remedy',
    async (runtime) => {
      const opened = openProgram(accumulator(), { ...ACCUMULATOR, device: 'cuda', runtime });
      await expect(opened).rejects.toThrow(DeviceError);
      await expect(opened).rejects.toThrow(
        /^onnxruntime does not run on cuda: its provider is not installed; it needs .*`ganport doctor --install cuda`/,
      );
    },
  );
});

test.each([
  ['a damaged model', openError(new Error('Failed to load model: protobuf parsing failed.'))],
  ['state that does not fit', new RuntimeError('state "x" is no input: the model has y')],
])('%s is not the device’s fault', (_, error) => {
  expect(withDevice(error, 'webgpu')).toBe(error);
});

test('where in onnxruntime’s source it was thrown is not told', () => {
  const place =
    '/onnxruntime_src/core/provider_bridge_ort.cc:1988 Provider& ProviderLibrary::Get()';
  const error = openError(new Error(`${place} [ONNXRuntimeError] : 1 : FAIL : Failed to get it`));
  expect(error.message).toBe('cannot open the model: Failed to get it');
});

test('no driver helps where onnxruntime is missing', () => {
  const line = 'cannot load lib.so: it does not exist';
  const error = new RuntimeError(
    `${line}: install the dependencies again: \`pnpm install --force\``,
  );
  expect(explainDeviceError(error, 'webgpu')).toEqual({
    why: line,
    remedy: 'the dependencies installed again: `pnpm install --force`',
  });
});

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
    [
      'Failed to get symbol: libx.so: undefined symbol: GetProvider',
      /downloads the provider again/,
    ],
    ['something nobody has seen', /GPU and driver/],
  ])('against "%s"', (line, remedy) => {
    const explained = explainDeviceError(new Error(`${line}\nmore`), 'cuda');
    expect(explained.why).toBe(line);
    expect(explained.remedy).toMatch(remedy);
  });
});
