/** Traces of requests, for OpenTelemetry: none unless OTEL_EXPORTER_OTLP_ENDPOINT says where to. */
import { quote } from '@ganport/model';
import type { Span } from '@opentelemetry/api';
import type { RequestHandler } from 'express';
import { ServeError } from './error.ts';

export interface Tracing {
  /** Makes a span of each request, as a part of the trace that its `traceparent` names. */
  observe: RequestHandler;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** They weigh 28 MB, and few need them. */
const PACKAGES = [
  ...['@opentelemetry/api', '@opentelemetry/core', '@opentelemetry/exporter-trace-otlp-http'],
  ...['@opentelemetry/resources', '@opentelemetry/sdk-trace'],
];

/** Where traces go, if anywhere. @throws ServeError that names the variable */
export function tracesUrl(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const exact = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const name = env[exact] ? exact : 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const given = env[name];
  if (!given) return undefined;
  if (!/^https?:/i.test(given) || !URL.canParse(given)) {
    throw new ServeError(
      `${name}: expected an address such as http://localhost:4318, got ${quote(given)}`,
    );
  }
  return name === exact ? given : new URL('v1/traces', given.replace(/\/?$/, '/')).href;
}

/**
 * @param env as OpenTelemetry has it: OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_SERVICE_NAME; the
 * exporter itself reads the others from the process, headers among them
 * @throws ServeError that says what is to be installed, or as `tracesUrl` does
 */
export async function startTracing(
  env: Readonly<Record<string, string | undefined>>,
): Promise<Tracing | undefined> {
  const url = tracesUrl(env);
  if (url === undefined) return undefined;
  const { api, core, exporter, resources, sdk } = await loadPackages();
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': env.OTEL_SERVICE_NAME || 'ganport',
    }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({ exporter: new exporter.OTLPTraceExporter({ url }) }),
    ],
  });
  const tracer = provider.getTracer('ganport');
  const propagator = new core.W3CTraceContextPropagator();

  return {
    observe(request, response, next) {
      const path = request.originalUrl.split('?', 1)[0]!;
      const parent = propagator.extract(
        api.ROOT_CONTEXT,
        request.headers,
        api.defaultTextMapGetter,
      );
      const span: Span = tracer.startSpan(
        request.method,
        {
          kind: api.SpanKind.SERVER,
          attributes: { 'http.request.method': request.method, 'url.path': path },
        },
        parent,
      );
      response.locals.admitted = (pictures: number) => span.addEvent('admitted', { pictures });
      response.once('close', () => {
        const { service } = response.locals;
        const status = response.writableFinished ? response.statusCode : 499;
        span.setAttributes({
          'http.response.status_code': status,
          'ganport.request_id': response.get('X-Request-Id'),
          ...(service && { 'ganport.model': service.name, 'ganport.version': service.version }),
        });
        if (status >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR });
        span.end();
      });
      next();
    },
    close: () => provider.shutdown().catch(() => {}),
  };
}

async function loadPackages() {
  try {
    const [api, core, exporter, resources, sdk] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/core'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace'),
    ]);
    return { api, core, exporter, resources, sdk };
  } catch (error) {
    throw new ServeError(
      `OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, which take packages that are not here: \`npm install ${PACKAGES.join(' ')}\``,
      { cause: error },
    );
  }
}
