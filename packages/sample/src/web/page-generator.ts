/** A generator in a page: what it is asked for, in the forms that pages want. */
import { SampleError } from '../error.ts';
import type { Drawn } from './protocol.ts';
import type { Remote } from './remote.ts';
import type { Forms, PageGenerator, Wanted } from './types.ts';

/** @param explain the reason, given what the thread says */
export function createPageGenerator(
  remote: Remote,
  explain: (facts: string) => string,
): PageGenerator {
  return {
    metadata: remote.metadata,
    get device() {
      return remote.facts.device;
    },
    get runtime() {
      return remote.facts.runtime;
    },
    get reason() {
      return explain(remote.facts.reason);
    },
    get description() {
      return remote.facts.description;
    },
    async sample<Form extends keyof Forms>({
      as = 'pictures' as Form,
      ...wanted
    }: Wanted & { as?: Form | undefined }): Promise<Forms[Form]> {
      return formOf(await drawn(remote, wanted, as)) as Forms[Form];
    },
    async draw(canvas, { columns, ...wanted }) {
      // Null where the canvas has a context of another kind.
      const renderer = canvas.getContext('bitmaprenderer');
      if (renderer) {
        const got = await drawn(remote, wanted, 'bitmap', columns);
        if (got.form !== 'bitmap') return;
        resize(canvas, got.bitmap);
        renderer.transferFromImageBitmap(got.bitmap);
        return;
      }
      const context = canvas.getContext('2d');
      if (!context) throw new SampleError('the canvas has a context that is not a 2D one');
      const got = await drawn(remote, wanted, 'grid', columns);
      if (got.form !== 'grid') return;
      resize(canvas, got);
      context.putImageData(new ImageData(got.rgba, got.width, got.height), 0, 0);
    },
    dispose: () => remote.end(),
  };
}

function drawn(
  remote: Remote,
  { signal, ...wanted }: Wanted,
  form: keyof Forms | 'bitmap' | 'grid',
  columns?: number,
): Promise<Drawn> {
  return remote.draw({ wanted: wanted as Wanted, form, columns }, signal);
}

function formOf(got: Drawn): Forms[keyof Forms] {
  if (got.form === 'bytes') return got.images;
  if (got.form === 'float32') return got.data;
  if (got.form === 'bitmap') throw new SampleError('a bitmap is for a canvas');
  const { width, height, rgba } = got;
  const size = width * height * 4;
  // Views of one memory, which came without a copy.
  return Array.from(
    { length: rgba.length / size },
    (_, i) => new ImageData(rgba.subarray(i * size, (i + 1) * size), width, height),
  );
}

/** Setting a size clears a canvas. */
function resize(canvas: HTMLCanvasElement, { width, height }: { width: number; height: number }) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
