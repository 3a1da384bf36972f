/** What a run is fed, and what comes back from it. */
import type { Tensor } from '@ganport/onnx';
import { RuntimeError } from '../error.ts';
import type { Bindings, Tensors } from '../ports.ts';
import type { Port } from '../program.ts';
import type { Handle, OrtApi } from './api.ts';
import type { Memory } from './state.ts';
import { deviceTensor, type HostTensor, hostTensor, type TensorType, tensorAt } from './tensors.ts';

export interface Exchange {
  /** Binds the results, after whatever other outputs the binding has. */
  bind(binding: Handle): void;
  /** Makes feeds ready for a run with this binding. */
  send(binding: Handle, feeds: Tensors): Promise<void>;
  /** The results of the run that ended last, in memory of their own. */
  receive(binding: Handle): Promise<Record<string, Tensor>>;
}

type Ports = Pick<Bindings, 'feeds' | 'results'>;

/**
 * Feeds and results in the host's memory; onnxruntime copies between it and a device. What has known sizes
 * keeps one place, so that a run on the CPU allocates nothing for it.
 */
export function createExchange(
  { scope, host, device }: Memory,
  { feeds, results }: Ports,
): Exchange {
  const { api } = scope;
  const fed = new Map<string, HostTensor & { boundTo: Set<Handle> }>();
  const fixed = new Map(
    results.filter(isKnown).map((port) => [port.name, hostTensor(scope, host, port)]),
  );
  const bind = (binding: Handle, { name }: Port) => {
    const tensor = fixed.get(name);
    if (tensor) api.call('BindOutput', binding, name, tensor.value);
    else api.call('BindOutputToDevice', binding, name, host);
  };
  return {
    bind(binding) {
      for (const port of results) bind(binding, port);
    },
    async send(binding, given) {
      for (const { name } of feeds) {
        const tensor = given[name]!;
        let place = fed.get(name);
        if (!place || String(place.shape) !== String(tensor.shape)) {
          if (place) scope.release('Value', place.value);
          place = { ...hostTensor(scope, host, tensor), boundTo: new Set() };
          fed.set(name, place);
        }
        place.data.set(tensor.data as never);
        // A device's provider copies an input when it is bound, not when it runs.
        if (device === undefined && place.boundTo.has(binding)) continue;
        api.call('BindInput', binding, name, place.value);
        place.boundTo.add(binding);
      }
      for (const port of results) {
        // The last run's tensor would be filled again, whatever the shape is now.
        if (!fixed.has(port.name)) bind(binding, port);
      }
    },
    async receive(binding) {
      const allKnown = fixed.size === results.length;
      const values = allKnown ? [] : boundOutputs(api, binding);
      // State comes before them.
      const own = values.slice(values.length - results.length);
      try {
        return Object.fromEntries(
          results.map(({ name, dtype }, i): [string, Tensor] => {
            const tensor = fixed.get(name);
            return [name, tensor ? copyOf(tensor) : tensorAt(api, own[i]!, dtype)];
          }),
        );
      } finally {
        for (const value of values) api.release('Value', value);
      }
    },
  };
}

/**
 * Feeds and results at fixed addresses of the device, as a CUDA graph needs them: what is replayed copies
 * nothing.
 * @throws RuntimeError if a size is not known
 */
export function createStagedExchange(
  memory: Memory & { device: Handle },
  { feeds, results }: Ports,
): Exchange {
  const { scope, host, device, copy } = memory;
  const stage = (port: Port) => {
    if (!isKnown(port)) {
      throw new RuntimeError(
        `"${port.name}" has the shape [${port.shape}]: CUDA graphs need known sizes`,
      );
    }
    const onHost = hostTensor(scope, host, port);
    return { name: port.name, onHost, onDevice: deviceTensor(scope, device, port) };
  };
  const [fed, returned] = [feeds.map(stage), results.map(stage)];
  const upload = fed.map(({ onHost, onDevice }) => {
    return { from: onHost.value, to: onDevice, bytes: onHost.data.byteLength };
  });
  const download = returned.map(({ onHost, onDevice }) => {
    return { from: onDevice, to: onHost.value, bytes: onHost.data.byteLength };
  });
  return {
    bind(binding) {
      for (const { name, onDevice } of fed) scope.api.call('BindInput', binding, name, onDevice);
      for (const { name, onDevice } of returned) {
        scope.api.call('BindOutput', binding, name, onDevice);
      }
    },
    async send(_, given) {
      for (const { name, onHost } of fed) onHost.data.set(given[name]!.data as never);
      if (upload.length > 0) await copy(upload);
    },
    async receive() {
      if (download.length > 0) await copy(download);
      return Object.fromEntries(returned.map(({ name, onHost }) => [name, copyOf(onHost)]));
    },
  };
}

function isKnown(port: Port): port is Port & TensorType {
  return port.shape.every((dim) => typeof dim === 'number');
}

function copyOf({ dtype, shape, data }: HostTensor): Tensor {
  return { dtype, shape: [...shape], data: data.slice() };
}

/** The outputs of the last run, in the order they were bound: whoever asks for them releases them. */
function boundOutputs(api: OrtApi, binding: Handle): Handle[] {
  const allocator = api.get('GetAllocatorWithDefaultOptions');
  const [array, count] = [new BigUint64Array(1), new BigUint64Array(1)];
  api.call('GetBoundOutputValues', binding, allocator, array, count);
  const pointers = api.bytesAt(array[0]!, 8 * Number(count[0]));
  api.call('AllocatorFree', allocator, array[0]!);
  const values = new BigUint64Array(pointers.buffer, pointers.byteOffset, Number(count[0]));
  return Array.from(values, (value) => api.adopt('Value', value));
}
