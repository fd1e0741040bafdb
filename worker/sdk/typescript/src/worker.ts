// SPDX-License-Identifier: Apache-2.0

import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { context, propagation, SpanKind, trace, type Span } from '@opentelemetry/api';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Answers } from './answers.js';
import { Channel, type Owner, type Running } from './channel.js';
import { BadInput } from './errors.js';
import { JobSchema } from './gen/baton/v1/job_pb.js';
import { jobOf, type Job, type OwnJob, type Variables } from './job.js';
import * as json from './json.js';
import { kafkaOptions } from './kafka.js';
import { Lease } from './lease.js';
import { log, textOf } from './log.js';
import { Metrics, serve, type Health } from './metrics.js';
import { commandOf, extensionOf, failed, ofError, ofReturn, type AdHoc, type Corrected, type Denied, type Outcome } from './outcome.js';
import { checkSettings, ofType, settingsOf, type Settings, type TypeSettings } from './settings.js';

const SILENT_MS = 30_000; // a loop that has not turned for so long hangs

export type Returned = object | Denied | Corrected | AdHoc | undefined | null | void;
export type Handler<In> = (variables: In, job: Job) => Returned | Promise<Returned>;
/** Called around every handler, the first one outermost. */
export type Middleware = (job: Job, next: () => Promise<unknown>) => Promise<unknown>;

export interface JobOptions<Schema extends StandardSchemaV1 | undefined> {
  /** What the variables must be, by zod, valibot, arktype or whatever else speaks Standard Schema; its types are the handler's. */
  variables?: Schema;
  /** Jobs of the type that are worked on at one time. The environment goes before it. */
  maxConcurrent?: number;
  /** ms; 0 or nothing: what the job says. */
  leaseMs?: number;
}

interface Declared {
  handler: Handler<never>;
  schema: StandardSchemaV1 | undefined;
  own: Partial<TypeSettings>;
}

