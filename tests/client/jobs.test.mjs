// SPDX-License-Identifier: Apache-2.0
// A worker's life over REST and over Kafka: who waits gets its job, who goes takes none along, who dies is replaced.
import {test, before, after} from 'node:test';
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readFileSync} from 'node:fs';
import {startBaton, waitFor} from './baton.mjs';

let baton;

before(async () => {
  baton = await startBaton('jobs');
}, {timeout: 120000});

after(() => baton?.stop());

async function post(path, body, options = {}) {
  const answer = await fetch(`${baton.url}/v2${path}`, {
    method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(body), ...options,
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

async function deployTask(type, loop = '') {
  const form = new FormData();
  form.append('resources', new File([`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
    <process id="${type}" isExecutable="true"><startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="t"/>
    <serviceTask id="t"><extensionElements><zeebe:taskDefinition type="${type}"/></extensionElements>${loop}</serviceTask>
    <sequenceFlow id="b" sourceRef="t" targetRef="e"/><endEvent id="e"/></process></definitions>`], `${type}.bpmn`, {type: 'application/xml'}));
  const answer = await fetch(`${baton.url}/v2/deployments`, {method: 'POST', body: form});
  assert.equal(answer.status, 200, await answer.text());
}

const start = id => post('/process-instances', {processDefinitionId: id});
const poll = (type, more = {}, options = {}) =>
  post('/jobs/activation', {type, worker: 'tester', timeout: 60000, maxJobsToActivate: 1, requestTimeout: 20000, ...more}, options);
const complete = key => post(`/jobs/${key}/completion`, {});

const historyOf = async key => (await fetch(`${baton.url}/v2/process-instances/${key}/history`).then(answer => answer.json())).items;

test('a poll that waits gets the job that is created later', async () => {
  await deployTask('later');
  const waiting = poll('later');
  const {processInstanceKey} = await start('later');
  const {jobs} = await waiting;
  assert.equal(jobs.length, 1);
  assert.equal(jobs[0].processInstanceKey, processInstanceKey);
  await complete(jobs[0].jobKey);
});

test('a poll gets as many of the jobs that lie there as it may, and not only the first', async () => {
  await deployTask('many', `<multiInstanceLoopCharacteristics><extensionElements>
    <zeebe:loopCharacteristics inputCollection="=for i in 1..50 return i" inputElement="i"/></extensionElements></multiInstanceLoopCharacteristics>`);
  await start('many');
  await waitFor('the jobs', async () => (await post('/jobs/search', {filter: {type: 'many'}})).page.totalItems === 50);
  const keys = [];
  for (const expected of [20, 20, 10]) {
    const {jobs} = await poll('many', {maxJobsToActivate: 20});
    assert.equal(jobs.length, expected);
    keys.push(...jobs.map(job => job.jobKey));
  }
  assert.equal(new Set(keys).size, 50);
  await Promise.all(keys.map(complete));
});

test('a poll that does not wait gets what is there, and nothing when there is nothing', async () => {
  await deployTask('there');
  assert.deepEqual((await poll('there', {requestTimeout: -1})).jobs, []);
  await start('there');
  assert.equal((await poll('there', {requestTimeout: -1})).jobs.length, 1);
  assert.deepEqual((await poll('there', {requestTimeout: -1})).jobs, []);
});

test('a client that goes away while it polls takes no job along', async () => {
  await deployTask('gone');
  const aborted = new AbortController();
  const first = poll('gone', {}, {signal: aborted.signal});
  await new Promise(resolve => setTimeout(resolve, 300)); // its credits are with the shards
  aborted.abort();
  await assert.rejects(first);
  const {processInstanceKey} = await start('gone');
  const {jobs} = await poll('gone');
  assert.equal(jobs[0].processInstanceKey, processInstanceKey);
  assert.equal(jobs[0].retries, 3);
});

test('jobs that come beyond what was asked for are returned, and nobody misses them', async () => {
  await deployTask('many');
  await Promise.all(Array.from({length: 12}, () => start('many')));
  const seen = new Set();
  while (seen.size < 12) {
    const {jobs} = await poll('many');
    for (const job of jobs) {
      assert.ok(!seen.has(job.jobKey), 'a job twice');
      seen.add(job.jobKey);
      await complete(job.jobKey);
    }
  }
});

test('jobs of instances that are not in memory are all given to one who polls without a pause', async () => {
  await deployTask('rested');
  const keys = new Set();
  for (let i = 0; i < 8; i++)
    for (const {processInstanceKey} of await Promise.all(Array.from({length: 75}, () => start('rested')))) keys.add(processInstanceKey);
  await baton.stop();
  await baton.start();
  const taken = new Set();
  for (const end = Date.now() + 15000; taken.size < keys.size && Date.now() < end;)
    for (const {processInstanceKey} of (await poll('rested', {maxJobsToActivate: 1000, timeout: 600000, requestTimeout: 1000})).jobs) taken.add(processInstanceKey);
  assert.equal(taken.size, keys.size);
}, {timeout: 120000});

test('history tells who took a job, and when', async () => {
  await deployTask('taken');
  const {processInstanceKey} = await start('taken');
  const {jobs} = await poll('taken', {worker: 'ada'});
  const taken = await waitFor('the event', async () => (await historyOf(processInstanceKey)).find(event => event.event === 'JOB_TAKEN'));
  assert.equal(taken.value, 'ada');
  await complete(jobs[0].jobKey);
});

test('a thousand polled types cost no thread and no topic', async () => {
  const threads = () => Number(/Threads:\s+(\d+)/.exec(readFileSync(`/proc/${baton.pid}/status`, 'utf8'))[1]);
  const before = threads();
  const aborted = new AbortController();
  const polls = Array.from({length: 200}, (_, i) => poll(`idle-${i}`, {}, {signal: aborted.signal}).catch(() => undefined));
  const short = Promise.all(Array.from({length: 800}, (_, i) => poll(`short-${i}`, {requestTimeout: 200})));
  assert.ok((await short).every(({jobs}) => jobs.length === 0));
  assert.ok(threads() < before + 10, `${before} threads became ${threads()}`); // librdkafka's own come and go
  aborted.abort();
  await Promise.all(polls);
  const partitions = readdirSync(baton.kafkaFolder).join(' '); // a folder for each partition of each topic
  assert.match(partitions, /commands-0/);
  assert.doesNotMatch(partitions, /idle-|short-/);
});

function kafkaWorker(simulation) {
  const worker = spawn(`${baton.binaries}/baton-worker`, ['--simulate', simulation, `--kafka.brokers=${baton.kafka}`,
    `--kafka.topic_prefix=${baton.topicPrefix}`], {stdio: ['ignore', 'inherit', 'inherit']});
  return {kill: async signal => { worker.kill(signal); await once(worker, 'exit'); }};
}

const isDone = async key => (await fetch(`${baton.url}/v2/process-instances/${key}`).then(answer => answer.json())).state === 'COMPLETED';

test('a killed Kafka worker is replaced within its session, not within a lease', async () => {
  await deployTask('slow');
  const first = kafkaWorker('slow,delay=60000');
  const {processInstanceKey} = await start('slow');
  await waitFor('the first worker to take the job', async () =>
    (await historyOf(processInstanceKey)).some(event => event.event === 'JOB_TAKEN'));
  await first.kill('SIGKILL');
  const second = kafkaWorker('slow,delay=10');
  await waitFor('the second worker to do it', () => isDone(processInstanceKey), 30000); // the lease is 60 s
  await second.kill('SIGTERM');
});

test('a job that waited without any worker has no history but its creation', async () => {
  await deployTask('weekend');
  const {processInstanceKey} = await start('weekend');
  await new Promise(resolve => setTimeout(resolve, 1500));
  const jobs = (await historyOf(processInstanceKey)).filter(event => event.event.startsWith('JOB_')).map(event => event.event);
  assert.deepEqual(jobs, ['JOB_CREATED', 'JOB_OFFERED']);
});
