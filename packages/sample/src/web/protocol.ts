/** What a page and the thread that draws for it tell each other. */
import type { GeneratorMetadata, Images } from '@ganport/model';
import type { Forms, PageGenerator, Wanted } from './types.ts';

/** What is known of a generator that draws; see `PageGenerator`. */
export type Facts = Pick<PageGenerator, 'device' | 'runtime' | 'reason' | 'description'>;

export interface LoadAsk {
  type: 'load';
  /** Given away. */
  model: Uint8Array<ArrayBuffer>;
  device: 'auto' | 'webgpu' | 'wasm' | 'javascript';
  /** Where onnxruntime-web's files are; undefined leaves it to the bundler. */
  base: string | undefined;
  /** Of WebAssembly. */
  threads: number;
  /** Of the small runtime: it refuses a generator whose pictures take more multiplications. */
  maxWork: number | undefined;
}

/** A grid for a canvas is a form, too: that a page makes no use of but to show it. */
type Form = keyof Forms | 'bitmap' | 'grid';

export interface DrawAsk {
  type: 'draw';
  id: number;
  /** Without its signal, which becomes a `CancelAsk`. */
  wanted: Wanted;
  form: Form;
  columns: number | undefined;
}

interface CancelAsk {
  type: 'cancel';
  id: number;
}

export type Ask = LoadAsk | DrawAsk | CancelAsk | { type: 'close' };

/** An error's name and message. */
export interface Told {
  name: string;
  message: string;
}

/** Pictures as they are sent: memory that is given away, and no objects of a page. */
export type Drawn =
  | { form: 'bytes'; images: Images }
  | { form: 'float32'; data: Float32Array<ArrayBuffer> }
  | {
      form: 'pictures' | 'grid';
      width: number;
      height: number;
      rgba: Uint8ClampedArray<ArrayBuffer>;
    }
  | { form: 'bitmap'; bitmap: ImageBitmap };

export type Answer =
  /** The thread listens. */
  | { type: 'ready' }
  | { type: 'progress'; loaded: number; total: number | undefined }
  | { type: 'loaded'; metadata: GeneratorMetadata; facts: Facts }
  /** With the model, for another runtime to try; `part` is what is at fault. */
  | { type: 'refused'; part: 'model' | 'runtime'; error: Told; model: Uint8Array<ArrayBuffer> }
  | { type: 'moved'; facts: Facts }
  | { type: 'drawn'; id: number; drawn: Drawn }
  | { type: 'failed'; id: number; error: Told };

/** A `MessagePort`, a worker, or a worker's own scope. */
export interface Port {
  postMessage(message: Ask | Answer, transfer: Transferable[]): void;
  addEventListener(type: 'message', listen: (event: MessageEvent) => void): void;
}
