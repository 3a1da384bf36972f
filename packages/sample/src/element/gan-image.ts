/**
 * `<gan-image src="generator.onnx" seed="42">`: pictures of a generator. Elements of the same source share one session, which
 * ends with the last of them.
 *
 * Attributes: src, seed, start, count, columns, label (a class's name or index), truncation, codes, device, runtime, base,
 * sha256, alt, poster, loading ("lazy"), animate. Properties of the same names reflect them, but `animated`, since elements
 * have a method `animate`.
 * Events: load, sample, progress, error. Parts: canvas, poster, error, toggle. The slot is shown until there is a picture.
 */
import { firstLine } from '@ganport/onnx';
import { addressOf } from '../web/address.ts';
import type { LoadOptions, PageGenerator } from '../web/types.ts';
import { type Lease, type LoadGenerator, lease } from './shared.ts';
import { createView, type View } from './view.ts';
import { describe, onTheWay, type Wanted, wantedBy } from './wanted.ts';

/** Of another source, or drawn by something else. */
const OF_SOURCE = ['src', 'device', 'runtime', 'base', 'sha256', 'loading'] as const;
const OF_PICTURE = [
  'seed',
  'start',
  'count',
  'columns',
  'label',
  'truncation',
  'codes',
  'alt',
] as const;
const REFLECTED = [...OF_SOURCE, ...OF_PICTURE, 'poster'] as const;

/** A server has no elements, and imports this all the same. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** Milliseconds from one picture of a walk to the next, and least between two frames. */
const LEG_MS = 2000;
const FRAME_MS = 30;
/** How far outside of what is seen a lazy element begins. */
const NEAR = '200px';

/** They give the attributes' text, or null; numbers may be set. */
type Reflected<Name extends string> = Record<Name, string | number | null>;

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the properties are defined below, one for each attribute
export class GanImageElement extends Base {
  static readonly observedAttributes: readonly string[] = [...REFLECTED, 'animate'];
  /** What loads generators: it differs between builds. */
  static load: LoadGenerator;

  #view: View | undefined;
  #lease: Lease | undefined;
  #key: string | undefined;
  #generator: PageGenerator | undefined;
  /** Of the request that is under way. */
  #drawing: AbortController | undefined;
  #updating = false;
  #near = false;
  #paused = false;
  #observer: IntersectionObserver | undefined;
  #stillness: MediaQueryList | undefined;
  #frame = 0;
  /** How far the walk has come, in pictures. */
  #at = 0;

  /** The generator, once it is loaded. It is the element's: do not dispose of it. */
  get generator(): PageGenerator | undefined {
    return this.#generator;
  }

  get animated(): boolean {
    return this.hasAttribute('animate');
  }
  set animated(on: boolean) {
    this.toggleAttribute('animate', on);
  }

