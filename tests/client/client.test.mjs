// SPDX-License-Identifier: Apache-2.0
// Camunda's official Node client, unchanged, against Baton's REST API on a real Kafka broker and a real PostgreSQL.
import {test, before, after} from 'node:test';
import net from 'node:net';
import assert from 'node:assert/strict';
import {createCamundaClient} from '@camunda8/orchestration-cluster-api';
import {startBaton, waitFor} from './baton.mjs';
import {
  circleModels, discountModel, doubtfulModel, failingModel, offerModel, orderModel, orphanModel, priceModel, quoteModel, quoteProcess, taxModel,
} from './models.mjs';

let baton;
let camunda;
const consistency = {consistency: {waitUpToMs: 0}};

before(async () => {
  baton = await startBaton('client', '--node.name=');
  camunda = createCamundaClient({config: {CAMUNDA_REST_ADDRESS: baton.url, CAMUNDA_AUTH_STRATEGY: 'NONE'}});
}, {timeout: 120000});

after(() => baton?.stop());

async function deploy(...files) {
  return camunda.createDeployment({resources: files.map(({name, text}) => new File([text], name, {type: 'application/xml'}))});
}

async function activate(type, fetchVariable) {
  return waitFor(`a job of type ${type}`, async () => {
    const {jobs} = await camunda.activateJobs({type, worker: 'test', timeout: 60000, maxJobsToActivate: 1, requestTimeout: 2000, fetchVariable});
    return jobs[0];
  });
}

async function instanceIn(state, processInstanceKey) {
  return waitFor(`instance ${processInstanceKey} to be ${state}`, async () => {
    const instance = await camunda.getProcessInstance({processInstanceKey}, consistency);
    return instance.state === state && instance;
  });
}

test('topology names the shards as partitions', async () => {
  const topology = await camunda.getTopology();
  assert.equal(topology.partitionsCount, 3);
  assert.equal(topology.brokers.length, 1);
  assert.equal(topology.brokers[0].partitions.length, 3);
});

test('an order runs: deploy, create, job, message, user task, search', async () => {
  const deployment = await deploy(orderModel);
  const definition = deployment.deployments[0].processDefinition;
  assert.equal(definition.processDefinitionId, 'order');
  assert.equal(definition.processDefinitionVersion, 1);
  assert.equal((await deploy(orderModel)).deployments[0].processDefinition.processDefinitionVersion, 1, 'the same bytes are the same version');

  const created = await camunda.createProcessInstance({processDefinitionId: 'order', variables: {orderId: 'A-1', amount: 1200}});
  const key = created.processInstanceKey;
  const found = await camunda.searchProcessInstances({filter: {processInstanceKey: key}}, consistency);
  assert.equal(found.items.length, 1);
  assert.equal(found.items[0].state, 'ACTIVE');

  const job = await activate('charge');
  assert.equal(job.processInstanceKey, key);
  assert.equal(job.customHeaders.currency, 'EUR');
  assert.equal(job.variables.total, 1428);
  await camunda.completeJob({jobKey: job.jobKey, variables: {paid: true}});
  await assert.rejects(camunda.completeJob({jobKey: job.jobKey, variables: {}}), error => [404, 409].includes(error.status ?? error.statusCode));

  await camunda.publishMessage({name: 'shipped', correlationKey: 'A-1', timeToLive: 60000, variables: {carrier: 'DHL'}});
  const task = await waitFor('the user task', async () => {
    const tasks = await camunda.searchUserTasks({filter: {processInstanceKey: key, state: 'CREATED'}}, consistency);
    return tasks.items[0];
  });
  assert.deepEqual(task.candidateGroups, ['clerks']);
  await camunda.assignUserTask({userTaskKey: task.userTaskKey, assignee: 'ada'});
  assert.equal((await camunda.getUserTask({userTaskKey: task.userTaskKey}, consistency)).assignee, 'ada');
  await camunda.completeUserTask({userTaskKey: task.userTaskKey, variables: {checked: true}});

  const ended = await instanceIn('COMPLETED', key);
  assert.ok(ended.endDate);
  const variables = await camunda.searchVariables({filter: {processInstanceKey: key}}, consistency);
  const byName = Object.fromEntries(variables.items.map(v => [v.name, JSON.parse(v.value)]));
  assert.equal(byName.paid, true);
  assert.equal(byName.carrier, 'DHL');
  assert.equal(byName.checked, true);
});

