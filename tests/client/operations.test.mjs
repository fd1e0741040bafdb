// SPDX-License-Identifier: Apache-2.0
// Operations on running instances, one and many, by Camunda's official Node client where it knows them.
import {test, before, after} from 'node:test';
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {createCamundaClient} from '@camunda8/orchestration-cluster-api';
import {startBaton, waitFor} from './baton.mjs';
import {reviewModel, reviewModelChanged, weatherModel, failingModel} from './models.mjs';

let baton;
let camunda;
const consistency = {consistency: {waitUpToMs: 0}};

before(async () => {
  baton = await startBaton('operations');
  camunda = createCamundaClient({config: {CAMUNDA_REST_ADDRESS: baton.url, CAMUNDA_AUTH_STRATEGY: 'NONE'}});
}, {timeout: 120000});

after(() => baton?.stop());

async function deploy({name, text}) {
  const {deployments} = await camunda.createDeployment({resources: [new File([text], name, {type: 'application/xml'})]});
  return deployments[0].processDefinition;
}

async function post(path, body = {}) {
  const answer = await fetch(baton.url + path, {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(body)});
  const text = await answer.text();
  return {status: answer.status, body: text ? JSON.parse(text) : undefined};
}

async function start(processDefinitionId, count, variables = {}) {
  return Promise.all(Array.from({length: count}, async () =>
    (await camunda.createProcessInstance({processDefinitionId, variables})).processInstanceKey));
}

const get = processInstanceKey => camunda.getProcessInstance({processInstanceKey}, consistency);

async function done(batchOperationKey) {
  return waitFor(`batch ${batchOperationKey} to end`, async () => {
    const operation = await camunda.getBatchOperation({batchOperationKey}, consistency);
    return operation.endDate && operation;
  });
}

async function standsAt(processInstanceKey) {
  const {items} = await camunda.searchElementInstances({filter: {processInstanceKey, state: 'ACTIVE', type: {$neq: 'PROCESS'}}}, consistency);
  return items.map(item => item.elementId).sort();
}

test('a batch cancels what its filter finds, and tells its progress', async () => {
  await deploy(reviewModel);
  const keys = await start('reviewing', 12, {region: 'north'});
  const [other] = await start('reviewing', 1, {region: 'south'});
  const {batchOperationKey, batchOperationType} = await camunda.cancelProcessInstancesBatchOperation({
    filter: {processInstanceKey: {$in: keys}}}, consistency);
  assert.equal(batchOperationType, 'CANCEL_PROCESS_INSTANCE');
  const operation = await done(batchOperationKey);
  assert.equal(operation.operationsTotalCount, 12);
  assert.equal(operation.operationsCompletedCount, 12);
  assert.equal(operation.operationsFailedCount, 0);
  for (const key of keys) assert.equal((await get(key)).state, 'TERMINATED');
  assert.equal((await get(other)).state, 'ACTIVE');
  const {items} = await camunda.searchBatchOperationItems({filter: {batchOperationKey}}, consistency);
  assert.equal(items.length, 12);
  assert.deepEqual(new Set(items.map(item => item.processInstanceKey)), new Set(keys));
  assert.ok(items.every(item => item.state === 'COMPLETED'));
  const {items: found} = await camunda.searchBatchOperations({filter: {state: 'COMPLETED'}}, consistency);
  assert.ok(found.some(batch => batch.batchOperationKey === batchOperationKey));
});

test('a migration is tried dry, then done: timers and jobs are made anew; what cannot move says why', async () => {
  const old = await deploy(reviewModel);
  const keys = await start('reviewing', 3);
  const changed = await deploy(reviewModelChanged);
  assert.equal(changed.processDefinitionVersion, old.processDefinitionVersion + 1);
  const filter = {processInstanceKey: {$in: keys}};
  const plan = mappings => ({filter, migrationPlan: {targetProcessDefinitionKey: changed.processDefinitionKey, mappingInstructions: mappings}});
  const wrong = await post('/v2/process-instances/migration', {...plan([]), dryRun: true});
  const tried = await done(wrong.body.batchOperationKey);
  assert.equal(tried.operationsFailedCount, 3);
  assert.equal(tried.state, 'COMPLETED');
  const {items} = await camunda.searchBatchOperationItems({filter: {batchOperationKey: wrong.body.batchOperationKey}}, consistency);
  assert.match(items[0].errorMessage, /'review' runs and has no counterpart/);
  const mapping = [{sourceElementId: 'review', targetElementId: 'check'}];
  const dry = await post('/v2/process-instances/migration', {...plan(mapping), dryRun: true});
  assert.equal((await done(dry.body.batchOperationKey)).operationsCompletedCount, 3);
  assert.equal((await get(keys[0])).processDefinitionVersion, old.processDefinitionVersion);
  const {batchOperationKey} = await camunda.migrateProcessInstancesBatchOperation(plan(mapping), consistency);
  assert.equal((await done(batchOperationKey)).operationsCompletedCount, 3);
  for (const key of keys) {
    assert.equal((await get(key)).processDefinitionVersion, changed.processDefinitionVersion);
    assert.deepEqual(await standsAt(key), ['audit', 'check']);
  }
  const {jobs} = await camunda.activateJobs({type: 'deep-audit', worker: 'test', timeout: 60000, maxJobsToActivate: 10, requestTimeout: 5000});
  assert.ok(jobs.length > 0, 'the job is of the target now');
});

