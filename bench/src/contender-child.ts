/** The process of one contender: answers each request of the parent with one reply. */
import type { Contender, CreateContender, Reply, Request } from './contender.ts';

let contender: Contender | undefined;

async function answer(request: Request): Promise<Reply> {
  if (request.type === 'create') {
    const { entry, options } = request;
    const module: Record<string, CreateContender> = await import(entry.module);
    const create = module[entry.create];
    if (!create) throw new Error(`${entry.module} does not export ${entry.create}`);
    contender = await create(options);
    return { type: 'ready', description: contender.description };
  }
  if (!contender) throw new Error('no contender was created');
  if (request.type === 'run') {
    const start = performance.now();
    for (let step = 0; step < request.steps; step += 1) await contender.step();
    return { type: 'ran', seconds: (performance.now() - start) / 1000 };
  }
  await contender.dispose();
  // maxRSS is in kilobytes.
  return { type: 'ended', peakBytes: process.resourceUsage().maxRSS * 1024 };
}

process.on('message', async (request: Request) => {
  let reply: Reply;
  try {
    reply = await answer(request);
  } catch (error) {
    reply = { type: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(reply, () => {
    if (reply.type === 'ended' || reply.type === 'failed') process.disconnect();
  });
});
