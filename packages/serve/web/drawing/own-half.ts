/** The page's own half: a generator that needs no server once it is loaded. It draws in a worker. */
import {
  type ChosenCodes,
  chooseCodes,
  codesOf,
  type GeneratorMetadata,
  latents,
} from '@ganport/model';
import { slerp } from '@ganport/sample';
import {
  DEVICES,
  type Device,
  loadGenerator,
  type PageGenerator,
  type Progress,
  type Wanted,
} from '@ganport/sample/web';
import type { Drawn } from './drawn.ts';

interface Chosen {
  codes: ChosenCodes;
  truncation: number | undefined;
}

/** Pictures 0 … count − 1 of a seed. */
interface SampleCall extends Chosen {
  seed: number;
  count: number;
  label: number | undefined;
}

/** Pictures on the way from one of a seed to another. */
interface BetweenCall extends Chosen {
  seed: number;
  from: number;
  to: number;
  /** How far along each is, 0 … 1. */
  shares: readonly number[];
  /** Class of each, where the generator has classes. */
  labels: readonly number[] | undefined;
}

export interface OwnHalf {
  /** @throws Error in one line if the generator cannot be loaded or drawn with; AbortError when taken back */
  sample(call: SampleCall, signal: AbortSignal): Promise<Drawn>;
  /** @throws as `sample` */
  between(call: BetweenCall, signal: AbortSignal): Promise<Drawn>;
}

export interface OwnHalfOptions {
  /** As the address says it. */
  device: string;
  sha256: string;
  onProgress(progress: Progress): void;
}

/** It is loaded when something is asked of it, and again where that failed. */
export function createOwnHalf({ device, sha256, onProgress }: OwnHalfOptions): OwnHalf {
  let opening: Promise<PageGenerator> | undefined;
  const open = async () => {
    try {
      const options = { base: 'ort/', device: readDevice(device), onProgress };
      // A page over plain HTTP from another machine has no digests, and keeps nothing.
      return await loadGenerator(
        'generator.onnx',
        isSecureContext ? { ...options, sha256 } : options,
      );
    } catch (error) {
      opening = undefined;
      throw error;
    }
  };
  const draw = async (wantedOf: (metadata: GeneratorMetadata) => Wanted, signal: AbortSignal) => {
    opening ??= open();
    const generator = await opening;
    signal.throwIfAborted();
    const started = performance.now();
    const wanted = wantedOf(generator.metadata);
    const images = await generator.sample({ ...wanted, signal, as: 'bytes' });
    const { description: by, reason: why } = generator;
    return { images, ms: performance.now() - started, by, why };
  };
  return {
    sample: (call, signal) => draw(() => call, signal),
    between: ({ labels, ...call }, signal) =>
      draw((metadata) => ({ latents: latentsBetween(call, metadata), labels }), signal),
  };
}

function readDevice(text: string): Device {
  const device = DEVICES.find((name) => name === text);
  if (device) return device;
  throw new Error(`device: expected ${DEVICES.join(', ')}, got “${text}”`);
}

/** [shares, size]; all have the codes that are chosen. */
function latentsBetween(
  { seed, from, to, shares, codes, truncation }: Omit<BetweenCall, 'labels'>,
  { latent, codes: spec }: GeneratorMetadata,
): Float32Array {
  const [a, b] = [from, to].map((index) => latents(seed, index, latent.size, { truncation }));
  const batch = new Float32Array(shares.length * latent.size);
  shares.forEach((share, i) => {
    batch.set(share === 0 ? a! : share === 1 ? b! : slerp(a!, b!, share), i * latent.size);
  });
  chooseCodes(batch, latent.size, codesOf(spec), codes);
  return batch;
}