  connectedCallback(): void {
    this.#view ??= createView(this, () => {
      this.#paused = !this.#paused;
      this.#walk();
    });
    this.#view.showPoster(this.getAttribute('poster'));
    this.#observer = new IntersectionObserver(this.#seen, { rootMargin: NEAR });
    this.#observer.observe(this);
    this.#stillness = matchMedia('(prefers-reduced-motion: reduce)');
    this.#stillness.addEventListener('change', this.#walk);
    this.#update();
  }

  disconnectedCallback(): void {
    this.#observer?.disconnect();
    this.#stillness?.removeEventListener('change', this.#walk);
    this.#letGo();
  }

  attributeChangedCallback(name: string): void {
    if (name === 'poster') this.#view?.showPoster(this.getAttribute('poster'));
    else this.#update();
  }

  #seen = (entries: IntersectionObserverEntry[]) => {
    this.#near = entries.at(-1)!.isIntersecting;
    if (this.#lease) this.#walk();
    else this.#update();
  };

  /** Once for all attributes that change in one go. */
  #update(): void {
    if (this.#updating) return;
    this.#updating = true;
    queueMicrotask(() => {
      this.#updating = false;
      if (!this.isConnected) return;
      if (this.#lease || this.#near || this.getAttribute('loading') !== 'lazy') this.#take();
    });
  }

  #take(): void {
    const src = this.getAttribute('src');
    const key = JSON.stringify(OF_SOURCE.map((name) => this.getAttribute(name)));
    if (key !== this.#key) {
      this.#letGo();
      this.#key = key;
      if (src) void this.#load(src);
    } else if (this.#generator) void this.#draw();
  }

  #letGo(): void {
    this.#standStill();
    this.#drawing?.abort();
    this.#lease?.release();
    this.#lease = undefined;
    this.#generator = undefined;
    this.#key = undefined;
  }

  async #load(src: string): Promise<void> {
    const attribute = (name: string) => this.getAttribute(name) ?? undefined;
    const base = attribute('base');
    const { load } = this.constructor as typeof GanImageElement;
    let addresses: { src: string; base: string | undefined };
    try {
      addresses = {
        src: addressOf(src, this.baseURI, 'src'),
        base: base === undefined ? undefined : addressOf(base, this.baseURI, 'base'),
      };
    } catch (error) {
      this.#fail(error);
      return;
    }
    const taken = lease(this.ownerDocument, load, {
      ...addresses,
      device: attribute('device') as LoadOptions['device'],
      runtime: attribute('runtime') as LoadOptions['runtime'],
      sha256: attribute('sha256'),
      onProgress: (detail) => this.dispatchEvent(new CustomEvent('progress', { detail })),
    });
    this.#lease = taken;
    try {
      const generator = await taken.generator;
      if (this.#lease !== taken) return;
      this.#generator = generator;
    } catch (error) {
      if (this.#lease === taken) this.#fail(error);
      return;
    }
    this.dispatchEvent(new Event('load'));
    await this.#draw();
  }

  async #draw(): Promise<void> {
    const generator = this.#generator!;
    this.#drawing?.abort();
    this.#standStill();
    this.#at = 0;
    const drawing = new AbortController();
    this.#drawing = drawing;
    const { signal } = drawing;
    try {
      const wanted = wantedBy(this, generator.metadata);
      const began = performance.now();
      await generator.draw(this.#view!.canvas, { ...wanted, signal });
      if (signal.aborted) return;
      const alt = this.getAttribute('alt');
      const label = alt ?? describe(wanted, generator.metadata);
      this.#view!.showPicture(label === '' ? undefined : label);
      const detail = { ...wanted, milliseconds: performance.now() - began };
      this.dispatchEvent(new CustomEvent('sample', { detail }));
      this.#walk();
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const message = firstLine(error);
    this.#view!.showError(message);
    this.dispatchEvent(new ErrorEvent('error', { error, message }));
  }

  #standStill(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** Walks on, or stands still, as it is to be. */
  #walk = (): void => {
    this.#standStill();
    const mayMove = this.animated && !this.#stillness!.matches;
    const drawn = this.#generator !== undefined && !this.#view!.canvas.hidden;
    this.#view!.showToggle(mayMove && drawn ? (this.#paused ? 'play' : 'pause') : undefined);
    if (!mayMove || !drawn || this.#paused || !this.#near) return;
    const generator = this.#generator!;
    const wanted = wantedBy(this, generator.metadata);
    const { signal } = this.#drawing!;
    this.#step({ generator, wanted, signal, last: performance.now() });
  };

  #step(walk: Walking): void {
    const frame = requestAnimationFrame(async (now) => {
      const { generator, wanted, signal, last } = walk;
      if (now - last < FRAME_MS) return this.#step(walk);
      // A tab that was hidden, or a slow picture, does not make it jump.
      this.#at += Math.min(now - last, LEG_MS / 10) / LEG_MS;
      const pictures = onTheWay(wanted, generator.metadata, this.#at);
      const { columns } = wanted;
      try {
        await generator.draw(this.#view!.canvas, { ...pictures, columns, signal });
      } catch (error) {
        if (!signal.aborted) this.#fail(error);
        return;
      }
      if (frame === this.#frame) this.#step({ ...walk, last: now });
    });
    this.#frame = frame;
  }

  static {
    for (const name of REFLECTED) {
      Object.defineProperty(GanImageElement.prototype, name, {
        configurable: true,
        enumerable: true,
        get(this: Element) {
          return this.getAttribute(name);
        },
        set(this: Element, value: unknown) {
          if (value === null || value === undefined) this.removeAttribute(name);
          else this.setAttribute(name, String(value));
        },
      });
    }
  }
}

interface Walking {
  generator: PageGenerator;
  wanted: Wanted;
  signal: AbortSignal;
  /** When the last picture was asked for. */
  last: number;
}

export interface GanImageElement extends Reflected<(typeof REFLECTED)[number]> {}
