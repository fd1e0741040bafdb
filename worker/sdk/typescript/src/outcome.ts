// SPDX-License-Identifier: Apache-2.0

/** What becomes of a job: from what its handler returns or throws to the answer that the orchestrator gets. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CommandSchema, type Command } from './gen/baton/v1/command_pb.js';
import type { JobAnswerSchema } from './gen/baton/v1/job_pb.js';
import { BadInput, BpmnError, Failure, Fatal, RetryAfter, type FailureClass } from './errors.js';
import type { OwnJob, Variables } from './job.js';
import * as json from './json.js';
import { textOf } from './log.js';

const MAX_VARIABLES_BYTES = 1_048_576; // COMMAND_VARIABLES_BYTES of the orchestrator
const MAX_MESSAGE_BYTES = 8192;
const FIRST_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 300_000;
const MAX_WAIT_MS = 24 * 86_400_000; // that a handler may ask for

/** `result` is of listeners and ad-hoc sub-processes. */
export type Completed = { kind: 'completed'; variables: Variables; result?: Variables };
export type Thrown = { kind: 'thrown'; code: string; message: string; variables: Variables };
/** `retries` that are left: 0 is an incident. */
export type Failed = { kind: 'failed'; message: string; retries: number; backoffMs: number; failureClass?: FailureClass; subject?: string };
export type Outcome = Completed | Thrown | Failed;

/** A task listener returns it: what was asked for does not happen. */
export class Denied {
  constructor(readonly reason = '') {}
}

/** A task listener returns it: the task is so (assignee, dueDate, followUpDate, candidateUsers, candidateGroups, priority). */
export class Corrected {
  constructor(readonly corrections: Variables) {}
}

/** The handler of an ad-hoc sub-process returns it: what begins next, and whether it is over. */
export class AdHoc {
  constructor(readonly activate: readonly (string | { elementId: string; variables?: Variables })[],
    readonly options: { isComplete?: boolean; cancelRemaining?: boolean; variables?: Variables } = {}) {}
}

export function failed(message: string, retries = 0, backoffMs = 0): Failed {
  return { kind: 'failed', message, retries, backoffMs };
}

/** Exponential with jitter: about 1 s after the first attempt, at most 5 minutes; never 0. */
function backoffMs(attempt: number): number {
  const wait = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(Math.max(attempt, 1) - 1, 16));
  return Math.round(wait * (0.8 + 0.4 * Math.random()));
}

export function ofReturn(value: unknown): Outcome {
  if (value instanceof Denied) return { kind: 'completed', variables: {}, result: { denied: true, deniedReason: value.reason } };
  if (value instanceof Corrected) return { kind: 'completed', variables: {}, result: { corrections: value.corrections } };
  if (value instanceof AdHoc) return { kind: 'completed', variables: value.options.variables ?? {}, result: adHocResult(value) };
  if (value === undefined || value === null) return { kind: 'completed', variables: {} };
  if (typeof value !== 'object' || Array.isArray(value)) {
    return failed(`the handler returned ${Array.isArray(value) ? 'an array' : `a ${typeof value}`}; variables have names: return an object or nothing`);
  }
  return { kind: 'completed', variables: value as Variables };
}

function adHocResult({ activate, options }: AdHoc): Variables {
  return {
    activateElements: activate.map((one) => (typeof one === 'string' ? { elementId: one, variables: {} } : { elementId: one.elementId, variables: one.variables ?? {} })),
    isCompletionConditionFulfilled: options.isComplete ?? false,
    isCancelRemainingInstances: options.cancelRemaining ?? false,
  };
}

export function ofError(job: OwnJob, error: unknown): Outcome {
  if (error instanceof BpmnError) return { kind: 'thrown', code: error.code, message: error.message, variables: error.variables };
  const left = Math.max(job.retries - 1, 0);
  if (error instanceof RetryAfter) {
    return classed(job, error.keepsRetries ? 'THROTTLED' : 'TRANSIENT', error.message, error.seconds);
  }
  if (error instanceof Failure) return classed(job, error.failureClass, error.message, error.seconds, error.subject);
  if (error instanceof Fatal) return classed(job, error instanceof BadInput ? 'POISON' : 'PERMANENT', textOf(error));
  const name = error instanceof Error && error.name !== 'Error' ? error.name : '';
  return failed([name, textOf(error)].filter((one) => one !== '').join(': '), left, backoffMs(job.attempt));
}

