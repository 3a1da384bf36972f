/** The form: what to learn from, and how. */
import type { GivenData, StartOptions } from '@ganport/train/web';
import { drawings } from './drawing.ts';
import { byId } from './elements.ts';

/** Drawings that make something to learn from. */
const LEAST_DRAWINGS = 8;

export interface Setup {
  /** What was chosen to learn from. @throws Error in one line if it is not there yet */
  data(): GivenData;
  settings(): StartOptions['settings'];
}

type Preset = 'quick' | 'mlp' | 'dcgan' | 'sngan';

/** What the presets have, so that it is seen. */
const DEFAULTS: Record<Preset, { steps: number; batch: number }> = {
  quick: { steps: 2000, batch: 64 },
  mlp: { steps: 20_000, batch: 128 },
  dcgan: { steps: 5000, batch: 64 },
  sngan: { steps: 5000, batch: 32 },
};

export function setUp(): Setup {
  const form = byId<HTMLFormElement>('form');
  const source = () => new FormData(form).get('source') as GivenData['source'];
  const showSource = () => {
    for (const part of form.querySelectorAll<HTMLElement>('[data-for]')) {
      part.hidden = part.dataset.for !== source();
    }
  };
  for (const radio of form.querySelectorAll('[name=source]')) {
    radio.addEventListener('change', showSource);
  }
  // A browser that comes back to the page keeps what was chosen.
  showSource();
  const preset = byId<HTMLSelectElement>('preset');
  const [steps, batch, seed] = ['steps', 'batch', 'seed'].map((id) => byId<HTMLInputElement>(id));
  preset.addEventListener('change', () => {
    const own = DEFAULTS[preset.value as Preset];
    [steps!.value, batch!.value] = [String(own.steps), String(own.batch)];
  });
  const drawn = drawings(byId<HTMLCanvasElement>('canvas'), {
    add: byId<HTMLButtonElement>('add'),
    clear: byId<HTMLButtonElement>('clear'),
    list: byId('drawings'),
    onKept(count) {
      const more = LEAST_DRAWINGS - count;
      byId('drawn-count').textContent =
        `${count} ${count === 1 ? 'drawing' : 'drawings'}${more > 0 ? `; ${more} more are enough` : ''}.`;
    },
  });
  return {
    data() {
      switch (source()) {
        case 'glyphs':
          return { source: 'glyphs' };
        case 'idx': {
          const [images, labels] = [fileOf('idx-images'), fileOf('idx-labels')];
          if (!images) throw new Error('Images: expected an IDX file, got none');
          return { source: 'idx', images, labels };
        }
        case 'pictures': {
          const files = [...(byId<HTMLInputElement>('pictures').files ?? [])];
          if (files.length === 0) throw new Error('Pictures: expected some files, got none');
          const [size, channels] = ['size', 'channels'].map((id) =>
            Number(byId<HTMLSelectElement>(id).value),
          );
          return { source: 'pictures', files, size: size!, channels: channels as 1 | 3 };
        }
        case 'images':
          if (drawn.count >= LEAST_DRAWINGS) return drawn.given();
          throw new Error(`I draw some: expected ${LEAST_DRAWINGS} drawings, got ${drawn.count}`);
      }
    },
    settings: () => ({
      preset: preset.value as Preset,
      steps: numberOf('Steps', steps!),
      batch: numberOf('Images a step', batch!),
      seed: numberOf('Seed', seed!),
    }),
  };
}

function fileOf(id: string): File | undefined {
  return byId<HTMLInputElement>(id).files?.[0];
}

function numberOf(what: string, { value }: HTMLInputElement): number {
  if (/^\d{1,16}$/.test(value.trim())) return Number(value);
  throw new Error(`${what}: expected a whole number, got "${value}"`);
}
