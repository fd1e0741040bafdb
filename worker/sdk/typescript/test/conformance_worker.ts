// SPDX-License-Identifier: Apache-2.0

/** The handlers that worker/sdk/conformance asks of every SDK (its README says what each does). */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { AdHoc, BpmnError, Corrected, Denied, Failure, Fatal, RetryAfter, Worker, type FailureClass, type Variables } from '../src/index.js';

const worker = new Worker();
const type = (name: string) => `${process.env['CONFORMANCE_TYPES'] ?? 'c'}.${name}`;
const rest = (variables: Variables) => sleep(Number(variables['ms'] ?? 0));

worker.job(type('echo'), (variables) => ({ echo: variables }));
worker.job(type('meta'), (_, job) => ({ meta: { process: job.processId, element: job.elementId, instance: String(job.instance), businessId: job.businessId,
  tags: job.tags, headers: job.headers, priority: job.priority, tenant: job.tenant, attempt: job.attempt, kind: job.kind, idempotencyKey: job.idempotencyKey } }));

const person = z.object({ name: z.string(), age: z.int() });
worker.job(type('typed'), { variables: z.object({ count: z.int(), text: z.string().default('default'), person: person.nullish().default(null) }) },
  ({ count, text, person }) => ({ count, text, person }));

worker.job(type('error'), ({ code, message, variables }) => { throw new BpmnError(code as string, message as string, variables as Variables); });
worker.job(type('fail'), ({ message }) => { throw new Error(message as string | undefined); });
worker.job(type('fatal'), ({ message }) => { throw new Fatal(message as string); });
worker.job(type('classed'), ({ class: failureClass, message, subject, seconds }) => {
  throw new Failure(failureClass as FailureClass, message as string, { subject: subject as string, seconds: seconds as number });
});
worker.job(type('later'), ({ seconds, keeps }) => { throw new RetryAfter(seconds as number, undefined, keeps === true); });
worker.job(type('nothing'), () => {});

const itself: Variables = {};
itself['me'] = itself;
worker.job(type('return'), ({ kind, size }) => ({
  nan: { deep: [1, NaN] }, cycle: { itself }, function: { call: () => {} }, list: [1, 2], surrogate: { half: '\ud800' },
  large: { small: 1, big: 'x'.repeat(Number(size ?? 0)) },
} as Record<string, object>)[kind as string]);

worker.job(type('listener'), ({ what, reason, corrections }) => {
  if (what === 'deny') return new Denied(reason as string);
  return what === 'correct' ? new Corrected(corrections as Variables) : undefined;
});
worker.job(type('adhoc'), ({ activate, complete }) => new AdHoc((activate as string[]).map((elementId) => ({ elementId, variables: { by: 'worker' } })),
  { isComplete: complete === true }));

worker.job(type('slow'), { maxConcurrent: 16 }, async ({ ms, polite }, job) => {
  const until = Date.now() + Number(ms);
  while (Date.now() < until && !(polite === true && (job.shutdown.aborted || job.leaseLost.aborted))) await sleep(20);
  return { shutdown: job.shutdown.aborted, leaseLost: job.leaseLost.aborted };
});

let here = 0, most = 0;
worker.job(type('peak'), { maxConcurrent: 4 }, async (variables) => {
  most = Math.max(most, ++here);
  await rest(variables);
  here--;
  return { most };
});

const runs = new Map<bigint, number>();
worker.job(type('counted'), async (variables, job) => {
  const run = (runs.get(job.key) ?? 0) + 1;
  runs.set(job.key, run);
  await rest(variables);
  return { run };
});

worker.job(type('async'), async (variables) => { await rest(variables); });
worker.job(type('block'), { maxConcurrent: 1 }, () => new Promise<undefined>(() => {}));
worker.job(type('interrupted'), (_, job) => new Promise<undefined>((_, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason))));
worker.job(type('crash'), async (variables) => {
  await rest(variables);
  if (process.env['CONFORMANCE_CRASHES'] !== 'false') process.exit(9);
});
worker.job(type('odd:type/ü_x'), () => ({ odd: true }));

await worker.run();
