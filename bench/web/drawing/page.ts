/** What a page of the benchmark does with whatever draws in it: the first picture at once, others when it is asked. */
import type { DrawingPage } from '../../src/web-page.ts';

export interface Drawer {
  description: string;
  /** A picture onto a canvas. */
  show(canvas: HTMLCanvasElement): Promise<void>;
  /** Levels of pictures that nobody chose. */
  draw(count: number): Promise<Uint8Array>;
  /** And of given latents [count, size]. */
  of(latents: Float32Array, count: number): Promise<Uint8Array>;
}

export interface Wanted {
  preset: string;
  threads: number;
  query: URLSearchParams;
}

/** Opens a drawer as the page's address asks for it. */
export function serve(open: (wanted: Wanted) => Promise<Drawer>): void {
  const query = new URLSearchParams(location.search);
  const opened = open({
    preset: query.get('preset')!,
    threads: Number(query.get('threads') ?? 1),
    query,
  });
  const first = opened.then(async (drawer) => {
    const canvas = document.createElement('canvas');
    document.body.append(canvas);
    await drawer.show(canvas);
    // Since the navigation began.
    return { ms: performance.now(), description: drawer.description };
  });
  const page: DrawingPage = {
    first: () => first,
    async of(latents, count) {
      return Array.from(await (await opened).of(Float32Array.from(latents), count));
    },
    async run(pictures, request) {
      const { draw } = await opened;
      const start = performance.now();
      for (let done = 0; done < pictures; done += request) await draw(request);
      return performance.now() - start;
    },
  };
  Object.assign(globalThis, page);
}
