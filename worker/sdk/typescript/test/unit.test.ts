// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { context, propagation, trace, type Context, type TextMapPropagator } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { z } from 'zod';
import * as json from '../src/json.js';
import { kafkaOptions } from '../src/kafka.js';
import { ofType, checkSettings, partOfJobType, settingsOf } from '../src/settings.js';
import { Progress } from '../src/progress.js';
import { ApiError, BpmnError, Client, Corrected, Denied, AdHoc, Failure, Fatal, LosslessNumber, RetryAfter, Worker, type Handler, type Job, type Variables } from '../src/index.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: unknown) => new TextDecoder().decode(json.write(value));

async function outcomeOf(handler: Handler<Variables>, variables: Variables = {}, fields: Partial<Job> = {}) {
  return new Worker().job('t', handler).test('t', variables, fields);
}

const failing = (error: unknown) => () => { throw error; };

test('variables are what their schema says, and the place of what is not is named', async () => {
  const schema = z.object({ count: z.int(), lines: z.array(z.object({ sku: z.string() })).optional(), text: z.string().default('none') });
  const worker = new Worker().job('t', { variables: schema }, ({ count, text }) => ({ count, text }));
  assert.deepEqual(await worker.test('t', { count: 3 }), { kind: 'completed', variables: { count: 3, text: 'none' } });
  for (const [variables, message] of [
    [{}, 'variable "count" is missing'],
    [{ count: 1.5 }, /^variable "count": .*, found 1\.5$/],
    [{ count: 'three' }, /^variable "count": .*, found "three"$/],
    [{ count: 1, lines: [{ sku: 'a' }, { sku: 1 }] }, /^variable "lines\[1\]\.sku": .*, found 1$/],
  ] as const) {
    const outcome = await worker.test('t', variables);
    assert.equal(outcome.kind, 'failed');
    if (typeof message === 'string') assert.deepEqual(outcome, { kind: 'failed', message, retries: 0, backoffMs: 0, failureClass: 'POISON', subject: '' });
    else assert.match(outcome.kind === 'failed' ? outcome.message : '', message);
  }
});

test('each end', async () => {
  assert.deepEqual(await outcomeOf(failing(new BpmnError('NO', 'text', { a: 1 }))), { kind: 'thrown', code: 'NO', message: 'text', variables: { a: 1 } });
  assert.deepEqual(await outcomeOf(failing(new RetryAfter(2.5, 'busy'))), { kind: 'failed', message: 'busy', retries: 2, backoffMs: 2500, failureClass: 'TRANSIENT', subject: '' });
  assert.deepEqual(await outcomeOf(failing(new RetryAfter(1, 'busy', true)), {}, { retries: 1 }), { kind: 'failed', message: 'busy', retries: 1, backoffMs: 1000, failureClass: 'THROTTLED', subject: '' });
  assert.deepEqual(await outcomeOf(failing(new RetryAfter(1e9, 'busy'))), { kind: 'failed', message: 'busy', retries: 2, backoffMs: 24 * 86_400_000, failureClass: 'TRANSIENT', subject: '' });
  assert.deepEqual(await outcomeOf(failing(new Fatal('never'))), { kind: 'failed', message: 'never', retries: 0, backoffMs: 0, failureClass: 'PERMANENT', subject: '' });
  assert.deepEqual(await outcomeOf(failing(new Failure('AUTH', '401', { subject: 'shop-key' }))), { kind: 'failed', message: '401', retries: 0, backoffMs: 0,
    failureClass: 'AUTH', subject: 'shop-key' });
  const found = await outcomeOf(failing(new TypeError('down')), {}, { attempt: 3 });
  assert.ok(found.kind === 'failed' && found.message === 'TypeError: down' && found.retries === 2 && found.backoffMs >= 3200 && found.backoffMs <= 4800, JSON.stringify(found));
  assert.deepEqual(await outcomeOf(() => new Denied('no')), { kind: 'completed', variables: {}, result: { denied: true, deniedReason: 'no' } });
  assert.deepEqual(await outcomeOf(() => new Corrected({ priority: 3 })), { kind: 'completed', variables: {}, result: { corrections: { priority: 3 } } });
  const adHoc = await outcomeOf(() => new AdHoc(['a', { elementId: 'b', variables: { n: 1 } }]));
  assert.deepEqual(adHoc.kind === 'completed' && adHoc.result?.['activateElements'], [{ elementId: 'a', variables: {} }, { elementId: 'b', variables: { n: 1 } }]);
});

