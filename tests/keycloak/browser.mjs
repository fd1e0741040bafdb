// SPDX-License-Identifier: Apache-2.0
// A login at Keycloak in Chromium: node browser.mjs BATON USER PASSWORD. Prints, as JSON, what was seen, step by step.
import { chromium } from 'playwright-core';

const [baton, user, password] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
  '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const seen = {};
try {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(`${baton}/login?target=/v2/authentication/me`);
  seen.styled = await page.evaluate(() => getComputedStyle(document.querySelector('main')).backgroundColor);
  seen.complaints = [...complaints];
  await page.getByRole('link', { name: 'Log in with Keycloak' }).click();
  await page.waitForSelector('#username');
  seen.asked = new URL(page.url()).searchParams.get('code_challenge_method');
  await page.fill('#username', user);
  await page.fill('#password', password);
  await page.click('#kc-login');
  await page.waitForURL(`${baton}/v2/authentication/me`);
  seen.me = JSON.parse(await page.textContent('body'));
  seen.cookies = await context.cookies(baton);
  seen.script = await page.evaluate(() => document.cookie);
  await page.goto(`${baton}/login`);
  seen.page = await page.textContent('main');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL(`${baton}/login`);
  seen.afterwards = await page.textContent('main');
  seen.left = (await context.cookies(baton)).length;
  await page.getByRole('link', { name: 'Log in with Keycloak' }).click();
  await page.waitForSelector('#username'); // Keycloak asks again: its own session has ended, too
  seen.asksAgain = true;
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
