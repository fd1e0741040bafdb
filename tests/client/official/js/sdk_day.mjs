// SPDX-License-Identifier: Apache-2.0
// A day of a team with @camunda8/sdk, unchanged, over REST.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Camunda8} from '@camunda8/sdk';

const client = new Camunda8({
  ZEEBE_REST_ADDRESS: process.env.BATON_URL, CAMUNDA_OAUTH_DISABLED: true, CAMUNDA_AUTH_STRATEGY: 'NONE', CAMUNDA_LOG_LEVEL: 'none',
}).getCamundaRestClient();

async function eventually(what, probe, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    const value = await probe();
    if (value) return value;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`waited for ${what}`);
}

const start = loan => client.createProcessInstance({processDefinitionId: 'loan', variables: {loan, days: 40}});
const job = type => eventually(`a job ${type}`, async () => (await client.activateJobs({
  type, worker: 'day', timeout: 60000, maxJobsToActivate: 1, requestTimeout: 2000}))[0]);

const ended = processInstanceKey => eventually('the end', async () => (await client.searchProcessInstances({
  filter: {processInstanceKey, state: 'COMPLETED'}, sort: [{field: 'startDate'}]})).items.length === 1);

test('the cluster says what it is', async () => {
  assert.equal((await client.getTopology()).partitionsCount, 3);
});

test('models are deployed', async () => {
  const deployed = await client.deployResourcesFromFiles(['library.bpmn', 'fee.dmn', 'hand-over.form'].map(name => `${process.env.MODELS}/${name}`));
  assert.deepEqual([deployed.processes.length, deployed.decisions.length, deployed.forms.length], [2, 1, 1]);
});

test('a loan goes from its start to its end', async () => {
  const {processInstanceKey} = await start('L-1');
  const fetch = await job('fetch');
  assert.equal(fetch.variables.loan, 'L-1');
  await client.completeJob({jobKey: fetch.jobKey, variables: {shelf: 7}});
  const task = await eventually('the task', async () => (await client.searchUserTasks({filter: {processInstanceKey, state: 'CREATED'}, sort: [{field: 'creationDate'}]})).items[0]);
  assert.deepEqual(task.candidateGroups, ['desk', 'night']);
  await client.assignUserTask({userTaskKey: task.userTaskKey, assignee: 'ann'});
  await client.completeUserTask({userTaskKey: task.userTaskKey, variables: {reader: 'Bo'}});
  await eventually('the subscription', () => client.correlateMessage({name: 'book-returned', correlationKey: 'L-1', variables: {}}).catch(() => null));
  await ended(processInstanceKey);
  const {items} = await client.searchVariables({filter: {processInstanceKey}, sort: [{field: 'name', order: 'asc'}]});
  assert.deepEqual(items.map(variable => variable.name), ['days', 'loan', 'reader', 'shelf']);
});

test('workers fail and are resolved', async () => {
  const {processInstanceKey} = await start('L-2');
  const first = await job('fetch');
  await client.failJob({jobKey: first.jobKey, retries: 0, errorMessage: 'not there', retryBackOff: 0});
  const incident = await eventually('the incident', async () => (await client.searchIncidents({filter: {processInstanceKey, state: 'ACTIVE'}, sort: [{field: 'creationTime'}]})).items[0]);
  await client.updateJob({jobKey: first.jobKey, retries: 2});
  await client.resolveIncident(incident.incidentKey);
  const second = await job('fetch');
  await client.errorJob({jobKey: second.jobKey, errorCode: 'LOST', errorMessage: 'gone', variables: {}});
  await ended(processInstanceKey);
});

test('a worker of the client does its jobs', async () => {
  const keys = new Set();
  for (const loan of ['L-3', 'L-4', 'L-5']) keys.add((await start(loan)).processInstanceKey);
  const done = new Set();
  const worker = client.createJobWorker({
    type: 'fetch', worker: 'day', timeout: 30000, maxJobsToActivate: 3, pollIntervalMs: 100,
    jobHandler: one => { done.add(one.processInstanceKey); return one.complete({shelf: 1}); },
  });
  await eventually('three jobs', () => done.size === 3);
  worker.stop();
  assert.deepEqual(done, keys);
});

test('decisions, modifications, messages', async () => {
  assert.equal((await client.evaluateDecision({decisionDefinitionId: 'fee-of', variables: {days: 31}})).output, '2');
  const {variables} = await client.createProcessInstanceWithResult({processDefinitionId: 'fee', variables: {days: 3}});
  assert.equal(variables.fee, 0);
  const {processInstanceKey} = await start('L-6');
  await client.modifyProcessInstance({processInstanceKey, activateInstructions: [{elementId: 'wait'}]});
  await client.cancelProcessInstance({processInstanceKey});
  await client.publishMessage({name: 'book-returned', correlationKey: 'L-7', timeToLive: 1000, variables: {}});
  await client.broadcastSignal({signalName: 'closing', variables: {}});
});
