/** What onnxruntime can run a model on in Node. */
import { buildModel, encodeModel, float32, input, ops } from '@ganport/onnx';
import { explainDeviceError } from './device-error.ts';
import { openProgram } from './open.ts';
import type { Device } from './open-options.ts';

export interface DeviceStatus {
  works: boolean;
  /** Why it does not. */
  why?: string;
  /** What would make it work. */
  remedy?: string;
}

/** Runs one addition on a device. */
export async function probeDevice(device: Device): Promise<DeviceStatus> {
  const x = input('x', 'float32', [2]);
  const model = encodeModel(
    buildModel({ name: 'probe', inputs: [x], outputs: { y: ops.Add(x, x) } }),
  );
  try {
    const program = await openProgram(model, { device });
    try {
      const { y } = await program.run({ x: float32([1, 2]) });
      if (String(y?.data) !== '2,4') throw new Error(`1 + 1 and 2 + 2 gave ${y?.data}`);
    } finally {
      await program.close();
    }
    return { works: true };
  } catch (error) {
    return { works: false, ...explainDeviceError(error, device) };
  }
}
