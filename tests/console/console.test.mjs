// SPDX-License-Identifier: Apache-2.0
// The console in a browser, as people use it: each scenario is a wish. After each, nothing may have gone to another origin, been written to the
// browser's console as an error, or been held back by the page's policy.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { startBaton, waitFor } from '../client/baton.mjs';
import { logIn, openPage, startBrowser } from './browser.mjs';
import { Api, company, nextClaim } from './scene.mjs';

// A fresh `baton dev --auth tests/console/models` may stand in for the tests' cluster while the console is worked on; in its environment
// BATON_ENGINE_TEST_CLOCK=true, for the claims of the last weeks, and BATON_VAULT_KEYS, for what is personal (`baton vault key k1` makes one).
const DEV = process.env.BATON_CONSOLE_URL;
const ADMIN = DEV ? 'baton-dev' : 'the-password-of-admin';

let baton;
let browser;
let admin;

const model = (name) => readFileSync(new URL(`models/${name}`, import.meta.url), 'utf8');

async function startCluster() {
  baton = await startBaton('console', '--engine.test_clock=true', '--vault.keys=k1 TEkY7V8eMNgDOTukiX2ri+p45VV9Ch7Qoysbxj19NsY=', '--auth.enabled=true', '--auth.admin_user=admin', `--auth.admin_password=${ADMIN}`);
  admin = new Api(baton.url, 'admin', ADMIN);
  await admin.send('POST', '/v2/roles', { roleId: 'clerk', name: 'Clerk' });
  await admin.post('/v2/authorizations', { ownerId: 'clerk', ownerType: 'ROLE', resourceId: '*', resourceType: 'PROCESS_DEFINITION', permissionTypes: ['CREATE_PROCESS_INSTANCE', 'READ_PROCESS_DEFINITION', 'READ_PROCESS_INSTANCE', 'READ_USER_TASK', 'CLAIM_USER_TASK', 'COMPLETE_USER_TASK'] });
  await admin.send('PUT', '/v2/tenants/%3Cdefault%3E/roles/clerk');
  await admin.deploy(readdirSync(new URL('models/', import.meta.url)).map((name) => [name, model(name)]));
}

before(async () => {
  if (DEV) {
    baton = { url: DEV, stop: () => {} };
    admin = new Api(DEV);
  } else {
    await startCluster();
  }
  await company(admin);
  browser = await startBrowser();
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await baton?.stop();
});

// Who has logged in once is let in again: a password takes its time, as it should.
const sessions = {};

async function enter({ page, context }, who) {
  if (sessions[who]) {
    await context.addCookies(sessions[who]);
    await page.goto('/');
    await page.waitForSelector('main');
    return;
  }
  await logIn(page, who, who === 'admin' ? ADMIN : 'baton-dev');
  sessions[who] = await context.cookies();
}

/** A scenario of one person in one window. */
function wish(name, who, run, options = {}) {
  test(name, { timeout: 40_000 }, async () => {
    const opened = await openPage(browser, baton.url, options);
    try {
      if (who) await enter(opened, who);
      await run(opened.page, opened);
      assert.deepEqual(await opened.policyReports(), []);
      assert.deepEqual(opened.faults, []);
    } finally {
      await opened.context.close();
    }
  });
}

const one = async (what, filter) => (await admin.find(what, filter, 1))[0];
const seen = (page, text) => page.getByText(text, { exact: false }).first().waitFor();

describe('the frame', () => {
  wish('whoever opens an address without a session logs in and comes to that address', null, async (page) => {
    await page.goto('/instances?state=incident');
    await page.waitForURL(/\/login\?target=/);
    await page.fill('[name=username]', 'demo');
    await page.fill('[name=password]', 'baton-dev');
    await page.click('button');
    await page.waitForURL(/\/instances\?state=incident$/);
    await page.getByRole('heading', { name: 'Instances' }).waitFor();
  });

  wish('a program that asks for an unknown path still gets JSON', null, async (page) => {
    const answer = await page.request.get('/no-such-thing', { headers: { Accept: 'application/json' } });
    assert.equal(answer.status(), 404);
    assert.equal((await answer.json()).status, 404);
  });

  wish('what was loaded once is not loaded again', null, async (page) => {
    const html = await (await page.request.get('/', { headers: { Accept: 'text/html' } })).text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)[1];
    const answer = await page.request.get(script);
    assert.match(answer.headers()['cache-control'], /immutable/);
    const again = await page.request.get(script, { headers: { 'If-None-Match': answer.headers().etag } });
    assert.equal(again.status(), 304);
    const plain = await fetch(baton.url + script, { headers: { 'Accept-Encoding': 'identity' } });
    assert.equal(plain.headers.get('content-encoding'), null);
    assert.equal(await plain.text(), await answer.text());
  });
});


