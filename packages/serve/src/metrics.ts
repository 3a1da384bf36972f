/** What the service does, as Prometheus reads it. */
import { performance } from 'node:perf_hooks';
import type { NextFunction, Request, Response } from 'express';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Service } from './service.ts';

export interface Metrics {
  /** Counts requests by their answers. */
  observe(request: Request, response: Response, next: NextFunction): void;
  answer(request: Request, response: Response): Promise<void>;
}

/** From an answer out of the cache to the deadline, in seconds. */
const BUCKETS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];

/** Each application has its own: two of them in a process do not add up. */
export function createMetrics({ inside, generator: { sampler } }: Service): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: 'ganport_request_seconds',
    help: 'From the head of a request to the end of its answer, by status; 499 if the client left',
    labelNames: ['code'],
    buckets: BUCKETS,
    registers,
  });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read());
      },
    });
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const { stats } = sampler;
  gauge('ganport_inside_pictures', 'Asked for and not answered', () => inside.pictures);
  gauge('ganport_inside_bytes', 'Of their levels', () => inside.bytes);
  counter('ganport_runs_total', 'Runs of the generator', () => stats.runs);
  counter('ganport_runs_cancelled_total', 'Runs whose clients had left', () => stats.cancelled);
  counter('ganport_pictures_total', 'Pictures in all runs', () => stats.pictures);
  counter('ganport_run_seconds_total', 'Of all runs', () => stats.milliseconds / 1000);
  gauge('ganport_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  let last = performance.eventLoopUtilization();
  gauge('ganport_event_loop_utilization', 'Share of time since the last reading', () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  });

  return {
    observe(_request, response, next) {
      const began = performance.now();
      response.once('close', () => {
        const code = response.writableFinished ? response.statusCode : 499;
        requests.observe({ code }, (performance.now() - began) / 1000);
      });
      next();
    },
    async answer(_request, response) {
      response.set('Cache-Control', 'no-store').type(registry.contentType);
      response.send(await registry.metrics());
    },
  };
}