test('what cannot be sent is named', async () => {
  const itself: Variables = {};
  itself['me'] = itself;
  let deep: unknown[] = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  for (const [value, message] of [
    [{ a: { b: [Infinity] } }, 'a.b[0] is Infinity, which is no number in JSON'],
    [{ call: () => {} }, 'call is a function, which JSON does not have'],
    [itself, 'me contains itself'],
    [{ half: '\ud800' }, 'half holds half of a surrogate pair, which is no text'],
    [{ all: new Map() }, 'all is a Map, which JSON does not have'],
    [new Map([['a', 1]]), 'the value is a Map, which JSON does not have'],
    [{ a: Promise.resolve(1) }, 'a is a Promise, which JSON does not have'],
    [new Date(0), 'the variables are no object but "1970-01-01T00:00:00.000Z"'],
    [[1], 'the handler returned an array; variables have names: return an object or nothing'],
    [{ small: 1, big: 'x'.repeat(1_100_000) }, 'the variables have 1100020 bytes, at most 1048576 are taken; "big" alone has 1100002'],
    [{ deep }, 'what the handler returned is nested too deeply'],
  ] as const) assert.deepEqual(await outcomeOf(() => value as object), { kind: 'failed', message, retries: 0, backoffMs: 0 });
  const part = { a: 1 };
  assert.equal((await outcomeOf(() => ({ x: part, y: [part, part], at: new Date(0) }))).kind, 'completed', 'the same twice is no cycle');
});

test('no digit is lost', () => {
  for (const one of ['1234567890123456789012345678901.234', '0.1234567890123456789012345678901234', '9223372036854775807', '-9223372036854775808', '9007199254740993', '1e400']) {
    assert.equal(text(json.read(bytes(one))), one);
  }
  for (const [one, value] of [['1.50', 1.5], ['-0.0', 0], ['1e3', 1000], ['12345', 12345], ['9007199254740992', 9007199254740992]] as const) assert.ok(json.read(bytes(one)) == value, one);
  assert.equal(json.read(bytes('9007199254740993')), 9007199254740993n);
  assert.ok(json.read(bytes('0.12345678901234567890')) instanceof LosslessNumber);
  for (const wrong of ['NaN', '{"a":Infinity}', '{', '{"a":1}x', '']) assert.throws(() => json.read(bytes(wrong)), wrong);
  assert.throws(() => json.read(new Uint8Array([0x22, 0xff, 0x22])));
});

test('no name and no number in variables does harm', () => {
  const odd = '{"__proto__":{"a":1},"constructor":1,"isLosslessNumber":true,"value":"7","n":{"__proto__":9007199254740993}}';
  assert.equal(text(json.read(bytes(odd))), odd);
  assert.equal((json.read(bytes('{"__proto__":{"admin":true}}')) as { admin?: boolean }).admin, undefined);
  const began = performance.now();
  const long = `0.1${'0'.repeat(1_000_000)}1`;
  assert.equal(text(json.read(bytes(long))), long);
  assert.ok(performance.now() - began < 2000, 'it took long');
  assert.throws(() => json.read(bytes('01234567890123456789')));
  assert.equal(text({ s: '"\\ 12345678901234567890', b: 12345678901234567890n }), '{"s":"\\"\\\\ 12345678901234567890","b":12345678901234567890}');
});

test('whatever is thrown is a failure, and whatever is logged a line', async () => {
  assert.equal((await outcomeOf(failing(Object.create(null)))).kind, 'failed');
  assert.equal((await outcomeOf((_, job) => job.log.info('x', { n: 5n, l: new LosslessNumber('1.0') }))).kind, 'completed');
  assert.throws(() => new Worker({ brokers: ['127.0.0.1:1'] }).job('t', { leaseMs: 1.5 }, () => {}).start(), /leaseMs: expected a whole number/);
});

test('middleware goes around, the first one outermost', async () => {
  const steps: string[] = [];
  const worker = new Worker().job('t', (_, job) => { steps.push(job.idempotencyKey); return { b: 1 }; });
  for (const name of ['outer', 'inner']) worker.use(async (job, next) => { steps.push(`${name} ${job.type}`); return next(); });
  assert.deepEqual(await worker.test('t'), { kind: 'completed', variables: { b: 1 } });
  assert.deepEqual(steps, ['outer t', 'inner t', 'baton-1']);
});

test('wrong declarations say so', async () => {
  assert.throws(() => new Worker().start(), /no handlers/);
  assert.throws(() => new Worker().job('t', () => {}).job('t', () => {}), /"t" already/);
  await assert.rejects(new Worker().job('t', () => {}).test('u'), /"u"; there are t/);
  assert.throws(() => new BpmnError(5 as unknown as string), /not 5/);
  assert.throws(() => new RetryAfter(0), /more than 0/);
});

