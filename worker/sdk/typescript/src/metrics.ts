// SPDX-License-Identifier: Apache-2.0

import { createServer, type Server } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

const HELP = {
  jobs_received: 'Jobs that came from Kafka.',
  jobs_completed: 'Jobs that were completed.',
  jobs_failed: 'Jobs that failed, by class of the failure.',
  jobs_thrown: 'Jobs that ended with a BPMN error.',
  jobs_stale: 'Jobs that came after a later attempt of theirs, or twice.',
  jobs_unreadable: 'Records that are no jobs.',
  leases_extended: 'Extensions of leases that were sent.',
  leases_lost: 'Jobs that became somebody else\'s while they were worked on.',
  answers_undelivered: 'Answers that Kafka did not take: the orchestrator offers these jobs again.',
  loop_restarts: 'Times that a loop ended by an error and began anew.',
};

export type Counted = keyof typeof HELP;

export class Metrics {
  readonly registry = new Registry();
  readonly #counters: Record<string, Counter<'type' | 'class'>> = {};
  readonly #duration: Histogram<'type'>;

  constructor(inFlight: () => Map<string, number>) {
    const registers = [this.registry];
    for (const [name, help] of Object.entries(HELP)) {
      this.#counters[name] = new Counter({ name: `baton_worker_${name}_total`, help, labelNames: name === 'jobs_failed' ? ['type', 'class'] : ['type'], registers });
    }
    this.#duration = new Histogram({ name: 'baton_worker_job_duration_seconds', help: 'How long handlers work.', labelNames: ['type'], registers,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800] });
    new Gauge({ name: 'baton_worker_jobs_in_flight', help: 'Jobs that are worked on.', labelNames: ['type'], registers,
      collect() { for (const [type, count] of inFlight()) this.set({ type }, count); } });
  }

  add(name: Exclude<Counted, 'jobs_failed'>, type: string): void {
    this.#counters[name]!.inc({ type });
  }

  failed(type: string, failureClass: string): void {
    this.#counters.jobs_failed!.inc({ type, class: failureClass });
  }

  took(type: string, seconds: number): void {
    this.#duration.observe({ type }, seconds);
  }
}

export interface Health {
  live: boolean;
  ready: boolean;
  types: Record<string, { turned_s_ago: number; assigned: boolean; in_flight: number; paused: boolean; last_error: string }>;
}

/** /metrics, /health/live and /health/ready on host:port. */
export function serve(address: string, metrics: Metrics, health: () => Health): Server {
  const at = address.lastIndexOf(':');
  if (!/^\d+$/.test(address.slice(at + 1))) throw new Error(`BATON_WORKER_METRICS: expected host:port, found ${JSON.stringify(address)}`);
  const server = createServer((request, answer) => {
    const state = health();
    const one = (status: number, type: string, body: string) => answer.writeHead(status, { 'content-type': type }).end(body);
    if (request.url === '/metrics') void metrics.registry.metrics().then((text) => one(200, metrics.registry.contentType, text));
    else if (request.url === '/health/live') one(state.live ? 200 : 503, 'application/json', `${JSON.stringify(state)}\n`);
    else if (request.url === '/health/ready') one(state.ready ? 200 : 503, 'application/json', `${JSON.stringify(state)}\n`);
    else one(404, 'text/plain', 'there are /metrics, /health/live and /health/ready\n');
  });
  return server.listen(Number(address.slice(at + 1)), address.slice(0, at).replace(/^\[|\]$/g, '') || '0.0.0.0').unref();
}