/** Serves any number of job types in one process. Configured by the environment (Settings). */
export class Worker {
  readonly settings: Settings;
  readonly metrics = new Metrics(() => new Map([...this.#channels].map(([type, channel]) => [type, channel.inFlight])));
  readonly #declared = new Map<string, Declared>();
  readonly #middleware: Middleware[] = [];
  readonly #channels = new Map<string, Channel>();
  readonly #shutdown = new AbortController();
  readonly #end = new AbortController();
  #answers: Answers | undefined;
  #server: Server | undefined;

  constructor(settings: Partial<Settings> = {}) {
    this.settings = { ...settingsOf(), ...settings };
  }

  // -- Declaring -----------------------------------------------------------------------------

  /** Registers a handler. What it returns are variables. It throws BpmnError, RetryAfter, Failure or Fatal; whatever else it throws is a failure that is tried again. */
  job(type: string, handler: Handler<Variables>): this;
  job<Schema extends StandardSchemaV1 | undefined = undefined>(type: string, options: JobOptions<Schema>,
    handler: Handler<Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : Variables>): this;
  job(type: string, second: Handler<never> | JobOptions<StandardSchemaV1 | undefined>, third?: Handler<never>): this {
    const [options, handler] = typeof second === 'function' ? [{}, second] : [second, third];
    if (handler === undefined) throw new TypeError(`jobs of type ${JSON.stringify(type)}: there is no handler`);
    if (this.#declared.has(type)) throw new Error(`there is a handler for jobs of type ${JSON.stringify(type)} already`);
    const { variables, maxConcurrent, leaseMs } = options as JobOptions<StandardSchemaV1>;
    this.#declared.set(type, { handler, schema: variables, own: { maxConcurrent, leaseMs } });
    return this;
  }

  use(middleware: Middleware): this {
    this.#middleware.push(middleware);
    return this;
  }

  // -- Running -------------------------------------------------------------------------------

  /** Until SIGTERM or SIGINT, and then until what is under way has ended, or the grace is over (exit code 1; a second signal: at once). */
  async run(): Promise<void> {
    let signals = 0;
    const asked = new Promise<void>((resolve) => {
      for (const name of ['SIGTERM', 'SIGINT'] as const) {
        process.on(name, () => {
          if (++signals > 1) process.exit(name === 'SIGTERM' ? 143 : 130);
          resolve();
        });
      }
    });
    const alive = setInterval(() => {}, 60_000);
    try {
      this.start();
      await asked;
      if (!(await this.stop())) process.exit(1); // handlers that do not end would keep the process
    } finally {
      clearInterval(alive);
    }
    process.exit(process.exitCode ?? 0);
  }

  /** Returns at once. Kafka may be away: jobs come when it is back. Throws what is wrong with settings and declarations. */
  start(): void {
    if (this.#declared.size === 0) throw new Error('the worker has no handlers: declare one with worker.job("type", …)');
    const types = [...this.#declared.keys()];
    checkSettings(this.settings, types);
    kafkaOptions(this.settings);
    const owner: Owner = { settings: this.settings, metrics: this.metrics, shutdown: this.#shutdown.signal, end: this.#end.signal,
      begin: (channel, running) => void this.#begin(channel, running),
      refuse: (channel, running, outcome) => void this.#answer(channel, running, outcome) };
    for (const [type, { own }] of this.#declared) this.#channels.set(type, new Channel(type, ofType(this.settings, type, own), owner));
    this.#answers = new Answers(this.settings);
    if (this.settings.metrics !== '') this.#server = serve(this.settings.metrics, this.metrics, () => this.health());
    for (const channel of this.#channels.values()) channel.start();
    log.info('the worker serves', { worker: this.settings.name, types });
  }

  /** Takes no more jobs, tells the handlers, keeps their leases, and waits for them; then commits and leaves. False: some had not ended. */
  async stop(graceMs = this.settings.graceMs): Promise<boolean> {
    const until = Date.now() + graceMs;
    this.#shutdown.abort(new Error('the worker stops'));
    const count = () => [...this.#channels.values()].reduce((sum, channel) => sum + channel.inFlight, 0);
    while (count() > 0 && Date.now() < until) await sleep(10);
    const left = count();
    if (left > 0) log.warn('jobs have not ended within the grace: others will get them', { jobs: left, grace_ms: graceMs });
    this.#end.abort(new Error('the grace is over'));
    const isFlushed = (await this.#answers?.flush(Math.max(until - Date.now(), 1000))) ?? true;
    const haveLeft = (await Promise.all([...this.#channels.values()].map((channel) => channel.stop()))).every(Boolean);
    if (!haveLeft) log.warn('Kafka does not answer: the worker ends without leaving its groups');
    this.#server?.close();
    await Promise.race([this.#answers?.close().catch(() => {}), sleep(2000, undefined, { ref: false })]);
    return left === 0 && isFlushed && haveLeft;
  }

  /** Begins no more jobs of the type; those under way go on. */
  pause(type: string): void {
    this.#channel(type).paused = true;
  }

  resume(type: string): void {
    this.#channel(type).paused = false;
  }

  #channel(type: string): Channel {
    const channel = this.#channels.get(type);
    if (channel === undefined) throw new Error(`no jobs of type ${JSON.stringify(type)} are served`);
    return channel;
  }

  /** `live`: all loops turn, whether brokers can be reached or not. `ready`: each type has its place in its group. */
  health(): Health {
    const types = Object.fromEntries([...this.#channels].map(([type, channel]) => [type, { turned_s_ago: (Date.now() - channel.turned) / 1000,
      assigned: channel.isAssigned, in_flight: channel.inFlight, paused: channel.paused, last_error: channel.lastError }]));
    const all = Object.values(types);
    return { live: all.every((one) => one.turned_s_ago * 1000 < SILENT_MS), ready: !this.#shutdown.signal.aborted && all.every((one) => one.assigned), types };
  }

  // -- Working -------------------------------------------------------------------------------

  /** What the handler makes of a job, without a broker. `fields` are the job's. */
  async test(type: string, variables: Variables = {}, fields: Partial<Job> = {}): Promise<Outcome> {
    const declared = this.#declared.get(type);
    if (declared === undefined) throw new Error(`no handler for jobs of type ${JSON.stringify(type)}; there are ${[...this.#declared.keys()].join(', ') || 'none'}`);
    json.check(variables);
    const message = create(JobSchema, { key: 1n, type, instance: 2n, elementInstance: 3n, elementId: 'task', processId: 'process', version: 1, attempt: 1, retries: 3 });
    const given = jobOf(message, { variables: json.read(json.write(variables)) as Variables }, this.#shutdown.signal, this.#end.signal);
    const job = { ...given, ...fields };
    return commandOf(job, await this.#work(declared, job), this.settings.name)[1];
  }

  async #begin(channel: Channel, running: Running): Promise<void> {
    const { job } = running;
    running.lease = new Lease(job, channel.own.leaseMs, this.settings.takeMs, (leaseMs) => {
      this.metrics.add('leases_extended', job.type);
      return this.#answers!.send(job.replyPartition, extensionOf(job, this.settings.name, leaseMs));
    });
    const began = performance.now();
    const outcome = await this.#work(this.#declared.get(channel.jobType)!, job).catch((error: unknown) => failed(textOf(error), Math.max(job.retries - 1, 0), 1000));
    this.metrics.took(channel.jobType, (performance.now() - began) / 1000);
    await this.#answer(channel, running, outcome);
  }

  async #work(declared: Declared, job: OwnJob): Promise<Outcome> {
    const parent = propagation.extract(context.active(), { traceparent: job.traceparent });
    const attributes = { 'messaging.system': 'kafka', 'baton.job.key': String(job.key), 'baton.instance.key': String(job.instance),
      'baton.process.id': job.processId, 'baton.element.id': job.elementId, 'baton.job.attempt': job.attempt };
    return trace.getTracer('baton').startActiveSpan(`job ${job.type}`, { kind: SpanKind.CONSUMER, attributes }, parent, (span) => this.#workWithin(span, declared, job));
  }

  async #workWithin(span: Span, declared: Declared, job: OwnJob): Promise<Outcome> {
    let call: () => Promise<unknown> = async () => declared.handler((await checked(declared.schema, job.variables)) as never, job);
    for (const middleware of this.#middleware.toReversed()) {
      const next = call;
      call = async () => middleware(job, next);
    }
    try {
      return ofReturn(await call());
    } catch (error) {
      const outcome = ofError(job, error);
      span.recordException(error instanceof Error ? error : textOf(error));
      if (outcome.kind === 'failed') job.log.warn('the job failed', { attempt: job.attempt, retries_left: outcome.retries, error: outcome.message });
      return outcome;
    } finally {
      span.end();
    }
  }

  async #answer(channel: Channel, running: Running, outcome: Outcome): Promise<void> {
    running.lease?.end();
    if (outcome.kind === 'failed' && this.#end.signal.aborted) return channel.dropped(running); // others get it, with all its retries
    if (outcome.kind === 'failed' && running.job.leaseLost.aborted) return channel.finished(running); // it is somebody else's
    const [command, told] = commandOf(running.job, outcome, this.settings.name);
    if (told.kind === 'failed') this.metrics.failed(channel.jobType, told.failureClass ?? 'UNSPECIFIED');
    else this.metrics.add(`jobs_${told.kind}`, channel.jobType);
    try {
      await this.#answers!.send(running.job.replyPartition, command);
    } catch (error) {
      this.metrics.add('answers_undelivered', channel.jobType);
      running.job.log.error('the answer did not reach Kafka: the job will be offered again', { error: String(error) });
    }
    channel.finished(running);
  }
}

async function checked(schema: StandardSchemaV1 | undefined, variables: Variables): Promise<unknown> {
  if (schema === undefined) return variables;
  const result = await schema['~standard'].validate(variables);
  if (result.issues === undefined) return result.value;
  const issue = result.issues[0]!;
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  const name = path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at > 0 ? '.' : ''}${String(part)}`)).join('');
  const found = path.reduce<unknown>((value, part) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined), variables);
  throw new BadInput(found === undefined ? `variable "${name}" is missing` : `variable "${name}": ${issue.message}, found ${short(found)}`);
}

function short(value: unknown): string {
  const text = Buffer.from(json.write(value)).toString();
  return text.length > 100 ? `${text.slice(0, 100).toWellFormed()}…` : text;
}
