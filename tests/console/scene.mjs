// SPDX-License-Identifier: Apache-2.0
// A company at work: what the pages show in tests and pictures. Everything goes over the API; `baton` learns the prediction model.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const BINARIES = process.env.BATON_TEST_BIN ?? fileURLToPath(new URL('../../build/release/bin', import.meta.url));

/** Calls the API as somebody. */
export class Api {
  constructor(url, user = 'admin', password = 'baton-dev') {
    this.url = url;
    this.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  async send(method, path, body) {
    const answer = await fetch(this.url + path, { method, headers: { 'Content-Type': 'application/json', Authorization: this.authorization },
      body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok && answer.status !== 409) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text && JSON.parse(text);
  }

  post(path, body = {}) {
    return this.send('POST', path, body);
  }

  async deploy(files) {
    const form = new FormData();
    for (const [name, text] of files) form.append('resources', new Blob([text]), name);
    const answer = await fetch(`${this.url}/v2/deployments`, { method: 'POST', headers: { Authorization: this.authorization }, body: form });
    if (!answer.ok) throw new Error(`deployment: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async find(what, filter = {}, limit = 100) {
    return (await this.post(`/v2/${what}/search`, { filter, page: { limit } })).items;
  }

  /** Works jobs of a type as a worker would; `work` answers with variables, or with why not. */
  async work(type, most, work, rest = 3000) {
    const { jobs } = await this.post('/v2/jobs/activation', { type, maxJobsToActivate: most, timeout: 60_000, requestTimeout: rest, worker: 'scene' });
    for (const job of jobs) {
      const { failure, error, variables = {} } = work(job);
      const answer = error ? ['error', { errorCode: error, errorMessage: 'the bank says no' }] : failure ? ['failure', { retries: 0, errorMessage: failure }] : ['completion', { variables }];
      await this.post(`/v2/jobs/${job.jobKey}/${answer[0]}`, answer[1]).catch((problem) => { if (!problem.message.includes(': 404 ')) throw problem; }); // its time was over: it comes again
    }
    return jobs.length;
  }

  async workAll(type, work) {
    let done = 0;
    for (let some = 1; some > 0; done += some) some = await this.work(type, 20, work);
    return done;
  }
}

const SUPPLIERS = [['Nordwind Logistik GmbH', 2016, 'DE'], ['Alpen Papier AG', 2012, 'AT'], ['Blue Harbour Ltd', 2023, 'GB'], ['Café Böhm', 2021, 'DE'], ['Müller & Söhne', 2018, 'DE'], ['Kyoto Precision KK', 2022, 'JP']];
const CUSTOMERS = ['Ada Lovelace', 'Bela Bartók', 'Chen Wei', 'Dana Scully', 'Emre Yılmaz', 'Femi Adeyemi', 'Gita Rao', 'Hugo Weiß', 'Inês Silva', 'Jun Tanaka'];
export const USERS = [['demo', 'Dora Demir'], ['mary', 'Mary Major'], ['john', 'John Lindqvist']];
const GROUPS = ['accounting', 'team-leads', 'finance', 'purchasing', 'support', 'warehouse', 'claims', 'experts'];

export async function people(api) {
  for (const group of GROUPS) await api.post('/v2/groups', { groupId: group, name: group[0].toUpperCase() + group.slice(1).replace('-', ' ') });
  for (const [username, name] of USERS) {
    await api.post('/v2/users', { username, name, password: 'baton-dev', email: `${username}@example.org` });
    await api.send('PUT', `/v2/roles/clerk/users/${username}`);
    await api.send('PUT', `/v2/groups/accounting/users/${username}`);
  }
  for (const group of ['finance', 'team-leads', 'support']) await api.send('PUT', `/v2/groups/${group}/users/demo`);
}

async function invoices(api, count) {
  for (let i = 0; i < count; i++) {
    const [name, since, country] = SUPPLIERS[i % SUPPLIERS.length];
    await api.post('/v2/process-instances', { processDefinitionId: 'invoice', businessId: `INV-2026-${1001 + i}`, variables: {
      invoiceNumber: `INV-2026-${1001 + i}`, amount: 180 + ((i * 1373) % 14_000), currency: 'EUR', supplier: { name, since, country },
      dueIn: i % 4 === 0 ? 'PT1S' : `P${1 + (i % 6)}D`, priority: 30 + ((i * 17) % 60) } });
  }
  await api.workAll('read-invoice', () => ({ variables: { pages: 2 } }));
}

async function orders(api, count) {
  for (let i = 0; i < count; i++)
    await api.post('/v2/process-instances', { processDefinitionId: 'order', businessId: `ORD-${7001 + i}`, variables: {
      orderId: `ORD-${7001 + i}`, customer: { name: CUSTOMERS[i % CUSTOMERS.length], tier: i % 3 ? 'standard' : 'gold' }, total: 25 + ((i * 311) % 900), items: [{ sku: 'BK-114', quantity: 1 + (i % 3) }] } });
  await api.workAll('charge-card', (job) => {
    const number = Number(job.variables.orderId.slice(4)) - 7001;
    return number % 9 === 4 ? { error: 'CARD_DECLINED' } : number % 7 === 3 ? { failure: 'Connection to payment gateway timed out after 10 s (pay.example.org:443)' } : {};
  });
  await api.workAll('reserve-stock', (job) => (Number(job.variables.orderId.slice(4)) % 11 === 5 ? { failure: 'SKU BK-114: only 2 left, 3 wanted' } : {}));
  for (let i = 0; i < count; i += 3)
    await api.post('/v2/messages/publication', { name: 'goods-picked', correlationKey: `ORD-${7001 + i}`, variables: { picker: 'warehouse-2' }, timeToLive: 3_600_000 });
  await api.workAll('print-label', () => ({ variables: { tracking: 'DHL-00340434' } }));
}

/** Some tasks are claimed, some done. */
async function clerks(api) {
  const tasks = await api.find('user-tasks', { state: 'CREATED', processDefinitionId: 'invoice' });
  for (const [i, task] of tasks.entries()) {
    if (i % 3 === 0) await api.post(`/v2/user-tasks/${task.userTaskKey}/assignment`, { assignee: USERS[(i / 3) % USERS.length][0] });
    if (i % 5 === 4) await api.post(`/v2/user-tasks/${task.userTaskKey}/completion`, { variables: { approved: i % 2 === 0, costCentre: '4100' } });
  }
  await api.workAll('pay-invoice', () => ({ variables: { paidOn: '2026-11-30' } }));
}

// -- What lies behind: claims of the last weeks, by a clock that is put forward --------------------

/** The claim's next version: a step more, one renamed, another promise. It has no drawing. */
export function nextClaim(xml) {
  return xml.replace(/<bpmndi:BPMNDiagram[^]*<\/bpmndi:BPMNDiagram>/, '').replace('name="Assess damage"', 'name="Assess damage on site"').replace('<baton:sla value="P3D" />', '<baton:sla value="P2D" />')
    .replace('<userTask id="assess"', '<userTask id="photos" name="Ask for photos"><extensionElements><zeebe:userTask /></extensionElements><incoming>c5</incoming><outgoing>c12</outgoing></userTask><userTask id="assess"')
    .replace('sourceRef="covered" targetRef="assess"', 'sourceRef="covered" targetRef="photos"').replace('<incoming>c5</incoming><incoming>c8</incoming>', '<incoming>c12</incoming><incoming>c8</incoming>')
    .replace('<sequenceFlow id="c6"', '<sequenceFlow id="c12" sourceRef="photos" targetRef="assess" /><sequenceFlow id="c6"');
}

const HOUR_MS = 3_600_000;

/** The same numbers each time. */
function dice(seed) {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
}

const pin = (api, timestamp) => api.send('PUT', '/v2/clock', { timestamp: Math.round(timestamp) });

/** How long somebody lets a task lie, in hours, and how long they work on it. */
const PACE = { enter: [2, 1], assess: [20, 8], approve: [30, 2], refuse: [10, 3] };
const WHO = { enter: ['demo', 'mary'], assess: ['john'], approve: ['john', 'mary', 'demo'], refuse: ['demo', 'mary'] };

class Office {
  constructor(api, count) {
    this.api = api;
    this.random = dice(7);
    this.count = count;
    this.started = 0;
    this.plans = new Map(); // by task: who takes it when, and is done when
    this.entered = new Map(); // by case: who may not approve it
    this.people = Object.fromEntries(USERS.map(([name]) => [name, new Api(api.url, name)]));
  }

  async report() {
    const i = this.started++;
    const business = `CLM-${3001 + i}`;
    await this.api.post('/v2/process-instances', { processDefinitionId: 'claim', businessId: business, variables: {
      customerId: `customer-${1 + (i % 9)}`, email: `${CUSTOMERS[i % CUSTOMERS.length].split(' ')[0].toLowerCase()}@example.org`, damage: 200 + ((i * 977) % 9000), kind: ['water', 'theft', 'storm'][i % 3] } });
  }

  plan(task, now) {
    const [rest, work] = PACE[task.elementId];
    const slow = now.isLate && task.elementId === 'approve' ? 2.2 : 1;
    const from = now.ms + rest * slow * (0.3 + 2.4 * this.random() ** 3) * HOUR_MS;
    const others = WHO[task.elementId].filter((name) => task.elementId !== 'approve' || name !== this.entered.get(task.processInstanceKey));
    const who = others[Math.floor(this.random() * others.length)];
    if (task.elementId === 'enter') this.entered.set(task.processInstanceKey, who);
    return { who, from, until: from + work * (0.4 + 1.5 * this.random()) * HOUR_MS, isTaken: false };
  }

  async tasks(now) {
    for (const task of await this.api.find('user-tasks', { state: 'CREATED', processDefinitionId: 'claim' }, 1000)) {
      const key = task.userTaskKey;
      if (!this.plans.has(key)) this.plans.set(key, this.plan(task, now));
      const plan = this.plans.get(key);
      if (!plan.isTaken && now.ms >= plan.from) {
        plan.isTaken = true;
        await this.api.post(`/v2/user-tasks/${key}/assignment`, { assignee: plan.who, allowOverride: true });
      } else if (plan.isTaken && now.ms >= plan.until && !plan.isDone) {
        plan.isDone = true;
        await this.people[plan.who].post(`/v2/user-tasks/${key}/completion`, { variables: task.elementId === 'approve' ? { clear: this.random() > 0.25 } : {} });
      }
    }
  }

  async tick(now, share) {
    while (this.started < this.count * share) await this.report();
    await this.tasks(now);
    await this.api.work('check-policy', 50, () => ({ variables: { covered: this.random() > 0.2 } }), -1);
    await this.api.work('pay-claim', 50, () => ({ variables: { paid: true } }), -1);
  }
}

/** Claims that were reported over the last days; most are over, some still run. */
export async function claims(api, count, days, step = 4) {
  const office = new Office(api, count);
  const end = Date.now();
  const begin = end - days * 24 * HOUR_MS;
  for (let ms = begin; ms < end; ms += step * HOUR_MS) {
    await pin(api, ms + office.random() * 0.8 * step * HOUR_MS);
    await office.tick({ ms, isLate: ms > end - (days / 3) * 24 * HOUR_MS }, Math.min(1, (ms - begin) / (end - begin) + 0.02));
  }
  await api.post('/v2/clock/reset');
}

/** Claims of the years before, as a log: every third is refused, and those come late to it. */
function oldClaims(count) {
  const random = dice(11);
  const lines = ['case,activity,timestamp,refused'];
  for (let i = 0; i < count; i++) {
    const isRefused = i % 3 === 0;
    let ms = Date.UTC(2026, 0, 1) + i * 6 * HOUR_MS;
    for (const activity of ['Enter claim', 'Check policy', ...(isRefused ? ['Write refusal'] : ['Assess damage', 'Approve payment', 'Pay out'])]) {
      ms += (activity === 'Check policy' ? 0.1 : 4 + 40 * random() ** 2) * HOUR_MS;
      lines.push(`${i},${activity},${new Date(ms).toISOString()},${isRefused}`);
    }
  }
  return lines.join('\n');
}

/** A model of how claims go on is learned and served. */
export async function foretell(api) {
  const folder = mkdtempSync(`${tmpdir()}/claims-`);
  writeFileSync(`${folder}/claims.csv`, oldClaims(300));
  execFileSync(`${BINARIES}/baton`, ['predict', 'train', `${folder}/claims.csv`, '--outcome', 'refused', '--out', `${folder}/claims.model`]);
  await api.send('PUT', '/v2/insight/processes/claim/prediction-model', { model: readFileSync(`${folder}/claims.model`).toString('base64') });
  rmSync(folder, { recursive: true });
}

export async function company(api, size = 1) {
  await people(api);
  await claims(api, 30 * size, 30, size > 1 ? 6 : 12);
  await foretell(api);
  await invoices(api, 24 * size);
  await orders(api, 40 * size);
  await clerks(api);
}