test('a modification moves tokens, of one instance and of many', async () => {
  await deploy(reviewModel);
  const keys = await start('reviewing', 4);
  const moveInstructions = [{sourceElementId: 'review', targetElementId: 'archive'}];
  const {batchOperationKey} = await camunda.modifyProcessInstancesBatchOperation({filter: {processInstanceKey: {$in: keys}}, moveInstructions}, consistency);
  assert.equal((await done(batchOperationKey)).operationsCompletedCount, 4);
  for (const key of keys) assert.deepEqual(await standsAt(key), ['archive', 'audit']);
  const again = await post(`/v2/process-instances/${keys[0]}/modification`, {moveInstructions});
  assert.equal(again.status, 409);
  assert.match(again.body.detail, /nothing runs at 'review'/);
});

test('a batch resolves incidents: their jobs get another try', async () => {
  await deploy(failingModel);
  const keys = await start('failing', 2);
  await waitFor('the jobs to fail', async () => {
    const {jobs} = await camunda.activateJobs({type: 'fragile', worker: 'test', timeout: 60000, maxJobsToActivate: 10, requestTimeout: 1000});
    for (const {jobKey} of jobs) await camunda.failJob({jobKey, retries: 0, errorMessage: 'no'});
    return (await camunda.searchIncidents({filter: {state: 'ACTIVE'}}, consistency)).items.length === 2;
  });
  const {batchOperationKey} = await camunda.resolveIncidentsBatchOperation({filter: {processInstanceKey: {$in: keys}}}, consistency);
  assert.equal((await done(batchOperationKey)).operationsCompletedCount, 2);
  for (const key of keys) assert.equal((await get(key)).hasIncident, false);
});

test('many are suspended and resumed; a suspended batch waits, a canceled one is over', async () => {
  await deploy(reviewModel);
  const keys = await start('reviewing', 2);
  const filter = {processInstanceKey: {$in: keys}};
  const suspended = await post('/v2/process-instances/suspension', {filter});
  await done(suspended.body.batchOperationKey);
  assert.equal((await get(keys[0])).state, 'SUSPENDED');
  const resumed = await post('/v2/process-instances/resumption', {filter});
  await done(resumed.body.batchOperationKey);
  assert.equal((await get(keys[1])).state, 'ACTIVE');
  assert.equal((await post(`/v2/batch-operations/${resumed.body.batchOperationKey}/suspension`)).status, 409);
  assert.equal((await post('/v2/batch-operations/1/cancellation')).status, 404);
});

test('what has ended can be deleted, one and many; what runs cannot', async () => {
  await deploy(reviewModel);
  const keys = await start('reviewing', 3);
  assert.equal((await post(`/v2/process-instances/${keys[0]}/deletion`)).status, 409);
  for (const processInstanceKey of keys) await camunda.cancelProcessInstance({processInstanceKey});
  assert.equal((await post(`/v2/process-instances/${keys[0]}/deletion`)).status, 204);
  const {body} = await post('/v2/process-instances/deletion', {filter: {processInstanceKey: {$in: keys}}});
  assert.equal((await done(body.batchOperationKey)).operationsTotalCount, 2);
  const {items} = await camunda.searchProcessInstances({filter: {processInstanceKey: {$in: keys}}}, consistency);
  assert.equal(items.length, 0);
});

