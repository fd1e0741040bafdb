// SPDX-License-Identifier: Apache-2.0
// The rows of rows.json in feelin: one JSON line a row. feelin has no compiled form that is public: each evaluation parses.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { evaluate } = createRequire(process.argv[2] + '/')('feelin');
const rows = JSON.parse(readFileSync(process.argv[3], 'utf8'));
const items = Array.from({ length: 1000 }, (_, i) => ({ id: i, name: 'an item', amount: (i * 7919) % 1000 }));

function perSecond(once) {
  let best = 0;
  for (let round = 0; round < 3; round++) {
    const start = process.hrtime.bigint();
    let count = 0, now = start;
    for (; now - start < 400000000n; now = process.hrtime.bigint(), count++) once();
    best = Math.max(best, (count * 1e9) / Number(now - start));
  }
  return best;
}

for (const { name, expression, variables = { items } } of rows) {
  const once = () => evaluate(expression, variables).value;
  const value = once();
  if (value === null || value === undefined) throw new Error(`${name} is null`);
  console.log(JSON.stringify({ name, value: Math.round(perSecond(once)) }));
}
