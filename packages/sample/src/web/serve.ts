/** The thread that draws: answers what a page asks. */
import type { Images } from '@ganport/model';
import { numbersOf } from '@ganport/model';
import { firstLine } from '@ganport/onnx';
import type { Sampler } from '../sampler.ts';
import { type Engine, type OpenEngine, RefusedModel } from './engine.ts';
import { gridOf, rgbaOf } from './pixels.ts';
import type { Answer, Ask, DrawAsk, Drawn, LoadAsk, Port, Told } from './protocol.ts';
import type { Wanted } from './types.ts';

/** Answers at a port, for one generator, until it is closed. */
export function serve(port: Port, open: OpenEngine): void {
  const asked = new Map<number, AbortController>();
  let engine: Engine | undefined;
  let closed = false;
  const answer = (message: Answer, transfer: Transferable[] = []) =>
    port.postMessage(message, transfer);

  async function load(ask: LoadAsk): Promise<void> {
    try {
      engine = await open(ask, {
        progress: (loaded, total) => answer({ type: 'progress', loaded, total }),
        moved: (facts) => answer({ type: 'moved', facts }),
      });
      // It may have been given up meanwhile.
      if (closed) await engine.close();
      else answer({ type: 'loaded', metadata: engine.metadata, facts: engine.facts });
    } catch (error) {
      const part = error instanceof RefusedModel ? 'model' : 'runtime';
      const { model } = ask;
      answer({ type: 'refused', part, error: told(error), model }, [model.buffer]);
    }
  }

  async function draw({ id, wanted, form, columns }: DrawAsk): Promise<void> {
    const controller = new AbortController();
    asked.set(id, controller);
    try {
      const { signal } = controller;
      const images = await engine!.draw((sampler) => drawn(sampler, { ...wanted, signal }));
      const [made, transfer] = await formed(images, form, columns);
      answer({ type: 'drawn', id, drawn: made }, transfer);
    } catch (error) {
      answer({ type: 'failed', id, error: told(error) });
    } finally {
      asked.delete(id);
    }
  }

  port.addEventListener('message', ({ data }: MessageEvent<Ask>) => {
    if (data.type === 'load') void load(data);
    if (data.type === 'draw') void draw(data);
    if (data.type === 'cancel') asked.get(data.id)?.abort();
    if (data.type === 'close') {
      closed = true;
      void engine?.close();
    }
  });
  answer({ type: 'ready' });
}

function drawn(sampler: Sampler, wanted: Wanted): Promise<Images> {
  if ('latents' in wanted) return sampler.draw(wanted);
  return 'stops' in wanted ? sampler.walk(wanted) : sampler.sample(wanted);
}

async function formed(
  images: Images,
  form: DrawAsk['form'],
  columns: number | undefined,
): Promise<[Drawn, Transferable[]]> {
  const { width, height, channels, data } = images;
  if (form === 'bytes') return [{ form, images }, [data.buffer as ArrayBuffer]];
  if (form === 'float32') {
    const numbers = numbersOf(data, [channels, height, width]) as Float32Array<ArrayBuffer>;
    return [{ form, data: numbers }, [numbers.buffer]];
  }
  if (form === 'pictures') {
    const rgba = rgbaOf(images);
    return [{ form, width, height, rgba }, [rgba.buffer]];
  }
  const grid = gridOf(images, columns);
  if (form === 'grid') return [{ form, ...grid }, [grid.rgba.buffer]];
  const bitmap = await createImageBitmap(new ImageData(grid.rgba, grid.width, grid.height));
  return [{ form, bitmap }, [bitmap]];
}

function told(error: unknown): Told {
  return { name: error instanceof Error ? error.name : 'Error', message: firstLine(error) };
}
