/** What was trained, on what, by what, and how far. */
import type { RunSummary } from './read-run.ts';

export function factsOf({ run, steps, best }: RunSummary): [string, string][] {
  const { dataset, engine, device, threads, versions, config } = run;
  return [
    ['data', `${dataset.count} images of ${dataset.name}, SHA-256 ${dataset.sha256.slice(0, 16)}…`],
    ['steps', `${steps} of ${config.steps}`],
    ['best', best ? `step ${best.step}: ${scoresOf(best)}` : 'none yet'],
    ['seed', String(config.seed)],
    ['by', `${engine} on ${device}, threads: ${threads}`],
    [
      'versions',
      Object.entries(versions)
        .map((entry) => entry.join(' '))
        .join(', '),
    ],
  ];
}

/** "frechet 168.6, swd 0.09767": four digits, and no exponent for large ones. */
export function scoresOf({ scores }: NonNullable<RunSummary['best']>): string {
  const digits = { maximumSignificantDigits: 4, useGrouping: false };
  return Object.entries(scores)
    .map(([name, value]) => `${name} ${value.toLocaleString('en', digits)}`)
    .join(', ');
}
