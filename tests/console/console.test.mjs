// SPDX-License-Identifier: Apache-2.0
// The console in a browser, as people use it: each scenario is a wish. After each, nothing may have gone to another origin, been written to the
// browser's console as an error, or been held back by the page's policy.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { startBaton } from '../client/baton.mjs';
import { logIn, openPage, startBrowser } from './browser.mjs';
import { Api, company } from './scene.mjs';

let baton;
let browser;
let admin;

const model = (name) => readFileSync(new URL(`models/${name}`, import.meta.url), 'utf8');

before(async () => {
  baton = await startBaton('console', '--auth.enabled=true', '--auth.admin_user=admin', '--auth.admin_password=baton-dev');
  admin = new Api(baton.url);
  await admin.send('POST', '/v2/roles', { roleId: 'clerk', name: 'Clerk' });
  await admin.post('/v2/authorizations', { ownerId: 'clerk', ownerType: 'ROLE', resourceId: '*', resourceType: 'PROCESS_DEFINITION', permissionTypes: ['CREATE_PROCESS_INSTANCE', 'READ_PROCESS_DEFINITION', 'READ_PROCESS_INSTANCE', 'READ_USER_TASK', 'CLAIM_USER_TASK', 'COMPLETE_USER_TASK'] });
  await admin.send('PUT', '/v2/tenants/%3Cdefault%3E/roles/clerk');
  await admin.deploy(readdirSync(new URL('models/', import.meta.url)).map((name) => [name, model(name)]));
  await company(admin);
  browser = await startBrowser();
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await baton?.stop();
});

/** A scenario of one person in one window. */
function wish(name, who, run, options = {}) {
  test(name, { timeout: 60_000 }, async () => {
    const opened = await openPage(browser, baton.url, options);
    try {
      if (who) await logIn(opened.page, who);
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
    const plain = execFileSync('curl', ['-s', '-H', 'Accept-Encoding: identity', baton.url + script], { maxBuffer: 1 << 26 });
    assert.equal(plain.toString(), await answer.text());
  });
});

export { one, seen, wish };
