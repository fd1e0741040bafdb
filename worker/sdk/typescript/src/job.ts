// SPDX-License-Identifier: Apache-2.0

import { fromBinary } from '@bufbuild/protobuf';
import { JobSchema, type Job as Message } from './gen/baton/v1/job_pb.js';
import * as json from './json.js';
import { log, type Log } from './log.js';

export type Variables = Record<string, unknown>;

export enum JobKind {
  Task = 0,
  ExecutionListener = 1,
  TaskListener = 2,
  AdHoc = 3,
  Reminder = 4, // the process does not wait for it
}

/** A job as its handler sees it. Keys are 64-bit numbers; as text they are what REST and the console show. */
export interface Job {
  readonly key: bigint;
  readonly type: string;
  readonly instance: bigint;
  readonly elementInstance: bigint;
  readonly elementId: string;
  readonly processId: string;
  readonly version: number;
  readonly definition: bigint;
  readonly kind: JobKind;
  readonly listenerEvent: string;
  readonly tenant: string; // empty: the default tenant
  readonly attempt: number; // counts offers of this job, from 1
  readonly retries: number; // failures that are still forgiven
  readonly priority: number;
  readonly leaseMs: number;
  readonly businessId: string;
  readonly rootInstance: bigint;
  readonly traceparent: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly variables: Variables; // all of them, as they came
  readonly userTask: Variables; // of task listeners: the task as it would be
  readonly tags: readonly string[];
  readonly secrets: ReadonlyMap<string, string>; // by JSON pointer: the name of the secret that stands there
  /** The same in every attempt of the job: for what is done to the outside world. */
  readonly idempotencyKey: string;
  /** Aborted when the worker stops: there are the seconds of its grace to end. */
  readonly shutdown: AbortSignal;
  /** Aborted when the job is somebody else's by now: what is returned will count for nothing. */
  readonly leaseLost: AbortSignal;
  /** Aborted with the lease, or when the grace is over: for fetch() and the like. */
  readonly signal: AbortSignal;
  /** Each line has the job, its instance and its trace. */
  readonly log: Log;
}

/** What only the worker needs. */
export interface OwnJob extends Job {
  readonly token: Uint8Array;
  readonly replyPartition: number;
  loseLease(): void;
}

function isObject(value: unknown): value is Variables {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof json.LosslessNumber);
}

function object(data: Uint8Array, what: string): Variables {
  if (data.length === 0) return {};
  const value = json.read(data);
  if (!isObject(value)) throw new Error(`the ${what} are no JSON object`);
  return value;
}

export function readMessage(value: Uint8Array | null | undefined): Message {
  const message = fromBinary(JobSchema, value ?? new Uint8Array());
  if (message.key === 0n) throw new Error('it has no key');
  return message;
}

export type Parts = Pick<Job, 'variables' | 'headers' | 'userTask' | 'tags'>;

/** Throws what should be JSON and is none, or a kind that came later. */
export function readParts(message: Message): Parts {
  if (!(message.kind in JobKind)) throw new Error(`jobs of kind ${message.kind} came after this version of the SDK`);
  return {
    variables: object(message.variables, 'variables'),
    headers: object(message.headers, 'headers') as Record<string, string>,
    userTask: object(message.userTask, 'fields of the user task'),
    tags: message.tags.length === 0 ? [] : (json.read(message.tags) as string[]),
  };
}

/** `parts` empty: of a job that cannot be read, but answered. */
export function jobOf(message: Message, parts: Partial<Parts>, shutdown: AbortSignal, end: AbortSignal): OwnJob {
  const lost = new AbortController();
  let either: AbortSignal | undefined;
  const about = { job: String(message.key), instance: String(message.instance), type: message.type };
  const trace = message.traceparent.split('-');
  return {
    key: message.key, type: message.type, instance: message.instance, elementInstance: message.elementInstance, elementId: message.elementId,
    processId: message.processId, version: message.version, definition: message.definition, kind: message.kind as number as JobKind,
    listenerEvent: message.listenerEvent, tenant: message.tenant, attempt: message.attempt, retries: message.retries, priority: message.priority,
    leaseMs: Number(message.leaseMs), businessId: message.businessId, rootInstance: message.rootInstance, traceparent: message.traceparent,
    headers: {}, variables: {}, userTask: {}, tags: [], ...parts, secrets: new Map(message.secrets.map((one) => [one.pointer, one.name])),
    idempotencyKey: `baton-${message.key}`, shutdown, leaseLost: lost.signal,
    log: log.with(trace.length === 4 ? { ...about, trace_id: trace[1] } : about),
    get signal() { // made when it is asked for: what depends on a signal that lives long is kept by it
      return (either ??= AbortSignal.any([lost.signal, end]));
    },
    token: message.token, replyPartition: message.replyPartition, loseLease: () => lost.abort(new Error('the job is somebody else\'s by now')),
  };
}
