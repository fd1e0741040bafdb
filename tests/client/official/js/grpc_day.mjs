// SPDX-License-Identifier: Apache-2.0
// A day of a team with @camunda8/sdk's Zeebe client, unchanged, over gRPC: workers that poll and workers that stream.
import assert from 'node:assert/strict';
import {test, after} from 'node:test';
import {Camunda8} from '@camunda8/sdk';

const zeebe = new Camunda8({
  ZEEBE_GRPC_ADDRESS: `grpc://${process.env.BATON_GRPC}`, CAMUNDA_OAUTH_DISABLED: true, CAMUNDA_SECURE_CONNECTION: false, zeebeGrpcSettings: {ZEEBE_CLIENT_LOG_LEVEL: 'NONE'},
}).getZeebeGrpcApiClient();

after(() => zeebe.close());

const started = (loan, more = {}) => zeebe.createProcessInstance({bpmnProcessId: 'loan', variables: {loan, days: 3, ...more}});

async function eventually(what, probe, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    const value = await probe();
    if (value) return value;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error(`waited for ${what}`);
}

test('the cluster says what it is, and takes models', async () => {
  assert.equal((await zeebe.topology()).partitionsCount, 3);
  for (const name of ['fee.dmn', 'hand-over.form', 'library.bpmn'])
    assert.ok((await zeebe.deployResource(name.endsWith('.bpmn') ? {processFilename: `${process.env.MODELS}/${name}`}
      : name.endsWith('.dmn') ? {decisionFilename: `${process.env.MODELS}/${name}`} : {formFilename: `${process.env.MODELS}/${name}`})).key);
});

test('a worker that polls works, fails and throws', async () => {
  const seen = [];
  const worker = zeebe.createWorker({
    taskType: 'fetch', longPoll: 2000, taskHandler: job => {
      seen.push(`${job.variables.loan} ${job.retries}`);
      if (job.variables.loan === 'J-2' && job.retries === 3) return job.fail({errorMessage: 'again', retries: 2});
      if (job.variables.loan === 'J-3') return job.error('LOST', 'gone');
      return job.complete({shelf: 1});
    },
  });
  await Promise.all(['J-1', 'J-2', 'J-3'].map(loan => started(loan)));
  await eventually('all jobs', () => seen.length === 4);
  assert.deepEqual(seen.sort(), ['J-1 3', 'J-2 2', 'J-2 3', 'J-3 3']);
  await worker.close();
});

test('a stream has its jobs, and so has the next', async () => {
  for (const round of [1, 2]) {
    const seen = [];
    const stream = await zeebe.streamJobs({
      type: 'fetch', worker: `stream-${round}`, timeout: 600000, fetchVariables: ['loan'], tenantIds: ['<default>'],
      taskHandler: async job => { seen.push(job.variables.loan); return job.complete({}); },
    });
    await new Promise(resolve => setTimeout(resolve, 300));
    const loans = Array.from({length: 10}, (_, i) => `S-${round}-${i}`);
    await Promise.all(loans.map(loan => started(loan)));
    await eventually(`jobs of round ${round}`, () => seen.length >= 10);
    assert.deepEqual(seen.sort(), loans);
    stream.close();
  }
});

test('an instance is awaited, its decision is told, messages and signals are sent', async () => {
  const {variables} = await zeebe.createProcessInstanceWithResult({bpmnProcessId: 'fee', variables: {days: 40}});
  assert.ok('fee' in variables);
  const {evaluatedDecisions} = await zeebe.evaluateDecision({decisionId: 'fee-of', variables: {days: 40}});
  assert.equal(evaluatedDecisions.length, 1);
  assert.ok((await zeebe.publishMessage({name: 'book-returned', correlationKey: 'J-9', timeToLive: 1000, variables: {}})).key);
  assert.ok((await zeebe.broadcastSignal({signalName: 'nobody', variables: {}})).key);
});

test('an instance is changed, moved to the same version and canceled', async () => {
  const {processInstanceKey, processDefinitionKey} = await started('J-10');
  await zeebe.setVariables({elementInstanceKey: processInstanceKey, variables: {days: 9}, local: false});
  await zeebe.modifyProcessInstance({processInstanceKey, activateInstructions: [{elementId: 'hand', ancestorElementInstanceKey: '-1', variableInstructions: [{variables: {reader: 'Bo'}, scopeId: ''}]}]});
  await assert.rejects(zeebe.migrateProcessInstance({processInstanceKey, migrationPlan: {targetProcessDefinitionKey: '1', mappingInstructions: []}}), /NOT_FOUND/);
  await zeebe.cancelProcessInstance(processInstanceKey);
  await assert.rejects(zeebe.cancelProcessInstance(processInstanceKey), /NOT_FOUND/);
  assert.ok(processDefinitionKey);
});
