// SPDX-License-Identifier: Apache-2.0
// A day of a team with c8ctl, Camunda's command line: what it prints as JSON is what Baton said.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {promisify} from 'node:util';

const client = process.env.CLIENT;
const models = process.env.MODELS;
const folder = mkdtempSync(join(tmpdir(), 'baton-c8ctl-'));

async function c8(...args) {
  const {stdout} = await promisify(execFile)(process.execPath,
    ['--no-warnings', '--import', join(client, 'client.mjs'), join(client, 'node_modules/@camunda8/cli/dist/index.js'), ...args, '--json'],
    {cwd: folder, env: {...process.env, HOME: folder, C8CTL_DATA_DIR: folder, CAMUNDA_REST_ADDRESS: process.env.BATON_URL, CAMUNDA_AUTH_STRATEGY: 'NONE',
      CAMUNDA_BASE_URL: `${process.env.BATON_URL}/v2`}});
  const text = stdout.trim();
  const start = text.search(/[[{]/);
  return start < 0 ? text : JSON.parse(text.slice(start));
}

async function eventually(what, probe) {
  for (const end = Date.now() + 60000; Date.now() < end;) {
    const value = await probe();
    if (value) return value;
  }
  throw new Error(`waited for ${what}`);
}

const one = async (...args) => (await c8(...args))[0];

test('the cluster is known, and models are deployed', async () => {
  assert.equal((await c8('get', 'topology')).brokers.length, 1);
  const deployed = await c8('deploy', join(models, 'library.bpmn'), join(models, 'fee.dmn'), join(models, 'hand-over.form'));
  assert.deepEqual(deployed.filter(row => row.ID !== '-').map(row => [row.Type, row.ID, row.Version]),
    [['Decision', 'fee-of', 1], ['Decision Requirements', 'fees', 1], ['Form', 'hand-over', 1], ['Process', 'loan', 1], ['Process', 'fee', 1]]);
  const loan = (await c8('list', 'pd')).find(row => row['Process ID'] === 'loan');
  assert.equal(loan.Name, 'Lend a book');
  assert.equal(loan.Key, (await one('search', 'pd', '--name', 'Lend*')).Key);
  assert.match(JSON.stringify(await c8('get', 'pd', loan.Key)), /Lend a book/);
});

test('an instance goes through', async () => {
  await c8('create', 'pi', '--id', 'loan', '--variables', '{"loan": "C-1", "days": 40}');
  const {Key: loan} = await one('search', 'pi', '--id', 'loan', '--state', 'ACTIVE');
  const fetch = await one('activate', 'jobs', 'fetch', '--maxJobsToActivate', '1');
  assert.equal(fetch['Process Instance'], loan);
  await c8('complete', 'job', fetch.Key, '--variables', '{"shelf": 7}');
  const task = await eventually('the task', () => one('search', 'ut', '--processInstanceKey', loan));
  await c8('complete', 'ut', task.Key, '--variables', '{"reader": "Bo"}');
  await c8('publish', 'msg', 'book-returned', '--correlationKey', 'C-1', '--variables', '{"state": "good"}', '--timeToLive', '60000');
  await eventually('the end', async () => (await one('search', 'pi', '--key', loan, '--state', 'COMPLETED'))?.Key === loan);
  const variables = await c8('search', 'vars', '--processInstanceKey', loan);
  assert.deepEqual(variables.map(row => row.Name).sort(), ['days', 'loan', 'reader', 'shelf', 'state']);
});

test('a failure is an incident, which is resolved', async () => {
  await c8('create', 'pi', '--id', 'loan', '--variables', '{"loan": "C-2"}');
  const {Key: loan} = await one('search', 'pi', '--id', 'loan', '--state', 'ACTIVE');
  const fetch = await one('activate', 'jobs', 'fetch', '--maxJobsToActivate', '1');
  await c8('fail', 'job', fetch.Key, '--retries', '0', '--errorMessage', 'too high up');
  const incident = await eventually('the incident', () => one('search', 'inc', '--processInstanceKey', loan));
  assert.match(JSON.stringify(await c8('get', 'inc', incident.Key)), /too high up/);
  await c8('update', 'job', fetch.Key, '--retries', '2');
  await c8('resolve', 'inc', incident.Key);
  assert.equal((await one('activate', 'jobs', 'fetch', '--maxJobsToActivate', '1')).Key, fetch.Key);
  await c8('set', 'variable', loan, '--variables', '{"note": "ladder"}');
  assert.equal((await one('search', 'vars', '--processInstanceKey', loan, '--name', 'note')).Value, '"ladder"');
  await c8('cancel', 'pi', loan);
  assert.equal((await one('search', 'pi', '--key', loan)).State, 'TERMINATED');
});

test('a process is run and awaited, a message correlated, an expression tried', async () => {
  assert.match(JSON.stringify(await c8('await', 'pi', '--id', 'fee', '--variables', '{"days": 40}')), /11/);
  await c8('run', join(models, 'letters.bpmn'), '--variables', '{"to": "Ann"}');
  assert.equal((await one('search', 'pi', '--id', 'letters')).State, 'ACTIVE');
  await c8('create', 'pi', '--id', 'loan', '--variables', '{"loan": "C-3"}');
  const fetch = await one('activate', 'jobs', 'fetch', '--maxJobsToActivate', '1');
  await c8('complete', 'job', fetch.Key);
  const task = await eventually('the task', () => one('search', 'ut', '--processInstanceKey', fetch['Process Instance']));
  await c8('complete', 'ut', task.Key);
  await c8('correlate', 'msg', 'book-returned', '--correlationKey', 'C-3');
  await eventually('the end', async () => (await one('search', 'pi', '--key', fetch['Process Instance'])).State === 'COMPLETED');
});
