// SPDX-License-Identifier: Apache-2.0

/** The workers of a process that prices and ships an order. */
import { z } from 'zod';
import { BpmnError, LosslessNumber, Worker } from '../src/index.js';

/** In hundredths, with every digit: JSON numbers that a `number` cannot hold come as LosslessNumber or bigint. */
function cents(amount: unknown): bigint {
  const [whole = '', fraction = ''] = String(amount).split('.');
  return BigInt(whole + fraction.padEnd(2, '0').slice(0, 2));
}

const money = z.union([z.number(), z.bigint(), z.instanceof(LosslessNumber)]);
const worker = new Worker();

worker.job('price', { variables: z.object({ amount: money, count: z.int() }) }, ({ amount, count }) => {
  const total = (cents(amount) * BigInt(count)).toString().padStart(3, '0');
  return { total: new LosslessNumber(`${total.slice(0, -2)}.${total.slice(-2)}`) };
});

worker.job('ship', { variables: z.object({ approved: z.boolean() }) }, async ({ approved }, job) => {
  if (!approved) throw new BpmnError('SOLD_OUT', 'nobody approved it');
  job.log.info('shipped');
});

await worker.run();
