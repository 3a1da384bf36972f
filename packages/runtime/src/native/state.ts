/** State in two sets of tensors at fixed addresses: a run goes from one set into the other. */
import type { Tensor } from '@ganport/onnx';
import type { StatePort, Tensors } from '../ports.ts';
import type { Handle } from './api.ts';
import type { CopyValues } from './copies.ts';
import type { Scope } from './scope.ts';
import { deviceTensor, type HostTensor, hostTensor } from './tensors.ts';
import type { Thread } from './thread.ts';

/** What tensors are made and copied with. */
export interface Memory {
  scope: Scope;
  thread: Thread;
  /** Where the host's memory is. */
  host: Handle;
  /** Gives memory on the device; undefined where that is the host's own. */
  device: Handle | undefined;
  /** Between the host and the device. */
  copy: CopyValues;
}

/** One of the two sets. */
export type Side = 0 | 1;

export interface StateTensors {
  /** The value of a state tensor in one set; in both the same one where no run changes it. */
  value(name: string, side: Side): Handle;
  write(side: Side, tensors: Tensors): Promise<void>;
  read(side: Side, ports: readonly StatePort[]): Promise<Record<string, Tensor>>;
}

/** Makes the state, all zeros. */
export async function createState(
  memory: Memory,
  ports: readonly StatePort[],
): Promise<StateTensors> {
  const twice = <T>(port: StatePort, make: () => T): readonly [T, T] => {
    const first = make();
    return [first, port.next === null ? first : make()];
  };
  if (memory.device === undefined) return onHost(memory, ports, twice);
  return onDevice(memory, memory.device, ports, twice);
}

type Twice = <T>(port: StatePort, make: () => T) => readonly [T, T];

function onHost({ scope, host }: Memory, ports: readonly StatePort[], twice: Twice): StateTensors {
  const pairs = new Map(
    ports.map((port) => [port.name, twice(port, () => hostTensor(scope, host, port))]),
  );
  const tensor = (name: string, side: Side): HostTensor => pairs.get(name)![side];
  return {
    value: (name, side) => tensor(name, side).value,
    async write(side, tensors) {
      for (const [name, { data }] of Object.entries(tensors)) {
        tensor(name, side).data.set(data as never);
      }
    },
    async read(side, wanted) {
      return Object.fromEntries(
        wanted.map(({ name, dtype, shape }): [string, Tensor] => [
          name,
          { dtype, shape: [...shape], data: tensor(name, side).data.slice() },
        ]),
      );
    },
  };
}

async function onDevice(
  memory: Memory,
  allocator: Handle,
  ports: readonly StatePort[],
  twice: Twice,
): Promise<StateTensors> {
  const { scope, copy } = memory;
  const pairs = new Map(
    ports.map((port) => [port.name, twice(port, () => deviceTensor(scope, allocator, port))]),
  );
  /** Runs a task with a tensor on the host, which ends with it. */
  const staged = async (port: StatePort, task: (tensor: HostTensor) => Promise<void>) => {
    const tensor = hostTensor(scope, memory.host, port);
    try {
      await task(tensor);
      return tensor;
    } finally {
      scope.release('Value', tensor.value);
    }
  };
  const value: StateTensors['value'] = (name, side) => pairs.get(name)![side];
  const write = (port: StatePort, side: Side, data?: Tensor['data']) =>
    staged(port, (tensor) => {
      if (data) tensor.data.set(data as never);
      return copy([
        { from: tensor.value, to: value(port.name, side), bytes: tensor.data.byteLength },
      ]);
    });
  for (const port of ports) await write(port, 0);
  return {
    value,
    async write(side, tensors) {
      for (const port of ports) {
        const tensor = Object.hasOwn(tensors, port.name) ? tensors[port.name] : undefined;
        if (tensor) await write(port, side, tensor.data);
      }
    },
    async read(side, wanted) {
      const read: Record<string, Tensor> = {};
      for (const port of wanted) {
        const { dtype, shape, data } = await staged(port, (tensor) =>
          copy([{ from: value(port.name, side), to: tensor.value, bytes: tensor.data.byteLength }]),
        );
        read[port.name] = { dtype, shape: [...shape], data };
      }
      return read;
    },
  };
}
