/** What a generator in a page is asked for, and what it answers. */
import type { GeneratorMetadata, Images } from '@ganport/model';
import type { DrawOptions, SampleOptions, WalkOptions } from '../sampler.ts';

export const DEVICES = ['auto', 'webgpu', 'wasm', 'javascript'] as const;
/** What computes: `auto` takes the best that works; `javascript` is the small runtime's. */
export type Device = (typeof DEVICES)[number];

export const RUNTIMES = ['auto', 'onnxruntime', 'small'] as const;
/** `auto` takes the small one where a picture costs little, or where the page allows no WebAssembly. */
export type Runtime = (typeof RUNTIMES)[number];

/** How much of what is downloaded has arrived. */
export interface Progress {
  part: 'model' | 'runtime';
  /** Bytes. */
  loaded: number;
  /** Bytes, where the server says how many. */
  total: number | undefined;
}

export interface LoadOptions {
  device?: Device | undefined;
  runtime?: Runtime | undefined;
  /**
   * Address of a folder of onnxruntime-web's files (`RUNTIME_FILES`), ending in a slash. Needed where there is no bundler:
   * those find the files themselves.
   */
  base?: string | URL | undefined;
  /** Threads of WebAssembly, 1 unless given. More need a page that is cross-origin isolated, and pay for large networks. */
  threads?: number | undefined;
  /**
   * SHA-256 of the model's file in hexadecimal. What was downloaded is held to it, and kept in the browser under it where
   * storage allows, so that it is downloaded once.
   */
  sha256?: string | undefined;
  /** Gives up: loading rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** Pictures of a seed, of a walk from picture to picture, or of given latents. */
export type Wanted = SampleOptions | WalkOptions | DrawOptions;

/** How pictures are given. */
export interface Forms {
  /** One ImageData for each. */
  pictures: ImageData[];
  /** −1 … 1, [count, C, H, W]. */
  float32: Float32Array;
  /** Levels, uint8 [count, H, W, C]. */
  bytes: Images;
}

export interface PageGenerator {
  readonly metadata: GeneratorMetadata;
  /** What draws now. A GPU that is lost is replaced by WebAssembly, and these follow. */
  readonly device: Exclude<Device, 'auto'>;
  readonly runtime: Exclude<Runtime, 'auto'>;
  /** Why it is these, and where it is not what was hoped for, what was in the way. */
  readonly reason: string;
  /** What draws, and on what: "onnxruntime-web 1.30.0 on WebAssembly". */
  readonly description: string;
  /**
   * Draws pictures. Requests at the same time share runs, and take turns; one that fails leaves the others alone.
   * @throws SampleError outside the ranges, and what the run throws
   */
  sample(wanted: Wanted & { as?: 'pictures' | undefined }): Promise<ImageData[]>;
  sample<Form extends keyof Forms>(wanted: Wanted & { as: Form }): Promise<Forms[Form]>;
  /**
   * Draws pictures onto a canvas, which gets their size: `columns` of them to a row, as many as make a square unless given.
   * Pixels go there without a copy, unless the canvas has a 2D context already.
   */
  draw(canvas: HTMLCanvasElement, wanted: Wanted & { columns?: number | undefined }): Promise<void>;
  /** Ends it and frees its memory; what was asked for and has not come rejects. */
  dispose(): void;
}