describe('the clerk', () => {
  const mine = () => one('user-tasks', { state: 'CREATED', assignee: 'demo', processDefinitionId: 'invoice' });
  const offered = () => one('user-tasks', { state: 'CREATED', assignee: { $exists: false }, candidateGroup: 'finance' });

  wish('sees at once what is theirs, and what is late', 'demo', async (page) => {
    await page.getByRole('link', { name: /of my tasks are open/ }).waitFor();
    await page.getByRole('link', { name: /overdue/ }).first().click();
    await page.waitForURL(/late=yes/);
    await seen(page, 'overdue');
  });

  wish('claims a task of the group, and takes that back', 'demo', async (page) => {
    const task = await offered();
    await page.goto(`/tasks/${task.userTaskKey}?inbox=groups`);
    await page.getByRole('button', { name: 'Claim', exact: true }).first().click();
    await page.getByRole('button', { name: 'Release' }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Claim', exact: true }).first().waitFor();
    assert.equal((await admin.send('GET', `/v2/user-tasks/${task.userTaskKey}`)).assignee, null);
  });

  wish('fills in a form; what is missing is said at its field, and nothing is handed in', 'demo', async (page) => {
    const task = await mine();
    await page.goto(`/tasks/${task.userTaskKey}`);
    await page.getByText('Do you approve this invoice?').waitFor();
    await page.getByRole('button', { name: 'Complete' }).click();
    await seen(page, 'Field is required');
    assert.equal((await admin.send('GET', `/v2/user-tasks/${task.userTaskKey}`)).state, 'CREATED');
  });

  wish('finds what was typed again after the window was closed, and nobody else sees it', 'demo', async (page, { context }) => {
    const task = await mine();
    await page.goto(`/tasks/${task.userTaskKey}`);
    await page.getByLabel('Comment').fill('call Mr Böhm first');
    await seen(page, 'Draft saved');
    const again = await context.newPage();
    await again.goto(`/tasks/${task.userTaskKey}`);
    await again.waitForFunction(() => document.querySelector('textarea')?.value === 'call Mr Böhm first');
    const other = new Api(baton.url, 'mary', 'baton-dev');
    assert.equal(await other.send('GET', `/v2/user-tasks/${task.userTaskKey}/draft`), '');
    await again.getByRole('button', { name: 'Drop the draft' }).click();
    await again.waitForFunction(() => document.querySelector('textarea')?.value === '');
  });

  wish('completes a task and has the next one open', 'demo', async (page) => {
    const task = await mine();
    await page.goto(`/tasks/${task.userTaskKey}`);
    await page.getByText('Yes, pay it').click();
    await page.locator('.fjs-select-display').first().click();
    await page.getByText('4200 Logistics').click();
    await page.getByRole('button', { name: 'Complete' }).click();
    await seen(page, 'is completed');
    await page.waitForURL((address) => !address.pathname.endsWith(task.userTaskKey));
    const done = await admin.send('GET', `/v2/user-tasks/${task.userTaskKey}`);
    assert.equal(done.state, 'COMPLETED');
    const [variable] = await admin.find('variables', { processInstanceKey: task.processInstanceKey, name: 'costCentre' });
    assert.equal(variable.value, '"4200"');
  });

  wish('works on a task without a form by its variables', 'demo', async (page) => {
    const task = await one('user-tasks', { state: 'CREATED', processDefinitionId: 'order', elementId: 'call' });
    await admin.post(`/v2/user-tasks/${task.userTaskKey}/assignment`, { assignee: 'demo' });
    await page.goto(`/tasks/${task.userTaskKey}`);
    await page.getByLabel('orderId').waitFor();
    await page.getByPlaceholder('Name of a new value').fill('reached');
    await page.getByRole('button', { name: 'Add a value' }).click();
    await page.getByLabel('reached').fill('by phone');
    await page.getByRole('button', { name: 'Complete' }).click();
    await seen(page, 'is completed');
    const [variable] = await admin.find('variables', { processInstanceKey: task.processInstanceKey, name: 'reached' });
    assert.equal(variable.value, '"by phone"');
  });

  wish('sees that somebody else has a task, and cannot hand it in', 'demo', async (page) => {
    const task = await one('user-tasks', { state: 'CREATED', assignee: 'mary' });
    await page.goto(`/tasks/${task.userTaskKey}?inbox=all`);
    await seen(page, 'mary works on this task');
    assert.equal(await page.getByRole('button', { name: 'Complete' }).getAttribute('aria-disabled'), 'true');
  });

  test('two want the same task: the second is told before anything is lost', { timeout: 60_000 }, async () => {
    const task = await offered();
    const first = await openPage(browser, baton.url);
    const second = await openPage(browser, baton.url);
    await logIn(first.page, 'demo');
    await logIn(second.page, 'mary');
    for (const { page } of [first, second]) await page.goto(`/tasks/${task.userTaskKey}?inbox=all`);
    for (const { page } of [first, second]) await page.getByRole('button', { name: 'Claim', exact: true }).first().waitFor();
    await admin.post(`/v2/user-tasks/${task.userTaskKey}/assignment`, { assignee: 'demo' });
    await second.page.getByRole('button', { name: 'Claim', exact: true }).first().click().catch(() => {});
    await second.page.getByText(/demo works on this task/).waitFor();
    assert.equal((await admin.send('GET', `/v2/user-tasks/${task.userTaskKey}`)).assignee, 'demo');
    await first.context.close();
    await second.context.close();
  });

  wish('logs in again over a form when the session has ended, and nothing typed is lost', 'demo', async (page, { context }) => {
    const task = await mine();
    await page.goto(`/tasks/${task.userTaskKey}`);
    await page.getByLabel('Comment').waitFor();
    await context.clearCookies();
    await page.getByLabel('Comment').fill('half a sentence');
    await page.getByRole('dialog', { name: 'Log in again' }).waitFor();
    await page.getByLabel('Password').fill('baton-dev');
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await page.getByLabel('Comment').inputValue(), 'half a sentence');
    await seen(page, 'Draft saved');
  });

  wish('works on a phone, in German', 'demo', async (page) => {
    await page.getByRole('navigation', { name: 'Seiten' }).getByRole('link', { name: /Aufgaben/ }).click();
    await page.locator('.inbox-row a').first().click();
    await page.getByRole('button', { name: 'Abschließen' }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'de');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the phone');
    await page.getByRole('button', { name: 'Zurück zur Liste' }).click();
    await page.locator('.inbox-row').first().waitFor();
  }, { locale: 'de-DE', viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  wish('goes through the list with the keyboard alone', 'demo', async (page) => {
    await page.goto('/tasks?inbox=all');
    await page.locator('.inbox-row').first().waitFor();
    await page.keyboard.press('j');
    await page.waitForURL(/\/tasks\/\d+/);
    const first = page.url();
    await page.keyboard.press('j');
    await page.waitForURL((address) => address.href !== first);
    await page.keyboard.press('k');
    await page.waitForURL((address) => address.href === first);
  });

  wish('takes several tasks at once', 'demo', async (page) => {
    await page.goto('/tasks?inbox=groups');
    await page.locator('.inbox-row').nth(1).waitFor();
    await page.locator('.inbox-row input').nth(0).check();
    await page.locator('.inbox-row input').nth(1).check();
    await page.getByRole('toolbar').getByRole('button', { name: 'Claim' }).click();
    await seen(page, '2 of 2 done');
  });

  wish('starts a process by its form', 'demo', async (page) => {
    const before = (await admin.find('process-instances', { processDefinitionId: 'invoice' }, 1000)).length;
    await page.getByRole('button', { name: 'Start', exact: true }).first().click();
    await page.getByLabel('Process', { exact: true }).selectOption({ label: 'Invoice approval v1' });
    await page.getByLabel('Invoice number').fill('INV-9');
    await page.getByLabel('Amount (EUR)').fill('12');
    await page.getByLabel('Supplier').fill('Café Böhm');
    await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('button', { name: 'Open', exact: true }).waitFor();
    assert.equal((await admin.find('process-instances', { processDefinitionId: 'invoice' }, 1000)).length, before + 1);
  });
});

describe('the operator', () => {
  const failing = () => one('process-instances', { processDefinitionId: 'order', hasIncident: true, state: 'ACTIVE' });

  wish('sees why a case does not go on, in words', 'admin', async (page) => {
    const { processInstanceKey: key } = await one('process-instances', { processDefinitionId: 'order', errorMessage: { $like: 'SKU*' } });
    await page.goto(`/instances/${key}`);
    await seen(page, 'The worker failed and no try is left');
    await seen(page, 'SKU BK-114: only 2 left, 3 wanted');
    await page.locator('.djs-container .is-incident').first().waitFor();
  });

  wish('finds a case by a value it carries', 'admin', async (page) => {
    await page.goto('/instances');
    await page.getByRole('searchbox', { name: /Variable/ }).fill('orderId=ORD-7006');
    await page.waitForURL(/variable=/);
    await page.getByRole('link', { name: 'ORD-7006' }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  });

  wish('finds anything with Ctrl-K', 'admin', async (page) => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search' }).fill('ORD-7005');
    await page.getByRole('option', { name: /ORD-7005/ }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/instances\/\d+/);
    await page.getByRole('heading', { name: 'ORD-7005' }).waitFor();
  });

  wish('retries all that share a cause, rehearsed, and sees what became of each', 'admin', async (page) => {
    await page.goto('/incidents');
    await page.locator('.causes li').filter({ hasText: 'payment gateway' }).getByRole('button', { name: 'Retry all' }).click();
    await seen(page, 'instances will be reached');
    await page.getByRole('button', { name: /Begin with/ }).click();
    await page.waitForURL(/\/batches\/\d+/);
    await page.locator('h1 + .state').getByText('Completed').waitFor({ timeout: 30_000 });
  });

  wish('cancels a selection, and is told what will be left out', 'admin', async (page) => {
    await page.goto('/instances?state=any&process=invoice&sort=startDate.asc');
    await page.locator('tbody input').first().waitFor();
    await page.getByLabel('Select all that are shown').check();
    await page.getByRole('toolbar').getByRole('button', { name: 'Resume' }).click();
    await seen(page, 'they are not suspended');
    assert.equal(await page.getByRole('button', { name: /Begin with/ }).getAttribute('aria-disabled'), 'true');
    await page.keyboard.press('Escape');
  });

  wish('holds a case and lets it go on', 'admin', async (page) => {
    const { processInstanceKey: key } = await one('process-instances', { processDefinitionId: 'order', state: 'ACTIVE', hasIncident: false });
    await page.goto(`/instances/${key}`);
    await page.getByRole('button', { name: 'Suspend' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
    await seen(page, 'nothing moves until somebody resumes it');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Suspend' }).waitFor();
  });

  wish('moves a token, with the command that a program would send', 'admin', async (page) => {
    const { processInstanceKey: key } = await one('process-instances', { processDefinitionId: 'invoice', state: 'ACTIVE', elementId: 'approve', elementInstanceState: 'ACTIVE' });
    await page.goto(`/instances/${key}`);
    await page.getByRole('button', { name: 'Move tokens' }).click();
    await page.getByLabel('To', { exact: true }).selectOption({ label: 'Clarify with supplier' });
    await seen(page, 'begins.');
    await page.getByText('How a program does this').click();
    await seen(page, `baton modify ${key} --move approve=clarify`);
    await page.getByRole('dialog').getByRole('button', { name: 'Move tokens' }).click();
    await page.locator('.standings').getByText('Clarify with supplier').waitFor();
  });

  wish('changes a variable and takes it back', 'admin', async (page) => {
    const { processInstanceKey: key } = await failing();
    await page.goto(`/instances/${key}?tab=variables`);
    await page.getByRole('button', { name: 'Change total' }).click();
    await page.getByLabel('Value').fill('{"not');
    await seen(page, 'This is no JSON yet');
    await page.getByLabel('Value').fill('4711');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: '4711' }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: '4711' }).waitFor({ state: 'detached' });
  });

  wish('travels in time: tokens and values as they were', 'admin', async (page) => {
    const { processInstanceKey: key } = await one('process-instances', { processDefinitionId: 'order', businessId: 'ORD-7001' });
    await page.goto(`/instances/${key}?at=1`);
    await seen(page, 'step 1 of');
    await page.locator('.is-active[data-element-id=charge]').waitFor();
    await page.getByRole('button', { name: 'One step on' }).click();
    await page.waitForURL(/at=2/);
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page.waitForURL((address) => !address.search.includes('at='));
  });

  wish('sees a process whose model has no drawing', 'admin', async (page) => {
    const { processDefinitionKey: key } = await one('process-definitions', { processDefinitionId: 'delivery' });
    await page.goto(`/processes/${key}`);
    await seen(page, 'The model has no drawing');
    assert.ok(await page.locator('.djs-shape').count() >= 5);
  });

  wish('narrows the list by a click on the diagram, and the address says so', 'admin', async (page) => {
    const { processDefinitionKey: key } = await one('process-definitions', { processDefinitionId: 'invoice' });
    await page.goto(`/processes/${key}`);
    await page.locator('[data-element-id=approve] .djs-hit').first().click();
    await page.waitForURL(/element=approve/);
    await page.reload();
    await seen(page, 'Element: approve');
  });

  wish('reads a diagram without seeing it', 'admin', async (page) => {
    const { processDefinitionKey: key } = await one('process-definitions', { processDefinitionId: 'invoice' });
    await page.goto(`/processes/${key}`);
    await page.getByRole('button', { name: 'As a list' }).click();
    await page.getByRole('button', { name: /Approve invoice/ }).click();
    await page.waitForURL(/element=approve/);
  });

  wish('tries a decision and sees the rule that matched', 'admin', async (page) => {
    const { decisionDefinitionKey: key } = await one('decision-definitions', { decisionDefinitionId: 'approver' });
    await page.goto(`/decisions/${key}`);
    await page.getByLabel('Inputs').fill('{"amount": 500, "supplier": {"since": 2010, "country": "DE"}}');
    await page.getByRole('button', { name: 'Evaluate' }).click();
    await seen(page, '"accounting"');
    await page.locator('tr.rule-hit').waitFor();
  });

  wish('takes a list away as a file that a spreadsheet cannot be tricked by', 'admin', async (page) => {
    await admin.post('/v2/process-instances', { processDefinitionId: 'order', businessId: '=HYPERLINK("x")', variables: { orderId: 'x' } });
    await page.goto('/instances?state=any&q=HYPERLINK');
    await page.locator('tbody tr').first().waitFor();
    await page.getByRole('button', { name: 'Export' }).click();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'CSV' }).click()]);
    const text = readFileSync(await file.path(), 'utf8');
    assert.match(text, /"'=HYPERLINK\(""x""\)"/);
  });

  wish('deploys a model from the browser', 'admin', async (page) => {
    await page.goto('/deployments');
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.locator('input[type=file]').setInputFiles({ name: 'second.bpmn', mimeType: 'text/xml', buffer: Buffer.from(model('delivery.bpmn').replace('id="delivery"', 'id="second"')) });
    await page.getByRole('dialog').getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.getByRole('link', { name: 'second.bpmn' }).waitFor();
  });

  wish('goes back with the back button, everywhere', 'admin', async (page) => {
    for (const address of ['/tasks', '/processes', '/instances?state=incident', '/incidents', '/jobs', '/messages', '/decisions', '/cluster']) {
      await page.goto(address);
      await page.locator('main h1').first().waitFor();
    }
    await page.getByRole('link', { name: 'Instances' }).first().click();
    await page.getByRole('heading', { name: 'Instances' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Cluster' }).waitFor();
  });
});