const NUMBERS: Record<FailureClass, number> = { TRANSIENT: 1, THROTTLED: 2, PERMANENT: 3, AUTH: 4, POISON: 5 };

/** The retries are for orchestrators that do not know the class. */
function classed(job: OwnJob, failureClass: FailureClass, message: string, seconds = 0, subject = ''): Failed {
  const left = failureClass === 'TRANSIENT' ? Math.max(job.retries - 1, 0) : failureClass === 'THROTTLED' ? Math.max(job.retries, 1) : 0;
  return { ...failed(message, left, Math.min(Math.ceil(seconds * 1000), MAX_WAIT_MS)), failureClass, subject };
}

function cut(text: string): string {
  const whole = text === '' ? 'the handler failed and said nothing of it' : text.toWellFormed();
  const data = Buffer.from(whole);
  if (data.length <= MAX_MESSAGE_BYTES) return whole;
  return `${new TextDecoder().decode(data.subarray(0, MAX_MESSAGE_BYTES - 6)).replace(/\uFFFD$/, '')}…`;
}

function encode(value: Variables | undefined, what: string): Uint8Array {
  if (value === undefined) return new Uint8Array();
  json.check(value);
  const data = json.write(value);
  if (data[0] !== 0x7b) throw new Error(`the ${what} are no object but ${new TextDecoder().decode(data.subarray(0, 40))}`);
  if (data.length === 2) return new Uint8Array();
  if (data.length > MAX_VARIABLES_BYTES) {
    const [name, size] = Object.entries(value).map(([key, part]) => [key, json.write(part).length] as const).reduce((a, b) => (b[1] > a[1] ? b : a));
    throw new Error(`the ${what} have ${data.length} bytes, at most ${MAX_VARIABLES_BYTES} are taken; "${name}" alone has ${size}`);
  }
  return data;
}

type Body = NonNullable<MessageInitShape<typeof CommandSchema>['body']>;

function body(outcome: Outcome, answer: MessageInitShape<typeof JobAnswerSchema>): Body {
  switch (outcome.kind) {
    case 'failed':
      return { case: 'failJob', value: { ...answer, message: cut(outcome.message), retries: Math.max(outcome.retries, 0), backoffMs: BigInt(Math.max(outcome.backoffMs, 0)),
        failureClass: outcome.failureClass === undefined ? 0 : NUMBERS[outcome.failureClass], subject: (outcome.subject ?? '').toWellFormed() } };
    case 'thrown':
      json.check(outcome.code, 'the code of the BPMN error');
      return { case: 'throwJobError', value: { ...answer, errorCode: outcome.code, message: outcome.message === '' ? '' : cut(outcome.message),
        variables: encode(outcome.variables, 'variables') } };
    case 'completed':
      return { case: 'completeJob', value: { ...answer, variables: encode(outcome.variables, 'variables'), result: encode(outcome.result, 'parts of the result') } };
  }
}

/** Answers the job. What cannot be sent becomes a failure that says so, and the outcome that is told. */
export function commandOf(job: OwnJob, outcome: Outcome, worker: string): [Command, Outcome] {
  const answer = { attempt: job.attempt, token: job.token, worker };
  const about = { instance: job.instance, key: job.key, tenant: job.tenant };
  try {
    return [create(CommandSchema, { ...about, body: body(outcome, answer) }), outcome];
  } catch (error) {
    const told = failed(error instanceof RangeError ? 'what the handler returned is nested too deeply' : textOf(error));
    return [create(CommandSchema, { ...about, body: body(told, answer) }), told];
  }
}

export function extensionOf(job: OwnJob, worker: string, leaseMs: number): Command {
  return create(CommandSchema, { instance: job.instance, key: job.key, tenant: job.tenant,
    body: { case: 'extendJob', value: { attempt: job.attempt, token: job.token, worker, extendMs: BigInt(leaseMs) } } });
}
