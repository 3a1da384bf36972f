/** `POST /v1/sample` without the application, which takes longer than to draw a small picture. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Access, createAccess } from './access.ts';
import type { Responding } from './admission.ts';
import { parseBytes } from './body.ts';
import { type Sharing, sharingHeaders } from './headers.ts';
import { answerTo, refuse } from './http-error.ts';
import { type Log, logRequest } from './log.ts';
import type { Metrics } from './metrics.ts';
import { parseRequest } from './parameters.ts';
import type { Models } from './registry.ts';
import { requestId } from './request-id.ts';
import { MAX_BODY_BYTES, prepareSample, sampleRequest } from './sample-api.ts';

export interface DirectOptions extends Omit<Access, 'ratePerMinute'>, Sharing {
  models: Models;
  metrics: Metrics;
  log?: Log | undefined;
}

/** What makes a request another one than it looks, or its answer. */
const SPECIAL = ['origin', 'content-encoding', 'transfer-encoding', 'expect'] as const;

/**
 * Answers what is asked for plainly and can be drawn, as the application would; the application is handed all others, with the
 * body that was read, and finds out what is wrong with them.
 */
export function answerDirectly(
  handle: RequestListener,
  { models, metrics, log, ...rules }: DirectOptions,
): RequestListener {
  const clientOf = createAccess(rules);
  const { headers } = sharingHeaders(rules);

  /** @returns draws for who may ask. @throws what the application is to say */
  function prepare(request: IncomingMessage, body: Buffer) {
    const client = clientOf(request, request.socket.remoteAddress);
    const wanted = parseRequest(sampleRequest, parseBytes(body));
    if (wanted.stream) throw new Error('it is answered in parts');
    const service = models.find(wanted.model);
    return { client, service, draw: prepareSample(service, wanted) };
  }

  async function answer(
    request: IncomingMessage,
    plain: ServerResponse,
    { body, began }: { body: Buffer; began: number },
  ): Promise<void> {
    let prepared: ReturnType<typeof prepare>;
    try {
      prepared = prepare(request, body);
    } catch {
      handle(Object.assign(request, { body }), plain);
      return;
    }
    const { client, service, draw } = prepared;
    const response: Responding = Object.assign(plain, { locals: { client, service } });
    const id = requestId(request);
    metrics.count(response, began);
    if (log) logRequest(log, { request, response, url: request.url!, id, began });
    models.hold(service, response);
    try {
      const drawn = await draw(response);
      response.writeHead(200, {
        ...headers,
        'X-Request-Id': id,
        'Cache-Control': 'no-store',
        ...drawn.headers,
        'Content-Length': drawn.body.length,
      });
      response.end(drawn.body);
    } catch (error) {
      // Nobody is there to be answered.
      if (response.destroyed) return;
      const { status, message, headers: own } = answerTo(error);
      if (status === 500) (response.locals.complain ?? console.error)(error);
      refuse(response, { status, message, headers: { ...headers, ...own } }, id);
    }
  }

  return (request, response) => {
    if (models.admission.draining || !isPlain(request)) return handle(request, response);
    const began = performance.now();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      void answer(request, response, { body, began });
    });
  };
}

function isPlain({ method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    url === '/v1/sample' &&
    headers['content-type'] === 'application/json' &&
    Number(headers['content-length']) <= MAX_BODY_BYTES &&
    SPECIAL.every((name) => headers[name] === undefined)
  );
}