test('a job that fails for good raises an incident, and resolving it tries again', async () => {
  await deploy(failingModel);
  const {processInstanceKey} = await camunda.createProcessInstance({processDefinitionId: 'failing'});
  const job = await activate('fragile');
  await camunda.failJob({jobKey: job.jobKey, retries: 0, errorMessage: 'the disk is full'});
  const incident = await waitFor('the incident', async () => {
    const incidents = await camunda.searchIncidents({filter: {processInstanceKey, state: 'ACTIVE'}}, consistency);
    return incidents.items[0];
  });
  assert.equal(incident.errorType, 'JOB_NO_RETRIES');
  assert.match(incident.errorMessage, /disk is full/);
  assert.equal((await camunda.getProcessInstance({processInstanceKey}, consistency)).hasIncident, true);
  await camunda.updateJob({jobKey: job.jobKey, changeset: {retries: 1}});
  await camunda.resolveIncident({incidentKey: incident.incidentKey});
  const again = await activate('fragile');
  await camunda.throwJobError({jobKey: again.jobKey, errorCode: 'BROKEN', errorMessage: 'as modelled'});
  await instanceIn('COMPLETED', processInstanceKey);
});

test('a message is correlated or refused at once, an instance is canceled, a result is awaited', async () => {
  const {processInstanceKey} = await camunda.createProcessInstance({processDefinitionId: 'order', variables: {orderId: 'B-2', amount: 1}});
  await assert.rejects(camunda.correlateMessage({name: 'shipped', correlationKey: 'nobody'}), error => (error.status ?? error.statusCode) === 404);
  await camunda.cancelProcessInstance({processInstanceKey});
  await instanceIn('TERMINATED', processInstanceKey);
  await assert.rejects(camunda.cancelProcessInstance({processInstanceKey}), error => (error.status ?? error.statusCode) === 404);
});

test('a broken model is refused with every problem, and nothing is deployed', async () => {
  const broken = {name: 'broken.bpmn', text: orderModel.text.replace('id="order"', 'id="broken"').replaceAll('targetRef="end"', 'targetRef="nowhere"')};
  await assert.rejects(deploy(broken, failingModel), error => (error.status ?? error.statusCode) === 400);
  const form = new FormData();
  for (const {name, text} of [broken, failingModel]) form.append('resources', new File([text], name));
  const answer = await fetch(`${baton.url}/v2/deployments`, {method: 'POST', body: form});
  assert.equal(answer.status, 400);
  const {detail} = await answer.json();
  assert.match(detail, /broken\.bpmn: f4 \(line \d+\): the sequence flow ends at nothing/);
  const found = await camunda.searchProcessDefinitions({filter: {processDefinitionId: 'broken'}}, consistency);
  assert.equal(found.items.length, 0);
});

test('a repeated start with the same Idempotency-Key is the first one', async () => {
  const start = () => fetch(`${baton.url}/v2/process-instances`, {
    method: 'POST', headers: {'content-type': 'application/json', 'idempotency-key': 'order-77'},
    body: '{"processDefinitionId":"order","variables":{"orderId":"D-1","amount":1}}',
  }).then(answer => answer.json());
  const keys = new Set();
  for (let i = 0; i < 4; i++) keys.add((await start()).processInstanceKey);
  assert.equal(keys.size, 1);
});

test('a decision is deployed, found and evaluated', async () => {
  const deployed = await deploy(discountModel);
  const {decisionDefinitionKey} = deployed.deployments[0].decisionDefinition;
  const found = await camunda.searchDecisionDefinitions({filter: {decisionDefinitionId: 'discount'}}, consistency);
  assert.equal(found.items[0].decisionDefinitionKey, decisionDefinitionKey);
  const result = await camunda.evaluateDecision({decisionDefinitionId: 'discount', variables: {total: 250}});
  assert.equal(result.output, '10');
  assert.equal(result.evaluatedDecisions[0].matchedRules[0].ruleIndex, 2);
});

test('the graph that decisions stand in is a resource of its own', async () => {
  const {deployments} = await deploy(quoteModel);
  const graph = deployments.find(entry => entry.decisionRequirements).decisionRequirements;
  const decisions = deployments.flatMap(entry => entry.decisionDefinition ?? []);
  assert.deepEqual(decisions.map(decision => decision.decisionDefinitionId), ['rate', 'quote', 'endless']);
  assert.deepEqual(decisions.map(decision => decision.name), ['Rate', 'Quote', 'Endless']);
  assert.ok(decisions.every(decision => decision.decisionRequirementsKey === graph.decisionRequirementsKey));
  const {decisionRequirementsKey} = graph;
  assert.deepEqual(await camunda.getDecisionRequirements({decisionRequirementsKey}, consistency), {
    decisionRequirementsKey, decisionRequirementsId: 'quotes', decisionRequirementsName: 'Quotes', version: 1, resourceName: 'quote.dmn',
    tenantId: '<default>',
  });
  const found = await camunda.searchDecisionRequirements({filter: {decisionRequirementsName: 'Quotes'}, sort: [{field: 'version'}]}, consistency);
  assert.deepEqual(found.items.map(item => item.decisionRequirementsKey), [decisionRequirementsKey]);
  assert.equal(await camunda.getDecisionRequirementsXml({decisionRequirementsKey}, consistency), quoteModel.text);
  const inside = await camunda.searchDecisionDefinitions({filter: {decisionRequirementsKey}}, consistency);
  assert.equal(inside.items.length, 3);
  assert.ok(inside.items.every(item => item.decisionRequirementsId === 'quotes'));
});