test('an instance starts again from a point of its history', async () => {
  await deploy(reviewModel);
  const [key] = await start('reviewing', 1, {region: 'north'});
  const {items: steps} = await (await fetch(`${baton.url}/v2/process-instances/${key}/history`)).json();
  const first = steps[0].sequence;
  await post(`/v2/process-instances/${key}/modification`, {variables: {region: 'south'}, moveInstructions: [{sourceElementId: 'review', targetElementId: 'archive'}]});
  const again = await post(`/v2/process-instances/${key}/restart`, {sequence: first});
  assert.equal(again.status, 200, JSON.stringify(again.body));
  assert.notEqual(again.body.processInstanceKey, key);
  assert.deepEqual(await standsAt(again.body.processInstanceKey), ['audit', 'review']);
  assert.equal((await get(again.body.processInstanceKey)).variables.region, 'north');
  const later = await post(`/v2/process-instances/${key}/restart`, {variables: {region: 'west'}});
  assert.deepEqual(await standsAt(later.body.processInstanceKey), ['archive', 'audit']);
  assert.equal((await get(later.body.processInstanceKey)).variables.region, 'west');
  assert.equal((await post(`/v2/process-instances/${key}/restart`, {sequence: 0})).status, 409);
});

test('conditional starts are evaluated with the variables that come', async () => {
  const {processDefinitionKey} = await deploy(weatherModel);
  const none = await post('/v2/conditionals/evaluation', {variables: {temperature: 5}});
  assert.deepEqual(none.body.processInstances, []);
  const {body} = await post('/v2/conditionals/evaluation', {variables: {temperature: 35}});
  assert.equal(body.processInstances.length, 1);
  assert.equal(body.processInstances[0].processDefinitionKey, processDefinitionKey);
  const instance = await get(body.processInstances[0].processInstanceKey);
  assert.equal(instance.variables.temperature, 35);
  assert.equal((await post('/v2/conditionals/evaluation', {processDefinitionKey: '12345', variables: {}})).status, 404);
});

test('service levels and costs show in the instance', async () => {
  await deploy(weatherModel);
  const {body} = await post('/v2/conditionals/evaluation', {variables: {temperature: 36}});
  const key = body.processInstances[0].processInstanceKey;
  const late = await waitFor('the service level to be breached', async () => {
    const instance = await get(key);
    return instance.slaBreaches === 1 && instance;
  });
  assert.equal(late.cost, '12.5');
  const {items} = await camunda.searchElementInstances({filter: {processInstanceKey: key}}, consistency);
  assert.equal(items.find(item => item.elementId === 'cool').slaBreached, true);
});

test('a batch survives the crash of the node that does it, and does nothing twice', async () => {
  await deploy({name: 'crashing.bpmn', text: reviewModel.text.replace('id="reviewing"', 'id="crashing"')});
  for (let i = 0; i < 10; i++) await start('crashing', 60);
  const filter = {processDefinitionId: 'crashing'};
  const {body} = await post('/v2/process-instances/modification', {
    filter, moveInstructions: [{sourceElementId: 'review', targetElementId: 'archive'}]});
  await waitFor('some items to be done', async () => {
    const operation = await camunda.getBatchOperation({batchOperationKey: body.batchOperationKey}, consistency);
    return operation.operationsCompletedCount > 0;
  });
  await baton.crash();
  await baton.start();
  const operation = await done(body.batchOperationKey);
  assert.equal(operation.operationsTotalCount, 600);
  assert.equal(operation.operationsCompletedCount, 600);
  const {items} = await camunda.searchElementInstances({filter: {elementId: 'archive', processDefinitionId: 'crashing'}, page: {limit: 2000}}, consistency);
  assert.equal(items.length, 600);
}, {timeout: 180000});

test('all that was done folds to what is stored', async () => {
  await baton.stop();
  const {status, stdout, stderr} = spawnSync(`${baton.binaries}/baton`, ['audit', 'verify', `--postgres.url=${baton.postgres}`], {encoding: 'utf8'});
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, / 0 problems/);
});

test('retention drops what ended before a day, and no more at a time than it is told', () => {
  const ask = sql => execFileSync('psql', [baton.postgres, '-Atc', sql], {encoding: 'utf8'}).trim();
  const ended = Number(ask('SELECT count(*) FROM instances WHERE state IN (2, 3)'));
  const running = ask('SELECT count(*) FROM instances WHERE state NOT IN (2, 3)');
  assert.ok(ended > 5);
  assert.equal(ask('SELECT instances_drop(current_date - 1, 5)'), '0');
  assert.equal(ask('SELECT instances_drop(current_date + 1, 5)'), '5');
  assert.equal(ask('SELECT instances_drop(current_date + 1, 1000)'), String(ended - 5));
  assert.equal(ask('SELECT count(*) FROM instances WHERE state IN (2, 3)'), '0');
  assert.equal(ask('SELECT count(*) FROM instances'), running);
});
