// SPDX-License-Identifier: Apache-2.0
// A company at work: what the pages show in tests and pictures. Everything goes over the API.

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
  async work(type, most, work) {
    const { jobs } = await this.post('/v2/jobs/activation', { type, maxJobsToActivate: most, timeout: 60_000, requestTimeout: 3000, worker: 'scene' });
    for (const job of jobs) {
      const { failure, error, variables = {} } = work(job);
      if (error) await this.post(`/v2/jobs/${job.jobKey}/error`, { errorCode: error, errorMessage: 'the bank says no' });
      else if (failure) await this.post(`/v2/jobs/${job.jobKey}/failure`, { retries: 0, errorMessage: failure });
      else await this.post(`/v2/jobs/${job.jobKey}/completion`, { variables });
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
const GROUPS = ['accounting', 'team-leads', 'finance', 'purchasing', 'support', 'warehouse'];

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

export async function company(api, size = 1) {
  await people(api);
  await invoices(api, 24 * size);
  await orders(api, 40 * size);
  await clerks(api);
}
