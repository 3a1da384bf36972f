/** The charts of a run: metrics that belong together in one, each other in its own. */
import type { Run } from '@ganport/model/run';
import { hasColumns } from '../evaluate/samples.ts';
import { bars } from './bars.ts';
import { type Curve, chart } from './chart.ts';
import type { Modes } from './follow-log.ts';
import type { Series } from './series.ts';

/** Metrics that are drawn together, under a title. */
const TOGETHER: readonly (readonly [string, readonly string[]])[] = [
  ['Losses', ['dLoss', 'gLoss', 'classLoss', 'penalty']],
  ['The discriminator’s average of', ['dReal', 'dFake']],
];
const NAMES: Readonly<Record<string, string>> = {
  dLoss: 'discriminator',
  gLoss: 'generator',
  classLoss: 'classes',
  dReal: 'real images',
  dFake: 'generated images',
};

const MEANINGS: Readonly<Record<string, string>> = {
  variety: 'distance of pictures to the one most like them, over the data’s',
  kinds: 'how many classes pictures are of, in effect',
  accuracy: 'share of pictures that the classifier takes for the class asked for',
  gGradient: 'size of the generator’s gradient',
  swd: 'sliced Wasserstein distance of pixels, lower is better',
  frechet: 'Fréchet distance of features, lower is better',
};

/**
 * What there is of metrics as charts.
 * @param best the step of the best checkpoint, which is marked
 */
export function chartsOf(metrics: ReadonlyMap<string, Series>, best?: number): string[] {
  const rest = new Map(metrics);
  const take = (name: string): Curve[] => {
    const series = rest.get(name);
    rest.delete(name);
    return series ? [{ name: NAMES[name] ?? name, series }] : [];
  };
  const together = TOGETHER.flatMap(([title, names]) => {
    const curves = names.flatMap(take);
    return curves.length > 0 ? [chart(title, curves, best)] : [];
  });
  const alone = [...rest].map(([name, series]) => {
    const meaning = MEANINGS[name];
    return chart(meaning ? `${name}: ${meaning}` : name, [{ name, series }], best);
  });
  return [...together, ...alone];
}

/** Which class each column of the pictures is of; nothing where it is of several, or of none. */
export function classColumns({ dataset: { classes = [] } }: Run): string {
  return hasColumns(classes.length) ? `Classes by column: ${classes.join(', ')}` : '';
}

/** How many samples are of each class; nothing where they were not classified. */
export function modesOf({ dataset }: Run, modes: Modes | undefined): string {
  if (!modes) return '';
  const { step, counts } = modes;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const title = `${total} samples of step ${step} by class, as the classifier of digits sees them`;
  return bars(title, counts, dataset.classes);
}