// The REST interface itself: what Camunda's client does not show.
async function post(...files) {
  const form = new FormData();
  for (const {name, text} of files) form.append('resources', new File([text], name));
  const answer = await fetch(`${baton.url}/v2/deployments`, {method: 'POST', body: form});
  return {status: answer.status, ...await answer.json()};
}

const decisionOf = (answer, id) => answer.deployments.map(entry => entry.decisionDefinition).find(decision => decision?.decisionDefinitionId === id);
const valueOf = async (decisionDefinitionKey, variables) => (await camunda.evaluateDecision({decisionDefinitionKey, variables})).output;

test('a model imports models of its deployment, through others too, and keeps what it was deployed with', async () => {
  const first = await post(offerModel, priceModel, taxModel(10));
  const offer = decisionOf(first, 'offer').decisionDefinitionKey;
  const price = decisionOf(first, 'price').decisionDefinitionKey;
  assert.equal(await valueOf(price, {amount: 200}), '220');
  assert.equal(await valueOf(offer, {amount: 200}), '219');
  const {decisionRequirementsKey} = decisionOf(first, 'price');
  assert.equal(await camunda.getDecisionRequirementsXml({decisionRequirementsKey}, consistency), priceModel.text);
  const again = await post(offerModel, priceModel, taxModel(10));
  assert.equal(decisionOf(again, 'offer').decisionDefinitionKey, offer, 'the same bytes with the same imports are the same version');

  const tax = await post(taxModel(20));
  assert.equal(tax.deployments[0].decisionRequirements.version, 2);
  assert.equal(await valueOf(offer, {amount: 200}), '219');
  const newer = decisionOf(await post(offerModel), 'offer');
  assert.equal(newer.version, 2, 'what it imports has changed');
  assert.equal(await valueOf(newer.decisionDefinitionKey, {amount: 200}), '239');
  assert.equal(await valueOf(offer, {amount: 200}), '219');
  assert.equal(await valueOf(price, {amount: 200}), '220');

  await baton.restart();
  assert.equal(await valueOf(newer.decisionDefinitionKey, {amount: 200}), '239');
  assert.equal(await valueOf(offer, {amount: 200}), '219');
  assert.equal(await valueOf(price, {amount: 200}), '220');
});

test('an import that nothing was deployed of, and one that leads back, are refused', async () => {
  const orphan = await post(orphanModel);
  assert.equal(orphan.status, 400);
  assert.match(orphan.detail, /orphan\.dmn: line 3: no model has the namespace 'http:\/\/example\.com\/nowhere'/);
  const circle = await post(...circleModels);
  assert.equal(circle.status, 400);
  assert.match(circle.detail, /left\.dmn: line 3: imports lead from the namespace 'http:\/\/example\.com\/circle\/left' back to it/);
  const alike = {...taxModel(30), name: 'other tax.dmn'};
  const ambiguous = await post(priceModel, taxModel(10), alike);
  assert.equal(ambiguous.status, 400);
  assert.match(ambiguous.detail, /tax\.dmn: the namespace 'http:\/\/example\.com\/taxes', which is imported, is also that of other tax\.dmn/);
});

test('warnings reach whoever deploys', async () => {
  const {status, warnings} = await post(doubtfulModel);
  assert.equal(status, 200);
  assert.equal(warnings.length, 1);
  assert.deepEqual({...warnings[0], message: ''}, {resourceName: 'doubtful.dmn', line: 5, element: 'Doubt', code: 'type', message: ''});
  assert.equal((await post(taxModel(20))).warnings, undefined);
});

