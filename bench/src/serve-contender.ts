/** The process of one contender: answers each line on standard input with one on standard output. */
import { createInterface } from 'node:readline';
import { format } from 'node:util';
import type { Contender, CreateContender, Reply, Request } from './contender.ts';

/** Serves one contender until its end. */
export async function serveContender(create: CreateContender): Promise<void> {
  // What libraries print must not come between the replies.
  console.log =
    console.info =
    console.debug =
      (...args) => {
        process.stderr.write(`${format(...args)}\n`);
      };
  let contender: Contender | undefined;

  const answer = async (request: Request): Promise<Reply> => {
    if (request.type === 'create') {
      contender = await create(request.options);
      const { description, parameters } = contender;
      return { type: 'ready', description, parameters };
    }
    if (!contender) throw new Error('no contender was created');
    if (request.type === 'run') {
      const start = performance.now();
      await contender.run(request.steps);
      return { type: 'ran', seconds: (performance.now() - start) / 1000 };
    }
    await contender.dispose();
    // maxRSS is in kilobytes.
    return { type: 'ended', peakBytes: process.resourceUsage().maxRSS * 1024 };
  };

  for await (const line of createInterface({ input: process.stdin })) {
    let reply: Reply;
    try {
      reply = await answer(JSON.parse(line));
    } catch (error) {
      reply = { type: 'failed', reason: error instanceof Error ? error.message : String(error) };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}
