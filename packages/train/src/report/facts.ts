/** What was trained, on what, by what, and how far. */
import type { RunSummary } from './read-run.ts';

export function factsOf({ run, steps, best }: RunSummary): [string, string][] {
  const { dataset, engine, device, threads, versions, config } = run;
  const scores = Object.entries(best?.scores ?? {}).map(
    ([name, x]) => `${name} ${x.toPrecision(4)}`,
  );
  return [
    ['data', `${dataset.count} images of ${dataset.name}, SHA-256 ${dataset.sha256.slice(0, 16)}…`],
    ['steps', `${steps} of ${config.steps}`],
    ['best', best ? `step ${best.step}: ${scores.join(', ')}` : 'none yet'],
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
