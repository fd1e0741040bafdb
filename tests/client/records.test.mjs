// SPDX-License-Identifier: Apache-2.0
// What is over stays findable: element instances, jobs and variables after their end, also by who has just written them, also without
// a projector.
import {test, before, after} from 'node:test';
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {createCamundaClient} from '@camunda8/orchestration-cluster-api';
import {startBaton, waitFor} from './baton.mjs';

let baton;
let camunda;
const now = {consistency: {waitUpToMs: 0}};

const model = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<process id="records" name="Kept" isExecutable="true"><startEvent id="begun" name="Begun"/><sequenceFlow id="f0" sourceRef="begun" targetRef="pay"/>
<serviceTask id="pay" name="Pay"><extensionElements><zeebe:taskDefinition type="pay"/><zeebe:ioMapping><zeebe:input source="=amount * 2" target="twice"/>
</zeebe:ioMapping></extensionElements></serviceTask><sequenceFlow id="f1" sourceRef="pay" targetRef="done"/><endEvent id="done"/>
<boundaryEvent id="poor" attachedToRef="pay"><errorEventDefinition errorRef="er"/></boundaryEvent><sequenceFlow id="f2" sourceRef="poor" targetRef="sorry"/>
<endEvent id="sorry"/></process><error id="er" errorCode="NO_MONEY"/></definitions>`;

before(async () => {
  baton = await startBaton('records');
  camunda = createCamundaClient({config: {CAMUNDA_REST_ADDRESS: baton.url, CAMUNDA_AUTH_STRATEGY: 'NONE'}});
  await camunda.createDeployment({resources: [new File([model], 'records.bpmn', {type: 'application/xml'})]});
}, {timeout: 120000});

after(() => baton?.stop());

async function post(path, body = {}) {
  const answer = await fetch(`${baton.url}/v2${path}`, {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(body)});
  const text = await answer.text();
  return {status: answer.status, until: answer.headers.get('baton-records-until'), body: text ? JSON.parse(text) : undefined};
}

// With the process itself, which is there for those who ask for it.
const elements = async filter => (await post('/element-instances/search', {filter: {type: {$exists: true}, ...filter}})).body.items;

async function startAndTake(variables) {
  const {processInstanceKey} = await camunda.createProcessInstance({processDefinitionId: 'records', variables});
  const {jobs: [job]} = await camunda.activateJobs({type: 'pay', worker: 'teller', timeout: 30000, maxJobsToActivate: 1, requestTimeout: 20000});
  assert.equal(job.processInstanceKey, processInstanceKey);
  return job;
}

test('who completes a job reads at once what is over', async () => {
  const {jobKey, processInstanceKey} = await startAndTake({amount: 4});
  await camunda.completeJob({jobKey, variables: {paid: true}});
  const {body: {items: inside}} = await post('/element-instances/search', {filter: {processInstanceKey}});
  assert.deepEqual(inside.map(e => e.type), ['START_EVENT', 'SERVICE_TASK', 'END_EVENT']);
  const found = await elements({processInstanceKey});
  assert.deepEqual(found.map(e => [e.type, e.elementId, e.elementName, e.state]), [
    ['PROCESS', 'records', 'Kept', 'COMPLETED'], ['START_EVENT', 'begun', 'Begun', 'COMPLETED'], ['SERVICE_TASK', 'pay', 'Pay', 'COMPLETED'],
    ['END_EVENT', 'done', 'done', 'COMPLETED']]);
  assert.ok(found.every(e => e.startDate <= e.endDate));
  assert.equal(found[0].elementInstanceKey, processInstanceKey);
  const {body: {items: [job]}} = await post('/jobs/search', {filter: {processInstanceKey}});
  assert.deepEqual([job.state, job.worker, job.elementId, job.retries, job.endTime !== null], ['COMPLETED', 'teller', 'pay', 3, true]);
  const {body: {items}} = await post('/variables/search', {filter: {processInstanceKey}, sort: [{field: 'name'}]});
  assert.deepEqual(items.map(v => [v.name, v.value]), [['amount', '4'], ['paid', 'true'], ['twice', '8']]);
  assert.notEqual(items[2].scopeKey, processInstanceKey);
});

test('an error and a cancellation are told', async () => {
  const thrown = await startAndTake({amount: 1});
  await camunda.throwJobError({jobKey: thrown.jobKey, errorCode: 'NO_MONEY', errorMessage: 'none left'});
  const found = await elements({processInstanceKey: thrown.processInstanceKey});
  assert.deepEqual(found.map(e => `${e.elementId} ${e.state}`).sort(), ['begun COMPLETED', 'pay TERMINATED', 'poor COMPLETED', 'records COMPLETED', 'sorry COMPLETED']);
  const {body: {items: [job]}} = await post('/jobs/search', {filter: {processInstanceKey: thrown.processInstanceKey, state: 'ERROR_THROWN'}});
  assert.deepEqual([job.errorCode, job.errorMessage], ['NO_MONEY', 'none left']);
  const canceled = await startAndTake({amount: 2});
  await camunda.cancelProcessInstance({processInstanceKey: canceled.processInstanceKey});
  assert.deepEqual((await elements({processInstanceKey: canceled.processInstanceKey, state: 'TERMINATED'})).map(e => e.elementId).sort(), ['pay', 'records']);
  const {body: {items: [gone]}} = await post('/jobs/search', {filter: {jobKey: canceled.jobKey}});
  assert.equal(gone.state, 'CANCELED');
});

test('what runs is shown once, before and after it ends', async () => {
  const {jobKey, processInstanceKey} = await startAndTake({amount: 5});
  const before = await elements({processInstanceKey});
  assert.deepEqual(before.map(e => `${e.elementId} ${e.state}`), ['records ACTIVE', 'begun COMPLETED', 'pay ACTIVE']);
  await waitFor('the records', async () => (await post('/element-instances/search', {})).until === null);
  assert.deepEqual(await elements({processInstanceKey}), before);
  await camunda.completeJob({jobKey});
  await waitFor('the records', async () => (await post('/element-instances/search', {})).until === null);
  const after = await elements({processInstanceKey});
  assert.equal(after.length, 4);
  const one = await fetch(`${baton.url}/v2/element-instances/${after[2].elementInstanceKey}`).then(answer => answer.json());
  assert.deepEqual(one, after[2]);
});

test('instances are found by what they passed and by what their variables were', async () => {
  const {jobKey, processInstanceKey} = await startAndTake({amount: 77.0, deep: {list: [1, 'é']}});
  const byVariable = async (name, value) => (await post('/process-instances/search', {filter: {variables: [{name, value}]}})).body.items.map(i => i.processInstanceKey);
  assert.deepEqual(await byVariable('amount', '77.00'), [processInstanceKey], 'a caller finds what it has just started');
  await camunda.completeJob({jobKey});
  await waitFor('the records', async () => (await post('/element-instances/search', {})).until === null);
  assert.deepEqual(await byVariable('amount', '77'), [processInstanceKey]);
  assert.deepEqual(await byVariable('deep', '{"list": [1, "\\u00e9"]}'), [processInstanceKey]);
  assert.deepEqual(await byVariable('amount', '78'), []);
  const passed = await post('/process-instances/search', {filter: {elementId: 'done', elementInstanceState: 'COMPLETED', processInstanceKey}});
  assert.equal(passed.body.items.length, 1);
});

test('an instance that is deleted leaves no record', async () => {
  const {jobKey, processInstanceKey} = await startAndTake({amount: 6});
  await camunda.completeJob({jobKey});
  const {status} = await post(`/process-instances/${processInstanceKey}/deletion`);
  assert.equal(status, 204);
  await waitFor('the records', async () => (await post('/element-instances/search', {})).until === null);
  assert.deepEqual(await elements({processInstanceKey}), []);
  assert.deepEqual((await post('/variables/search', {filter: {processInstanceKey}})).body.items, []);
});

test('without a projector one instance is told from its history, and several say how far the records are', async () => {
  await baton.stop();
  await baton.start('--roles=engine,api,ingress');
  const {jobKey, processInstanceKey} = await startAndTake({amount: 9});
  await camunda.completeJob({jobKey});
  assert.equal((await elements({processInstanceKey})).length, 4);
  const all = await post('/element-instances/search', {filter: {processDefinitionId: 'records'}});
  assert.match(all.until, /^\d{4}-\d\d-\d\dT/);
  await baton.stop();
  await baton.start();
  await waitFor('the records to catch up', async () => (await post('/element-instances/search', {})).until === null);
  const rows = execFileSync('psql', ['-XAt', baton.postgres, '-c',
    `SELECT element_id, state, outcome, actor FROM readable_elements WHERE instance = ${processInstanceKey} ORDER BY element_id`], {encoding: 'utf8'});
  assert.equal(rows, 'begun|completed||\ndone|completed||\npay|completed||teller\nrecords|completed||\n');
});
