/** What a probe finds. */
import type { EngineName } from '@ganport/model/node';
import type { Device } from '@ganport/runtime/node';

/** Every combination that there is in Node. */
export const TRAINERS: readonly { engine: EngineName; device: Device }[] = [
  { engine: 'onnxruntime', device: 'cpu' },
  { engine: 'onnxruntime', device: 'webgpu' },
  { engine: 'onnxruntime', device: 'cuda' },
  { engine: 'tensorflow', device: 'cpu' },
  { engine: 'tensorflow', device: 'cuda' },
];

export interface Measured {
  network: string;
  batch: number;
  steps: number;
  seconds: number;
  stepsPerSecond: number;
}

export interface ProbeStatus {
  works: boolean;
  /** What runs, and on what. */
  description?: string;
  speed?: Measured;
  /** Why it does not work, or why the probe was cut short. */
  why?: string;
  /** What would make it work, or faster. */
  remedy?: string;
}

/** From the probe to its parent. */
export interface ProbeMessage {
  status: ProbeStatus;
  /** Nothing better follows. */
  last: boolean;
}