describe('everybody at work', () => {
  wish('saves a page as it is, and finds it on any device', 'demo', async (page) => {
    await page.goto('/instances?state=incident&process=order&sort=startDate.asc');
    await page.getByRole('button', { name: 'Saved views' }).click();
    await page.getByRole('menuitem', { name: 'Save this page as it is' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Stuck orders <b>é</b>');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await seen(page, 'is saved');
    await page.goto('/');
    await page.getByRole('button', { name: 'Saved views' }).click();
    await page.getByRole('menuitem', { name: 'Stuck orders <b>é</b>' }).click();
    await page.waitForFunction(() => location.search.includes('sort=startDate.asc') && location.search.includes('process=order'));
  });

  wish('sees what others do without loading anything again', 'demo', async (page) => {
    await page.goto('/instances?state=any&q=JUST-NOW');
    await seen(page, 'Nothing matches the filter');
    await page.locator('.live').getByText('Live').waitFor();
    await admin.post('/v2/process-instances', { processDefinitionId: 'order', businessId: 'JUST-NOW', variables: { orderId: 'J' } });
    await page.getByRole('link', { name: 'JUST-NOW' }).waitFor({ timeout: 4000 });
  });

  wish('is shown who made the diagram viewer, uncovered', 'demo', async (page) => {
    const { processDefinitionKey: key } = await one('process-definitions', { processDefinitionId: 'invoice' });
    await page.goto(`/processes/${key}`);
    const mark = page.locator('.bjs-powered-by');
    await mark.scrollIntoViewIfNeeded();
    const box = await mark.boundingBox();
    assert.ok(box.width > 20 && box.height > 8);
    const on = await page.evaluate(({ x, y }) => document.elementFromPoint(x, y)?.closest('.bjs-powered-by') !== null, { x: box.x + box.width / 2, y: box.y + box.height / 2 });
    assert.ok(on, 'nothing lies over it');
  });

  wish('keeps an open dialog while the page behind it moves', 'admin', async (page) => {
    const { processInstanceKey: key } = await one('process-instances', { processDefinitionId: 'order', state: 'ACTIVE', hasIncident: true });
    await page.goto(`/instances/${key}?tab=variables`);
    await page.getByRole('button', { name: 'Change total' }).click();
    await page.getByLabel('Value').fill('12345');
    await admin.send('PUT', `/v2/element-instances/${key}/variables`, { variables: { total: 1 } });
    await page.waitForTimeout(1500);
    assert.equal(await page.getByLabel('Value').inputValue(), '12345');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  wish('reads times in the zone of their choice', 'demo', async (page) => {
    await page.getByRole('button', { name: 'You and how things look' }).click();
    await page.getByRole('menuitem', { name: 'UTC', exact: true }).click();
    await page.goto('/instances');
    await seen(page, '(UTC)');
  });

  wish('sees a refused credential once among the incidents, and says when it is valid again', 'admin', async (page) => {
    await admin.post('/v2/breakers/opening', { kind: 'CREDENTIAL', name: 'shop-key' });
    await page.goto('/incidents');
    const row = page.locator('.causes li').filter({ hasText: 'shop-key' });
    await row.getByRole('button', { name: 'Offer again' }).click();
    const dialog = page.getByRole('dialog', { name: 'shop-key is valid again' });
    await dialog.getByRole('button', { name: 'Offer again' }).click();
    await row.waitFor({ state: 'detached' });
    assert.deepEqual((await admin.send('GET', '/v2/breakers?name=shop-key')).items, []);
  });

  wish('pauses a type of jobs, sees it held back, and lets it go again', 'admin', async (page) => {
    await page.goto('/jobs');
    await page.getByRole('button', { name: /Pause jobs of type/ }).first().click();
    const dialog = page.getByRole('dialog');
    const type = /type (\S+)/.exec(await dialog.getByRole('heading').textContent())[1];
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    await seen(page, 'Somebody paused it.');
    const breakers = () => admin.send('GET', `/v2/breakers?kind=TYPE&name=${encodeURIComponent(type)}`);
    assert.equal((await breakers()).items[0].cause, 'BY_HAND');
    await page.getByRole('button', { name: 'Offer again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Offer again' }).click();
    await page.getByText('Somebody paused it.').waitFor({ state: 'detached' });
    assert.deepEqual((await breakers()).items, []);
  });
});

describe('the analyst', () => {
  const insight = '/insight/claim';

  wish('sees how long cases take, and comes from a number to its cases', 'admin', async (page) => {
    await page.getByRole('link', { name: 'Insight' }).first().click();
    await page.getByRole('link', { name: /Insurance claim/ }).click();
    await page.getByRole('button', { name: /Cycle time/ }).waitFor();
    const p90 = page.locator('.spread li').filter({ hasText: 'P90' }).getByRole('link');
    const span = await p90.textContent();
    await p90.click();
    const dialog = page.getByRole('dialog', { name: `Cases that took ${span} or longer` });
    await dialog.locator('tbody tr').first().waitFor();
    await seen(page, 'all were read');
    const found = await dialog.locator('tbody tr').count();
    const { items: [figures] } = await admin.send('GET', '/v2/insight/processes/claim/kpi');
    assert.ok(found >= 1 && found <= Math.ceil(figures.cases * 0.1) + 1, `${found} of ${figures.cases}`);
    await dialog.getByRole('link', { name: /CLM-/ }).first().click();
    await page.waitForURL(/\/instances\/\d+/);
    await page.goBack();
    await dialog.waitFor();
  });

  wish('sees on a running case how it will go on, and why, and what that is worth', 'admin', async (page) => {
    const running = await one('process-instances', { processDefinitionId: 'claim', state: 'ACTIVE', hasIncident: false });
    await page.goto(`/instances/${running.processInstanceKey}`);
    const panel = page.locator('section.panel').filter({ has: page.getByRole('heading', { name: 'How it goes on' }) });
    await panel.getByRole('heading', { name: 'Probability of refused' }).waitFor();
    const told = await admin.send('GET', `/v2/insight/processes/claim/instances/${running.processInstanceKey}/prediction`);
    const [likeliest] = await panel.locator('.chances li').allTextContents();
    assert.ok(likeliest.startsWith(told.next[0].activity ?? 'End'), likeliest);
    await panel.getByRole('heading', { name: 'What made it so' }).waitFor();
    await panel.getByRole('link', { name: /learned from 300 cases/ }).click();
    await page.getByRole('heading', { name: 'Prediction model, with the outcome refused' }).waitFor();
    const { items: [model] } = await admin.send('GET', '/v2/insight/prediction-models?processDefinitionId=claim');
    await seen(page, model.version);
    await seen(page, `Baseline: ${Math.round(model.nextActivity.baselineAccuracy * 100)}%`);
  });

  wish('is told how a process gets its predictions where it has none', 'admin', async (page) => {
    const [order] = await admin.find('process-instances', { processDefinitionId: 'order', state: 'ACTIVE' }, 1);
    await page.goto(`/instances/${order.processInstanceKey}`);
    await seen(page, 'Why it waits');
    await page.goto('/insight/order?tab=prediction');
    await seen(page, 'baton predict train order --out order.model');
    assert.equal(await page.getByText('How it goes on').count(), 0);
  });

  wish('finds as many cases in the list as the figure says', 'admin', async (page) => {
    await page.goto(`${insight}?kpi=cases`);
    const link = page.locator('.casesof').getByRole('link', { name: /Completed cases/ });
    const count = /\d+/.exec(await link.textContent())[0];
    await link.click();
    await page.waitForURL(/\/instances\?.*ended=/);
    await seen(page, `${count} in all`);
    await page.goto(`${insight}?kpi=sla`);
    await page.getByRole('link', { name: /A service level breached/ }).click();
    await page.waitForURL(/sla=breached/);
    const [breached] = [await admin.find('process-instances', { processDefinitionId: 'claim', state: 'COMPLETED', slaBreaches: { $gt: 0 } })];
    await (breached.length > 0 ? seen(page, `${breached.length} in all`) : seen(page, 'Nothing matches the filter'));
  });

  wish('sees the slow step on the map, and the cases that it held up', 'admin', async (page) => {
    await page.goto(`${insight}?tab=map`);
    await page.getByRole('button', { name: 'P95', exact: true }).click();
    await page.locator('.map .node.heat-5').click();
    await page.getByRole('heading', { name: 'Approve payment' }).waitFor();
    await page.waitForURL(/element=approve/);
    await page.getByRole('link', { name: /^P95/ }).click();
    await page.getByRole('dialog', { name: /Approve payment|approve/ }).locator('tbody tr').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: /^Times done/ }).click();
    await page.waitForURL(/passed=approve/);
    await page.locator('tbody tr').first().waitFor();
  });

  wish('leaves out what is rare, and sends the map as it is to somebody', 'admin', async (page) => {
    await page.goto(`${insight}?tab=map`);
    await page.locator('.map .way').first().waitFor();
    const all = await page.locator('.map .way').count();
    await page.getByLabel('Paths').fill('5');
    await page.waitForURL(/paths=5/);
    await page.waitForFunction((before) => document.querySelectorAll('.map .way').length < before, all);
    await page.reload();
    await page.locator('.map .way').first().waitFor();
    assert.ok((await page.locator('.map .way').count()) < all);
  });

  wish('looks at one variant alone, and at its cases', 'admin', async (page) => {
    await page.goto(`${insight}?tab=variants`);
    const refused = page.locator('.variants > li').filter({ hasText: 'Write refusal' }).first();
    await refused.getByRole('checkbox').check();
    await page.getByRole('link', { name: 'Show 1 on the map' }).click();
    await page.locator('.map .node').nth(2).waitFor();
    assert.equal(await page.locator('.map .node').count(), 3);
    await page.goBack();
    await refused.getByRole('link', { name: /cases?$/ }).click();
    await page.getByRole('dialog', { name: 'Cases of this variant' }).locator('tbody tr').filter({ hasText: 'Write refusal' }).first().waitFor();
  });

  wish('reads on the diagram where cases wait, and why, in words', 'admin', async (page) => {
    await page.goto(`${insight}?tab=map&view=diagram&mode=wait`);
    await page.locator('.djs-container .slow-5').first().waitFor();
    await page.getByRole('tab', { name: 'Waits' }).click();
    await seen(page, 'mostly for somebody to take it');
    await page.locator('.waits a').filter({ hasText: 'Approve payment' }).click();
    await page.waitForURL(/tab=map.*element=approve|element=approve.*tab=map/);
  });

  wish('reads the map without seeing it', 'admin', async (page) => {
    await page.goto(`${insight}?tab=map`);
    await page.getByRole('button', { name: 'As a list' }).click();
    await page.getByRole('row', { name: /Assess damage Approve payment/ }).getByRole('button').click();
    await page.getByRole('link', { name: /^Times done/ }).click();
    await page.getByRole('dialog', { name: 'Cases with approve right after assess' }).locator('tbody tr').first().waitFor();
  });

  wish('is told what is missing where there are not enough cases yet', 'admin', async (page) => {
    const { processDefinitionKey: key } = await one('process-definitions', { processDefinitionId: 'delivery' });
    await page.goto(`/processes/${key}`);
    await page.locator('main').getByRole('link', { name: 'Insight' }).click();
    await page.getByRole('heading', { name: 'Not enough cases yet' }).waitFor();
    await page.getByRole('link', { name: 'Running cases' }).click();
    await page.waitForURL(/process=delivery/);
  });
});

describe('the administrator', () => {
  wish('makes a user and gives them a role', 'admin', async (page) => {
    await page.goto('/admin/users');
    await page.getByRole('button', { name: 'New user' }).click();
    await page.getByLabel('User name').fill('nina');
    await page.getByLabel('Password').fill('a long password');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('link', { name: 'nina' }).waitFor();
    await page.goto('/admin/roles?open=clerk');
    await page.getByPlaceholder('Add by id').first().fill('nina');
    await page.getByRole('button', { name: 'Add', exact: true }).first().click();
    await page.getByRole('button', { name: 'Remove nina' }).waitFor();
  });

  wish('is told why somebody may not', 'admin', async (page) => {
    await page.goto('/admin/authorizations');
    await page.locator('form').getByLabel('Owner', { exact: true }).fill('demo');
    await page.getByLabel('Permission', { exact: true }).fill('CANCEL_PROCESS_INSTANCE');
    await page.getByRole('button', { name: 'Explain' }).click();
    await seen(page, 'Refused');
  });

  wish('makes an API key that is shown once', 'admin', async (page) => {
    await page.goto('/admin/keys');
    await page.getByRole('button', { name: 'New API key' }).click();
    await page.getByLabel('Client').fill('billing');
    await page.getByRole('dialog').getByRole('button', { name: 'New API key' }).click();
    await seen(page, 'baton_');
  });

  wish('gives a tenant its fair share, sees how much is used, and takes it away', 'admin', async (page) => {
    await page.goto('/admin/shares');
    await page.getByRole('heading', { name: 'Fair shares' }).waitFor();
    await page.getByRole('button', { name: 'Set a share' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Whose').fill('<default>');
    await dialog.getByLabel('Share', { exact: true }).selectOption('instances');
    await dialog.getByLabel('Amount').fill('many');
    await seen(page, 'A whole number from 0');
    await dialog.getByLabel('Amount').fill('5000');
    await dialog.getByText('How a program does this').click();
    await seen(page, "baton share set tenant '<default>' instances 5000");
    await dialog.getByRole('button', { name: 'Save' }).click();
    const row = page.locator('tbody tr').filter({ hasText: 'Instances at a time' });
    await row.getByText('5,000').waitFor();
    await waitFor('what is alive to be counted', async () => (await admin.send('GET', '/v2/shares')).items[0].used > 0);
    await page.reload();
    await row.locator('.meter').waitFor();
    await row.getByRole('button', { name: 'Take the share away' }).click();
    await dialog.getByRole('button', { name: 'Take the share away' }).click();
    await seen(page, 'No share is set');
  });

  wish('keeps two tasks of a process apart, chosen from its model', 'admin', async (page) => {
    await page.goto('/admin/separations');
    await page.getByRole('button', { name: 'New policy' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('four-eyes');
    await dialog.getByLabel('Process', { exact: true }).selectOption({ label: 'Invoice approval' });
    await dialog.getByLabel(/Approve invoice/).check();
    assert.equal(await dialog.getByRole('button', { name: 'Save' }).getAttribute('aria-disabled'), 'true');
    await dialog.getByLabel(/Clarify with supplier/).check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /four-eyes/ }).waitFor();
    const { items: [policy] } = await admin.send('GET', '/v2/separations');
    assert.deepEqual([...policy.elementIds].sort(), ['approve', 'clarify']);
    assert.equal(policy.processDefinitionId, 'invoice');
    await page.getByRole('button', { name: 'Delete the policy' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await seen(page, 'No policy');
  });

  wish('writes a secret, and nobody reads it again', 'admin', async (page) => {
    const value = 'hunter2-of-the-bureau';
    await page.goto('/admin/secrets');
    await page.getByRole('button', { name: 'New secret' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('BUREAU_TOKEN');
    await seen(page, 'A model writes {{secrets.BUREAU_TOKEN}}');
    await dialog.getByLabel('Value').fill(value);
    await dialog.getByLabel('May be sent to').fill('bureau.example.com');
    await dialog.getByText('How a program does this').click();
    assert.ok(!(await dialog.textContent()).includes(value), 'not in the command to copy');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /BUREAU_TOKEN.*bureau\.example\.com/ }).waitFor();
    await page.getByRole('button', { name: 'Give it another value' }).click();
    assert.equal(await dialog.getByLabel('Value').inputValue(), '');
    await dialog.getByLabel('For the processes').fill('claim');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /BUREAU_TOKEN.*claim/ }).waitFor();
    assert.ok(!(await page.content()).includes(value));
    await page.getByRole('button', { name: 'Delete the secret' }).click();
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    await seen(page, 'No secret');
  });

  wish('shows what is held about a person, and erases it, knowing what remains', 'admin', async (page) => {
    await page.goto('/admin/personal');
    await page.getByLabel('Person').fill('customer-4');
    await page.getByRole('button', { name: 'Show what is held' }).click();
    await page.waitForURL(/subject=customer-4/);
    await page.getByRole('row', { name: /email/ }).first().waitFor();
    await page.getByRole('button', { name: 'Erase this person' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/The keys of \d+ instances/).waitFor();
    await dialog.getByText('What remains, and until when').waitFor();
    const erase = dialog.getByRole('button', { name: 'Erase for good' });
    await dialog.getByLabel('Reason').fill('asked for on 12 May');
    await dialog.getByLabel('Type customer-4').fill('customer-5');
    assert.equal(await erase.getAttribute('aria-disabled'), 'true');
    await dialog.getByLabel('Type customer-4').fill('customer-4');
    await erase.click();
    await page.getByRole('dialog', { name: 'Erased' }).getByRole('button', { name: 'Close' }).last().click();
    await seen(page, 'No value can be read');
    const held = await admin.post('/v2/personal-data/search', { subjectId: 'customer-4' });
    assert.ok(held.erasedTime && held.values.every(({ value }) => value['baton:personal'] === 'erased'));
  });

  wish('finds out who was refused what, and what else they did', 'admin', async (page) => {
    await fetch(`${baton.url}/v2/batch-operations/search`, { method: 'POST', headers: { Authorization: new Api(baton.url, 'john').authorization, 'Content-Type': 'application/json' }, body: '{}' });
    await waitFor('the refusal to be noted', async () => (await admin.find('audit-logs', { operation: 'REFUSE', actorId: 'john' })).length > 0);
    await page.goto('/admin/audit?operation=REFUSE&who=john');
    await page.locator('tbody tr').first().waitFor();
    await page.locator('tbody a').first().click();
    await page.waitForURL(/open=\d+/);
    await seen(page, 'this takes READ on BATCH');
    await page.getByRole('link', { name: 'Everything by john' }).click();
    await page.waitForURL((address) => !address.search.includes('REFUSE'));
    await page.locator('tbody tr').filter({ hasText: 'Completed task' }).first().waitFor();
  });

  wish('keeps a case from deletion until it is released', 'admin', async (page) => {
    const { processInstanceKey: key } = await one('process-instances', { processDefinitionId: 'claim', state: 'COMPLETED' });
    await page.goto('/admin/holds');
    await page.getByRole('button', { name: 'Hold', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Instance').fill(key);
    await dialog.getByLabel('Reason').fill('Case 4 O 12/26');
    await dialog.getByRole('button', { name: 'Hold', exact: true }).click();
    const row = page.getByRole('row', { name: /Case 4 O 12/ });
    await row.getByRole('button', { name: 'Release' }).click();
    await dialog.getByRole('button', { name: 'Release' }).click();
    await row.getByText('Released').waitFor();
  });
});

describe('who changes a process', () => {
  wish('sees what the next version changes, and how many cases stand there', 'admin', async (page) => {
    await admin.deploy([['claim.bpmn', nextClaim(model('claim.bpmn'))]]);
    const { processDefinitionKey: key } = await one('process-definitions', { processDefinitionId: 'claim', version: 2 });
    await page.goto(`/processes/${key}`);
    await page.locator('main').getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name: 'Compare versions' }).click();
    await page.getByRole('heading', { name: '2 added, 0 removed, 2 changed' }).waitFor();
    await page.locator('.djs-container .diff-added').first().waitFor();
    await page.locator('.changes').filter({ hasText: 'P3DP2D' }).or(page.locator('.changes').filter({ hasText: 'P3D → P2D' })).first().waitFor();
    await page.getByRole('button', { name: 'The other way round' }).click();
    await page.getByRole('heading', { name: '0 added, 2 removed, 2 changed' }).waitFor();
    await page.goBack();
    const standing = await admin.find('process-instances', { processDefinitionId: 'claim', elementId: 'assess', elementInstanceState: 'ACTIVE' });
    const link = page.getByRole('link', { name: `${standing.length} instances of version 1 stand here` });
    if (standing.length > 0) await link.click();
    if (standing.length > 0) await page.waitForURL(/version=1/);
  });

  wish('is told that a version says the same as itself', 'admin', async (page) => {
    const { processDefinitionKey: key } = await one('process-definitions', { processDefinitionId: 'invoice' });
    await page.goto(`/processes/${key}?compare=${key}`);
    await seen(page, 'They say the same');
  });
});

describe('whoever may not', () => {
  wish('is told so, by a sentence, and keeps a way on', 'demo', async (page) => {
    await page.goto('/batches');
    await page.getByRole('alert').first().waitFor();
    await page.getByRole('link', { name: 'Home' }).first().click();
    await seen(page, 'My tasks');
  });
});

describe('the server is away', () => {
  wish('the page says so and goes on when it is back', 'demo', async (page) => {
    await page.goto('/tasks');
    await page.locator('.inbox-row').first().waitFor();
    const task = await one('user-tasks', { state: 'CREATED', assignee: 'demo' });
    await page.route('**/v2/**', (route) => route.abort());
    await admin.send('PATCH', `/v2/user-tasks/${task.userTaskKey}`, { changeset: { priority: task.priority + 1 } }); // so the page has to ask
    await page.locator('.live.cut-off').waitFor({ timeout: 15_000 });
    assert.ok((await page.locator('.inbox-row').count()) > 0, 'what was there is still there');
    await page.unroute('**/v2/**');
    await page.locator('.live:not(.cut-off)').waitFor({ timeout: 15_000 });
  });

  wish('nonsense instead of JSON is a sentence', 'demo', async (page) => {
    await page.route('**/v2/incidents/search', (route) => route.fulfill({ status: 200, body: '<html>proxy</html>' }));
    await page.goto('/incidents');
    await page.getByRole('alert').first().waitFor();
  });
});

describe('values that want to be more than values', () => {
  const EVIL = ['<img src=x onerror="alert(1)">', '"><script>alert(1)</script>', "'; DROP TABLE x; --", '\u202Egnp.exe', '👩‍👩‍👧‍👦 ñ', 'W'.repeat(10_000)];

  wish('are shown as they are in what is counted of them', 'admin', async (page) => {
    const escaped = (text) => text.replace(/[<>&"]/g, (letter) => `&#${letter.codePointAt(0)};`);
    const evil = (names) => {
      const tasks = names.map((text, i) => `<task id="t${i}" name="${escaped(text.slice(0, 300))}"/><sequenceFlow id="f${i}" sourceRef="${i === 0 ? 's' : `t${i - 1}`}" targetRef="t${i}"/>`).join('');
      return `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x"><process id="evil" name="${escaped(EVIL[0])}" isExecutable="true"><startEvent id="s"/>${tasks}</process></definitions>`;
    };
    await admin.deploy([['evil.bpmn', evil(EVIL)]]);
    for (const text of EVIL) await admin.post('/v2/process-instances', { processDefinitionId: 'evil', businessId: text.slice(0, 200) });
    const before = await one('process-definitions', { processDefinitionId: 'evil' });
    await admin.deploy([['evil.bpmn', evil([...EVIL].reverse())]]);
    const after = await one('process-definitions', { processDefinitionId: 'evil', isLatestVersion: true });
    for (const address of [`/processes/${after.processDefinitionKey}?compare=${before.processDefinitionKey}`, '/insight', '/insight/evil', '/insight/evil?tab=map', '/insight/evil?tab=map&view=table', '/insight/evil?tab=variants&cases=first', '/insight/evil?tab=waits', `/insight/evil?cases=${encodeURIComponent(`edge:${encodeURIComponent(EVIL[0])}:${encodeURIComponent(EVIL[1])}`)}`, '/insight/evil?cases=constructor:1', '/insight/no-such-process']) {
      await page.goto(address);
      await page.locator('main h1').first().waitFor();
      await page.waitForFunction(() => document.querySelectorAll('[aria-busy=true]').length === 0);
      assert.equal(await page.locator('img[src=x], main script').count(), 0, address);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${address} keeps its width`);
    }
  });

  wish('are shown as they are where they are administered', 'admin', async (page) => {
    for (const text of EVIL.slice(0, 5)) {
      await admin.send('PUT', '/v2/shares', { ownerType: 'CLIENT', ownerId: text, name: 'calls', amount: 1e9 });
      await admin.send('PUT', `/v2/separations/${encodeURIComponent(text)}`, { elementIds: ['one', 'other'], processDefinitionId: text });
      await admin.post('/v2/audit-holds', { kind: 'SUBJECT', value: text, reason: text });
    }
    await admin.post('/v2/secrets', { name: 'EVIL', value: 'x', note: EVIL[0], hosts: [EVIL[3]] });
    for (const address of ['/admin/shares', '/admin/separations', '/admin/secrets', '/admin/holds', '/admin/audit', `/admin/audit?who=${encodeURIComponent(EVIL[0])}&open=%3Cimg`, `/admin/personal?subject=${encodeURIComponent(EVIL[0])}`, '/admin/constructor']) {
      await page.goto(address);
      await page.locator('main h1').first().waitFor();
      await page.waitForFunction(() => document.querySelectorAll('[aria-busy=true]').length === 0);
      assert.equal(await page.locator('img[src=x], main script').count(), 0, address);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${address} keeps its width`);
    }
  });

  wish('are shown as they are, wherever they stand', 'admin', async (page) => {
    const made = [];
    for (const text of EVIL)
      made.push(await admin.post('/v2/process-instances', { processDefinitionId: 'order', businessId: text.slice(0, 200), variables: { orderId: text, [text.replace(/[^\w]/g, '').slice(0, 100) || 'x']: text } }));
    await admin.workAll('charge-card', () => ({ failure: EVIL[0] + EVIL[5] }));
    const addresses = ['/', '/instances?sort=startDate.desc', '/incidents', '/jobs', ...made.flatMap(({ processInstanceKey: key }) => [`/instances/${key}`, `/instances/${key}?tab=variables`, `/instances/${key}?tab=history`])];
    for (const address of addresses) {
      await page.goto(address);
      await page.locator('main h1').first().waitFor();
      await page.waitForFunction(() => document.querySelectorAll('[aria-busy=true]').length === 0);
      assert.equal(await page.locator('main img[src=x], main script').count(), 0, address);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${address} keeps its width`);
    }
  });
});

describe('everybody', () => {
  const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

  async function addresses() {
    const task = await one('user-tasks', { state: 'CREATED', assignee: { $exists: false }, processDefinitionId: 'invoice' });
    const instance = await one('process-instances', { processDefinitionId: 'order', businessId: 'ORD-7006' });
    const definition = await one('process-definitions', { processDefinitionId: 'invoice' });
    const decision = await one('decision-definitions', { decisionDefinitionId: 'approver' });
    const claims = await admin.find('process-definitions', { processDefinitionId: 'claim' });
    const claim = (version) => claims.find((item) => item.version === version)?.processDefinitionKey;
    const at = `/instances/${instance.processInstanceKey}`;
    return ['/', '/tasks?inbox=all', `/tasks/${task.userTaskKey}?inbox=all`, '/processes', `/processes/${definition.processDefinitionKey}`, '/instances', at, `${at}?tab=variables`, `${at}?tab=history`, `${at}?at=2`,
      '/incidents', '/jobs', '/messages', '/messages?tab=topics', '/decisions', `/decisions/${decision.decisionDefinitionKey}`, '/batches', `/processes/${claim(2)}?compare=${claim(1)}`, '/deployments', '/cluster', '/insight', '/insight/claim', '/insight/claim?kpi=sla', '/insight/claim?tab=map&element=approve', '/insight/claim?tab=map&view=diagram&mode=p95', '/insight/claim?tab=map&view=table', '/insight/claim?tab=variants', '/insight/claim?tab=waits', '/insight/claim?tab=prediction', '/insight/claim?cases=rework', '/insight/delivery', '/admin/users', '/admin/roles?open=clerk', '/admin/shares', '/admin/separations', '/admin/secrets', '/admin/audit?open=' + (await admin.find('audit-logs', {}, 1))[0].auditLogKey, '/admin/holds', '/admin/personal', '/admin/personal?subject=customer-3', '/admin/authorizations', '/admin/keys', '/no-such-page'];
  }

  // The long form, with CONSOLE_LONG=1: each look at each width.
  const looks = [['light', { width: 1440, height: 900 }], ['dark', { width: 360, height: 740 }], ...(process.env.CONSOLE_LONG ? [['dark', { width: 1440, height: 900 }], ['light', { width: 360, height: 740 }]] : [])];
  for (const [colorScheme, viewport] of looks)
      test(`can read and use every page: ${colorScheme}, ${viewport.width} px`, { timeout: 120_000 }, async () => {
        const { page, context, faults, policyReports } = await openPage(browser, baton.url, { colorScheme, viewport });
        await enter({ page, context }, 'admin');
        const problems = [];
        for (const address of await addresses()) {
          await page.goto(address);
          await page.waitForFunction(() => document.querySelector('main h1, main h2') && document.querySelectorAll('[aria-busy=true]').length === 0);
          const found = await runAxe(page, axe);
          problems.push(...found.map((text) => `${address}: ${text}`), ...(await policyReports()).map((text) => `${address}: ${text}`));
          if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) problems.push(`${address}: wider than the screen`);
        }
        await context.close();
        assert.deepEqual([...problems, ...faults], []);
      });
});

/** axe-core in a world of its own, which the page's policy does not reach. */
async function runAxe(page, source) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' });
  await session.send('Runtime.evaluate', { expression: source, contextId: executionContextId });
  const options = `{ exclude: [['.djs-container'], ['.dmn'], ['.bjs-powered-by'], ['.fjs-powered-by']] }`;
  const expression = `axe.run(${options}, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((result) => result.violations.map((one) => one.id + ': ' + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')))`;
  const { result } = await session.send('Runtime.evaluate', { expression, contextId: executionContextId, awaitPromise: true, returnByValue: true });
  await session.detach();
  return result.value ?? [`axe said nothing: ${JSON.stringify(result)}`];
}
