// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium, watched: what a page may not do is noted while it is used.
import { chromium } from 'playwright-core';
import { existsSync } from 'node:fs';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const startBrowser = () => chromium.launch({ executablePath, args, headless: true });

/** A page of its own cookies. `faults` collects requests to others, errors of the console and of the policy, dialogs. */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ baseURL: url, locale: 'en-GB', timezoneId: 'Europe/Berlin', viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const faults = [];
  const { host } = new URL(url);
  page.on('request', (request) => { if (/^https?:/.test(request.url()) && new URL(request.url()).host !== host) faults.push(`request to ${request.url()}`); });
  page.on('console', (message) => { if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(`console: ${message.text()}`); });
  page.on('pageerror', (error) => faults.push(`page: ${error.message}`));
  page.on('dialog', (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss().catch(() => {}); });
  await page.addInitScript(() => {
    window.reports = [];
    document.addEventListener('securitypolicyviolation', (event) => window.reports.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`));
  });
  return { context, page, faults, policyReports: () => page.evaluate(() => window.reports ?? []) };
}

export async function logIn(page, user = 'demo', password = 'baton-dev', target = '/') {
  await page.goto(`/login?target=${encodeURIComponent(target)}`);
  await page.fill('[name=username]', user);
  await page.fill('[name=password]', password);
  await Promise.all([page.waitForURL((address) => address.pathname !== '/login'), page.click('button')]);
  await page.waitForSelector('main');
}