test('an evaluation answers with every decision on the way, and can be found again', async () => {
  const result = await camunda.evaluateDecision({decisionDefinitionId: 'quote', variables: {region: 'abroad', total: 300}});
  assert.equal(result.output, '27');
  assert.equal(result.decisionDefinitionName, 'Quote');
  assert.equal(result.decisionRequirementsId, 'quotes');
  assert.equal(result.failureMessage, null);
  assert.deepEqual(result.evaluatedDecisions.map(decision => decision.decisionDefinitionId), ['rate', 'quote']);
  const [rate] = result.evaluatedDecisions;
  assert.equal(rate.decisionDefinitionType, 'DECISION_TABLE');
  assert.deepEqual(rate.evaluatedInputs, [{inputId: 'region', inputName: 'Region', inputValue: '"abroad"'}]);
  assert.deepEqual(rate.matchedRules, [
    {
      ruleId: 'abroad', ruleIndex: 2,
      evaluatedOutputs: [{outputId: 'percent', outputName: 'percent', outputValue: '9', ruleId: 'abroad', ruleIndex: 2}],
    },
  ]);
  const {decisionEvaluationKey} = result;
  const found = await camunda.searchDecisionInstances({filter: {decisionEvaluationKey}, sort: [{field: 'decisionEvaluationInstanceKey'}]}, consistency);
  assert.deepEqual(found.items.map(item => item.decisionDefinitionId), ['rate', 'quote']);
  const {decisionEvaluationInstanceKey} = found.items[0];
  assert.equal(decisionEvaluationInstanceKey, rate.decisionEvaluationInstanceKey);
  const one = await camunda.getDecisionInstance({decisionEvaluationInstanceKey}, consistency);
  assert.equal(one.state, 'EVALUATED');
  assert.equal(one.result, '9');
  assert.deepEqual(one.evaluatedInputs, rate.evaluatedInputs);
  assert.deepEqual(one.matchedRules, rate.matchedRules);
  assert.equal(one.processInstanceKey, '-1');
});

test('a business rule task leaves decision instances; one beyond a limit is a failed one', async () => {
  const {deployments} = await deploy(quoteProcess);
  const {processDefinitionKey} = deployments[0].processDefinition;
  const definition = await camunda.getProcessDefinition({processDefinitionKey}, consistency);
  assert.equal(definition.name, 'Quoting');
  const {processInstanceKey} = await camunda.createProcessInstance({processDefinitionId: 'quoting', variables: {region: 'home', total: 40}});
  await instanceIn('COMPLETED', processInstanceKey);
  const {items} = await camunda.searchDecisionInstances({
    filter: {processInstanceKey, decisionDefinitionType: 'DECISION_TABLE', state: 'EVALUATED'}}, consistency);
  assert.equal(items.length, 1);
  assert.equal(items[0].decisionDefinitionName, 'Rate');
  assert.equal(items[0].processDefinitionKey, processDefinitionKey);
  assert.ok(items[0].elementInstanceKey);
  const failed = await camunda.evaluateDecision({decisionDefinitionId: 'endless'});
  assert.equal(failed.failedDecisionDefinitionId, 'endless');
  assert.match(failed.failureMessage, /stopped.*limit/);
  const {items: [instance]} = await camunda.searchDecisionInstances({filter: {state: 'FAILED'}}, consistency);
  assert.equal(instance.decisionDefinitionId, 'endless');
  assert.match(instance.evaluationFailure, /limit/);
});

test('what is no proper request is refused before it is read', async () => {
  const answers = await Promise.all([
    raw('GET /v2/topology HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n'),
    raw('GET /v2/topology HTTP/1.1\r\n\r\n'),
    raw('GET /v2/topology HTTP/1.1\nHost: a\n\n'),
    raw('GET /v2/topology HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  ]);
  assert.deepEqual(answers.map(answer => answer.split(' ')[1]), ['400', '400', '400', '200']);
});

test('errors name what, where and what to do', async () => {
  const ask = (path, body) => fetch(baton.url + path, {method: 'POST', headers: {'content-type': 'application/json'}, body});
  const cases = [
    ['/v2/process-instances', '{', 400, /json/],
    ['/v2/process-instances', '{"processDefinitionId":"nobody"}', 404, /no process 'nobody'/],
    ['/v2/process-instances', '{"processDefinitionId":"order","variables":[]}', 400, /"variables" must be an object/],
    ['/v2/process-instances', `{"processDefinitionId":"order","variables":{"a":${'['.repeat(40)}${']'.repeat(40)}}}`, 400, /JSON_MAX_DEPTH/],
    ['/v2/process-instances', `{"processDefinitionId":"order","variables":{"a":"${'x'.repeat(1 << 20)}"}}`, 400, /variables: \d+ bytes in one command: at most COMMAND_VARIABLES_BYTES \(1048576\)/],
    ['/v2/process-instances/search', '{"filter":{"colour":"red"}}', 400, /"filter.colour" is not known here/],
    ['/v2/jobs/12345/completion', '{}', 404, /no open job/],
    ['/v2/nothing', '{}', 404, /no resource/],
    ['/v2/topology', '{}', 405, /method/],
  ];
  for (const [path, body, status, detail] of cases) {
    const answer = await ask(path, body);
    const problem = await answer.json();
    assert.equal(answer.status, status, `${path} ${body.slice(0, 60)}: ${JSON.stringify(problem)}`);
    assert.match(problem.detail, detail);
  }
});

async function raw(bytes) {
  const {hostname, port} = new URL(baton.url);
  const socket = net.connect(Number(port), hostname);
  socket.end(bytes);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}
