/** A run that is watched from its own process and from another, by clients that come and leave. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, expect, test } from 'vitest';
import { TINY, Workspace, writeDigits } from '../packages/cli/test/workspace.ts';
import type { RunUpdate } from '../packages/train/src/index.ts';
import { runCommand, startCommand } from './cli-process.ts';

const workspace = new Workspace();
const { folder } = workspace;
afterAll(() => workspace.remove());

/** Updates of a page's server, as they come; asked for again until there is a server. */
async function* updates(url: string): AsyncGenerator<RunUpdate> {
  const asked = get(`${url}events`);
  try {
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    let rest = '';
    for await (const chunk of response.setEncoding('utf8')) {
      rest += chunk;
      const events = rest.split('\n\n');
      rest = events.pop()!;
      for (const event of events) {
        const update = JSON.parse(event.split('data: ')[1]!);
        if (update) yield update;
      }
    }
  } finally {
    asked.destroy();
  }
}

const stepOf = ({ parts }: RunUpdate) => Number(/step (\d+) of/.exec(parts.status)![1]);

test('training and watch serve the same page, clients leave, and Ctrl-C ends both', async () => {
  writeDigits(workspace, 'digits', 40);
  const every = { metrics: 1, checkpoint: 20 };
  const settings = { ...TINY, data: 'mnist', dataDir: 'digits', steps: 900_000, every };
  workspace.write('tiny.json', JSON.stringify(settings));
  const line = ['train', '--config', 'tiny.json', '--threads', '1', '--device', 'cpu'];
  const training = startCommand([...line, '--out', 'run', '--watch', '0'], folder);
  const [, url] = await training.printed(/Watch it at (http:\/\/127\.0\.0\.1:\d+\/)\n/);

  const steps: number[] = [];
  for await (const update of updates(url!)) {
    expect(update.title).toBe('tiny');
    steps.push(stepOf(update));
    if (steps.length === 3 && update.pictures.length > 0) {
      const picture = await fetch(`${url}pictures/${update.pictures[0]}.png`);
      expect(
        Buffer.from(await picture.arrayBuffer())
          .subarray(1, 4)
          .toString(),
      ).toBe('PNG');
    }
    if (steps.length >= 3) break;
  }
  expect(steps[2]).toBeGreaterThan(steps[0]!);

  // From another process, while it trains.
  const watching = startCommand(['watch', 'run', '--port', '0', '--json'], folder);
  const [, other] = await watching.printed(/"url": "(.*)"/);
  const foreign = updates(other!);
  const first = (await foreign.next()).value as RunUpdate;
  expect(stepOf(first)).toBeGreaterThanOrEqual(steps[2]!);
  expect(first.parts.status).toContain('training');

  const staying = updates(url!);
  await staying.next();
  training.kill('SIGINT');
  let last: RunUpdate | undefined;
  for await (const update of staying) last = update;
  const { code, stdout } = await training.exit;
  expect(code).toBe(130);
  // The last thing that it sent is how the run ended.
  const stopped = Number(/Stopped at step (\d+)/.exec(stdout)![1]);
  expect(stepOf(last!)).toBe(stopped);
  expect(last!.parts.status).toContain('nothing trains here');
  let seen = first;
  while (stepOf(seen) < stopped || !seen.parts.status.includes('nothing trains')) {
    seen = (await foreign.next()).value as RunUpdate;
  }
  expect(seen).toEqual(last);
  watching.kill('SIGINT');
  expect((await watching.exit).code).toBe(0);
  expect((await runCommand(['watch', 'digits'], folder)).stderr).toMatch(
    /^ganport: digits is not a run folder: [^\n]+\n$/,
  );
});
