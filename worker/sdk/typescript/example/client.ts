// SPDX-License-Identifier: Apache-2.0

/** Deploys a process of orders, starts two, pays them, and decides about them as a person would; prints their keys: node client.js ORDER.bpmn */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, Client, LosslessNumber } from '../src/index.js';

const client = new Client();

/** The first that matches, which is waited for. */
async function first(what: string, filter: Record<string, unknown>): Promise<Record<string, unknown>> {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(50)) {
    for await (const found of client.search(what, filter)) return found;
  }
  throw new Error(`${what}: nothing within a minute`);
}

async function through(order: string, approved: boolean): Promise<string> {
  const { processInstanceKey } = await client.start({ processDefinitionId: 'order', businessId: order,
    variables: { order, amount: new LosslessNumber('12345678901234567890.12'), count: 3 } });
  await client.publish({ name: 'paid', correlationKey: order, timeToLive: 60_000 });
  const task = await first('user-tasks', { processInstanceKey, state: 'CREATED' });
  await client.completeTask(task['userTaskKey'] as string, { approved });
  await first('process-instances', { processInstanceKey, state: 'COMPLETED' });
  return processInstanceKey;
}

const model = process.argv[2];
if (model === undefined) throw new Error('usage: client ORDER.bpmn');
await client.deploy({ 'order.bpmn': readFileSync(model) });
const refusal = await client.start({ processDefinitionId: 'nobody' }).catch((error: unknown) => error);
if (!(refusal instanceof ApiError && refusal.status === 404)) throw refusal;
console.log('A-1', await through('A-1', true));
console.log('A-2', await through('A-2', false));
