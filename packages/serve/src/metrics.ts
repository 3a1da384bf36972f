/** What the service does, as Prometheus reads it. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { NextFunction, Request, Response } from 'express';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Responding } from './admission.ts';
import { writeHistogram } from './histogram-text.ts';
import type { Models } from './registry.ts';
import type { Service } from './service.ts';

export interface Metrics {
  /** Counts requests by their answers. */
  observe(request: Request, response: Response, next: NextFunction): void;
  /** As `observe`, one that came then, by `performance`. */
  count(response: Responding, began: number): void;
  /** Counts one that did not get so far: it was refused, or its client has left. */
  early(code: 429 | 499): void;
  answer(request: Request, response: Response): Promise<void>;
}

/** From an answer out of the cache to the deadline, in seconds. */
const BUCKETS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];

/** Of the timer whose lateness is measured. */
const LAG_RESOLUTION_MS = 20;

/** Each application has its own: two of them in a process do not add up. */
export function createMetrics(models: Models): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: 'ganport_request_seconds',
    help: 'From the head of a request to the end of its answer, by status; 499 if the client left',
    labelNames: ['code', 'model', 'version'],
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
  const services = () => models.list().flatMap(({ versions }) => [...versions.values()]);
  /** Of each version that is served. */
  const counter = (name: string, help: string, read: (service: Service) => number) =>
    new Counter({
      ...{ name, help, registers, labelNames: ['model', 'version'] },
      collect() {
        this.reset();
        for (const service of services()) {
          this.inc({ model: service.name, version: service.version }, read(service));
        }
      },
    });
  const { inside } = models.admission;
  const statsOf = ({ generator }: Service) => generator.sampler.stats;
  gauge('ganport_inside_pictures', 'Asked for and not answered', () => inside.pictures);
  gauge('ganport_inside_bytes', 'Of their levels', () => inside.bytes);
  counter('ganport_runs_total', 'Runs of the generator', (of) => statsOf(of).runs);
  counter('ganport_runs_cancelled_total', 'Whose clients had left', (of) => statsOf(of).cancelled);
  counter('ganport_pictures_total', 'Pictures in all runs', (of) => statsOf(of).pictures);
  counter('ganport_run_seconds_total', 'Of all runs', (of) => statsOf(of).milliseconds / 1000);
  new Gauge({
    name: 'ganport_limit_pictures_per_second',
    help: 'What it drew without HTTP, when it was loaded',
    ...{ registers, labelNames: ['model', 'version'] },
    collect() {
      this.reset();
      for (const { name: model, version, picturesPerSecond } of services()) {
        if (picturesPerSecond !== undefined) this.set({ model, version }, picturesPerSecond);
      }
    },
  });
  /** Pictures of each version at the last reading, and when that was. */
  let before = { at: performance.now(), pictures: new Map<Service, number>() };
  new Gauge({
    name: 'ganport_achieved_share',
    help: 'Pictures a second since the last reading, as a part of what it drew without HTTP',
    ...{ registers, labelNames: ['model', 'version'] },
    collect() {
      this.reset();
      const now = { at: performance.now(), pictures: new Map<Service, number>() };
      for (const service of services()) {
        const { name: model, version, picturesPerSecond } = service;
        const { pictures } = statsOf(service);
        now.pictures.set(service, pictures);
        if (picturesPerSecond === undefined) continue;
        const drawn = pictures - (before.pictures.get(service) ?? pictures);
        const rate = drawn / ((now.at - before.at) / 1000);
        this.set({ model, version }, rate / picturesPerSecond);
      }
      before = now;
    },
  });
  new Counter({
    ...{ name: 'ganport_model_versions_total', help: 'What became of versions of models' },
    ...{ registers, labelNames: ['model', 'outcome'] },
    collect() {
      this.reset();
      for (const { name, counts } of models.list()) {
        for (const [outcome, count] of Object.entries(counts)) {
          this.inc({ model: name, outcome }, count);
        }
      }
    },
  });
  gauge('ganport_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  lag.enable();
  new Gauge({
    ...{ name: 'ganport_event_loop_lag_seconds', help: 'Since the last reading' },
    ...{ registers, labelNames: ['quantile'] },
    collect() {
      for (const quantile of [0.5, 0.99, 1]) {
        const late = lag.percentile(quantile * 100) / 1e9 - LAG_RESOLUTION_MS / 1000;
        this.set({ quantile: String(quantile) }, Math.max(0, late));
      }
      lag.reset();
    },
  });
  let last = performance.eventLoopUtilization();
  gauge('ganport_event_loop_utilization', 'Share of time since the last reading', () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  });

  function count(response: Responding, began: number): void {
    response.once('close', () => {
      const code = response.writableFinished ? response.statusCode : 499;
      const { service } = response.locals;
      const of = service ? { model: service.name, version: service.version } : {};
      requests.observe({ code, ...of }, (performance.now() - began) / 1000);
    });
  }

  return {
    observe(_request, response, next) {
      count(response, performance.now());
      next();
    },
    count,
    early(code) {
      requests.observe({ code }, 0);
    },
    async answer(_request, response) {
      response.set('Cache-Control', 'no-store').type(registry.contentType);
      const runs = services().map(({ name: model, version, generator }) => ({
        labels: { model, version },
        ...generator.sampler.stats,
      }));
      const [batches, waits] = [
        writeHistogram({
          name: 'ganport_batch_pictures',
          help: 'Pictures of a run',
          series: runs.map(({ labels, batches }) => ({ labels, histogram: batches })),
        }),
        writeHistogram({
          name: 'ganport_queue_wait_seconds',
          help: 'From when pictures were asked for to the run that drew the first of them',
          series: runs.map(({ labels, waits }) => ({ labels, histogram: waits })),
        }),
      ];
      response.send(`${await registry.metrics()}${batches}${waits}`);
    },
  };
}
