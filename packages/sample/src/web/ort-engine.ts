/** onnxruntime-web as an engine: on WebGPU or WebAssembly, and on WebAssembly where the GPU is lost. */
import { checkGeneratorDigest, type GeneratorMetadata } from '@ganport/model';
import { firstLine } from '@ganport/onnx';
import { openWeb, RuntimeError } from '@ganport/runtime';
import { generatorOf } from '../generator.ts';
import { type Sampler, samplerOf } from '../sampler.ts';
import { readGraph } from '../small/graph.ts';
import { metadataOf } from '../small/picture.ts';
import { buildForWebGpu, expectWebAssembly, findObstacle } from './devices.ts';
import { type Engine, type EngineEvents, type OpenEngine, RefusedModel } from './engine.ts';
import type { LoadRuntime } from './load-runtime.ts';
import type { Facts } from './protocol.ts';
import type { Build } from './runtime-files.ts';

/** A sampler, and what is known of it. */
interface Opened {
  sampler: Sampler;
  facts: Facts;
  /** Resolves when its GPU is no more. */
  lost: Promise<unknown>;
}

export function ortEngine(loadRuntime: LoadRuntime): OpenEngine {
  return async ({ model, device, threads }, events) => {
    const metadata = await metadataIn(model);
    const open = (on: 'webgpu' | 'wasm', reason: string) =>
      openOn({ loadRuntime, model, metadata, threads, on, reason, events });
    return createEngine(await openBest(open, device), open, events);
  };
}

/** Before a runtime of megabytes is loaded for nothing. */
async function metadataIn(model: Uint8Array): Promise<GeneratorMetadata> {
  try {
    const metadata = metadataOf(readGraph(model).metadata);
    await checkGeneratorDigest(model, metadata);
    return metadata;
  } catch (error) {
    throw new RefusedModel(firstLine(error), { cause: error });
  }
}

type Open = (on: 'webgpu' | 'wasm', reason: string) => Promise<Opened>;

async function openBest(open: Open, device: string): Promise<Opened> {
  expectWebAssembly();
  if (device !== 'auto') return open(device as 'webgpu' | 'wasm', 'it was asked for');
  const obstacle = await findObstacle();
  if (obstacle) return open('wasm', obstacle);
  try {
    return await open('webgpu', 'WebGPU works here');
  } catch (error) {
    // A runtime that failed to start never starts again, but WebAssembly's build is another module.
    return open('wasm', `WebGPU failed: ${firstLine(error)}`);
  }
}

interface OpenOptions {
  loadRuntime: LoadRuntime;
  model: Uint8Array;
  metadata: GeneratorMetadata;
  threads: number;
  on: 'webgpu' | 'wasm';
  reason: string;
  events: EngineEvents;
}

async function openOn({ loadRuntime, model, metadata, on, ...rest }: OpenOptions): Promise<Opened> {
  const build: Build = on === 'webgpu' ? buildForWebGpu() : 'wasm';
  const ort = await loadRuntime(build, rest.threads, rest.events.progress);
  const sampler = await samplerOf(
    await generatorOf(await openWeb(ort, model, { device: on }), metadata),
    {},
  );
  const gpu = on === 'webgpu' ? await ort.env.webgpu.device : undefined;
  const description = [sampler.description, gpu && nameOf(gpu.adapterInfo)]
    .filter(Boolean)
    .join(' · ');
  return {
    sampler,
    facts: { device: on, runtime: 'onnxruntime', reason: rest.reason, description },
    lost: gpu ? gpu.lost : new Promise(() => {}),
  };
}

function nameOf({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed GPU';
}

function createEngine(first: Opened, open: Open, events: EngineEvents): Engine {
  let current = Promise.resolve(first);
  let facts = first.facts;
  /** Goes on on WebAssembly; requests that fail together move once. */
  const moveFrom = (failed: Opened, why: string) => {
    current = current.then(async (now) => {
      if (now !== failed) return now;
      const next = await open('wasm', why);
      facts = next.facts;
      events.moved(facts);
      // What runs there may never end.
      failed.sampler.close().catch(() => {});
      return next;
    });
    return current;
  };
  void first.lost.then(() => moveFrom(first, LOST)).catch(() => {});
  return {
    metadata: first.sampler.metadata,
    get facts() {
      return facts;
    },
    async draw(by) {
      const opened = await current;
      if (opened.facts.device !== 'webgpu') return by(opened.sampler);
      const lost = opened.lost.then(() => Promise.reject(new RuntimeError(LOST)));
      try {
        return await Promise.race([by(opened.sampler), lost]);
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        const why = error.message === LOST ? LOST : `WebGPU failed: ${error.message}`;
        return by((await moveFrom(opened, why)).sampler);
      }
    },
    async close() {
      await (await current).sampler.close();
    },
  };
}

const LOST = 'the GPU was lost';