test('settings', () => {
  const settings = settingsOf({ BATON_KAFKA_PROPERTIES: 'a.b=c; d=e=f;p=x\\;y\\;', BATON_WORKER_MAX_CONCURRENT: '7', BATON_WORKER_CHARGE_CARD_MAX_CONCURRENT: '2', OTHER: 'x' });
  assert.deepEqual(settings.properties, { 'a.b': 'c', d: 'e=f', p: 'x;y;' });
  assert.deepEqual(['charge-card', 'other'].map((type) => ofType(settings, type, { maxConcurrent: 5 }).maxConcurrent), [2, 5]);
  checkSettings(settings, ['charge-card']);
  assert.throws(() => checkSettings(settings, ['other']), /BATON_WORKER_CHARGE_CARD_MAX_CONCURRENT/);
  assert.throws(() => kafkaOptions(settings), /does not know "a.b"/);
  for (const [name, value] of [['BATON_WORKER_PAUSED', 'yes'], ['BATON_WORKER_GRACE_MS', '-1'], ['BATON_KAFKA_SESSION_MS', '5'], ['BATON_WORKER_LOG', 'xml']] as const) {
    assert.throws(() => settingsOf({ [name]: value }), new RegExp(name));
  }
  const secure = kafkaOptions(settingsOf({ BATON_KAFKA_PROPERTIES: 'security.protocol=SASL_SSL;sasl.mechanism=SCRAM-SHA-512;sasl.username=u;sasl.password=p' }));
  assert.equal(secure.sasl?.mechanism, 'SCRAM-SHA-512');
  assert.equal(secure.tls?.rejectUnauthorized, true);
});

test('parts of topics', () => {
  for (const [type, part] of [['pay', 'pay'], ['io.camunda:http-json:1', 'io.camunda_x3ahttp-json_x3a1'], ['a_x', 'a_x5fx'], ['ü', '_xc3_xbc'], ['a_b', 'a_b']] as const) {
    assert.equal(partOfJobType(type), part);
  }
  for (const wrong of ['', 'x'.repeat(201), ':'.repeat(51)]) assert.throws(() => partOfJobType(wrong));
});

test('offsets wait for the first', () => {
  const progress = new Progress();
  for (const offset of [3n, 4n, 7n]) progress.begin(offset);
  assert.deepEqual([4n, 3n, 9n, 7n].map((offset) => progress.end(offset)), [undefined, 5n, undefined, 8n]);
});

test('spans go on with the trace of the instance', async () => {
  const told = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(told)] }));
  const reads: TextMapPropagator = { inject() {}, fields: () => ['traceparent'], extract(into: Context, carrier: { traceparent?: string }) {
    const [, traceId = '', spanId = ''] = (carrier.traceparent ?? '').split('-');
    return trace.setSpanContext(into, { traceId, spanId, traceFlags: 1, isRemote: true });
  } };
  propagation.setGlobalPropagator(reads);
  await outcomeOf(() => {}, {}, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
  const [span] = told.getFinishedSpans();
  assert.deepEqual([span?.name, span?.spanContext().traceId, span?.parentSpanContext?.spanId], ['job t', '0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']);
  trace.disable(), propagation.disable(), context.disable();
});

test('the API is asked as it wants, and its refusals are errors', async () => {
  const asked: [string, RequestInit][] = [];
  const pages = [{ items: Array.from({ length: 1000 }, (_, n) => ({ n })), page: { endCursor: 'next' } }, { items: [{ n: 1000 }], page: { endCursor: null } }];
  const client = new Client({ url: 'http://b/', user: 'ü', password: 'p', fetch: async (url, init) => { asked.push([String(url), init!]); return Response.json(pages.shift()); } });
  let count = 0;
  for await (const one of client.search('user-tasks')) assert.equal(one['n'], count++);
  assert.equal(count, 1001);
  assert.match(String(asked[1]![1].body), /"after":"next"/);
  assert.equal((asked[0]![1].headers as Record<string, string>)['authorization'], 'Basic w7w6cA==');
  const refusing = (answer: () => Response) => new Client({ url: 'http://b', fetch: async () => answer() }).cancel('1/2').catch((error: unknown) => error);
  const refused = await refusing(() => Response.json({ title: 'NOT_FOUND', detail: 'no' }, { status: 404 }));
  assert.ok(refused instanceof ApiError && refused.status === 404 && refused.title === 'NOT_FOUND' && refused.detail === 'no');
  const html = await refusing(() => new Response('<h1>bad</h1>', { status: 502 }));
  assert.ok(html instanceof ApiError && html.status === 502 && html.detail === '<h1>bad</h1>');
  const away = await new Client({ url: 'http://127.0.0.1:1' }).cancel('1').catch((error: unknown) => error);
  assert.ok(away instanceof ApiError && away.status === 0 && away.title === 'UNREACHABLE');
});

test('the README says what is so', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf-8');
  const first = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = first.replace(/^import .*$/gm, '').replace('await worker.run();', 'return worker;');
  const worker = new Function('Worker', 'BpmnError', 'z', body)(Worker, BpmnError, z) as Worker;
  assert.deepEqual(await worker.test('charge-card', { amount: 3, card: '5500-4111' }), { kind: 'completed', variables: { receipt: '4111' } });
  assert.deepEqual(await worker.test('charge-card', { amount: 3000, card: '4111' }), { kind: 'thrown', code: 'CARD_DECLINED', message: 'too much', variables: {} });
});
