// SPDX-License-Identifier: Apache-2.0
// Pictures of every page at three widths, light and dark:
//   node pictures.mjs URL FOLDER [PAGE…]     of a running Baton with the scene's company in it (baton dev --auth, with the environment that console.test.mjs names)
// WIDTHS=1440,360 and THEMES=dark narrow it; FULL=1 takes whole pages.
import { mkdirSync, readFileSync } from 'node:fs';
import { logIn, openPage, startBrowser } from './browser.mjs';
import { Api, nextClaim } from './scene.mjs';

const [url, folder, ...wanted] = process.argv.slice(2);
const api = new Api(url);
const [order] = await api.find('process-instances', { processDefinitionId: 'order', hasIncident: true }, 1);
const [running] = await api.find('process-instances', { processDefinitionId: 'order', hasIncident: false, state: 'ACTIVE' }, 1);
const [foretold] = await api.find('process-instances', { processDefinitionId: 'claim', state: 'ACTIVE' }, 1);
const [task] = await api.find('user-tasks', { state: 'CREATED', assignee: 'demo', processDefinitionId: 'invoice' }, 1);
const [generic] = await api.find('user-tasks', { state: 'CREATED', processDefinitionId: 'order' }, 1);
const [invoice] = await api.find('process-definitions', { processDefinitionId: 'invoice', isLatestVersion: true }, 1);
const [delivery] = await api.find('process-definitions', { processDefinitionId: 'delivery', isLatestVersion: true }, 1);
const [decision] = await api.find('decision-definitions', { decisionDefinitionId: 'approver', isLatestVersion: true }, 1);
const [evaluation] = await api.find('decision-instances', { decisionDefinitionId: 'approver' }, 1);

await api.deploy([['claim.bpmn', nextClaim(readFileSync(new URL('models/claim.bpmn', import.meta.url), 'utf8'))]]); // once: the same again changes nothing
const versions = await api.find('process-definitions', { processDefinitionId: 'claim' });
const claim = (version) => versions.find((one) => one.version === version)?.processDefinitionKey;
const [entry] = await api.find('audit-logs', { operation: 'REFUSE' }, 1);

export const PAGES = {
  home: ['demo', '/'], tasks: ['demo', '/tasks'], task: ['demo', `/tasks/${task?.userTaskKey}`], 'task-process': ['demo', `/tasks/${task?.userTaskKey}?tab=process`], 'task-generic': ['admin', `/tasks/${generic?.userTaskKey}?inbox=all`],
  processes: ['admin', '/processes'], process: ['admin', `/processes/${invoice?.processDefinitionKey}`], compare: ['admin', `/processes/${claim(2)}?compare=${claim(1)}`], 'process-undrawn': ['admin', `/processes/${delivery?.processDefinitionKey}`],
  instances: ['admin', '/instances'], instance: ['admin', `/instances/${order?.processInstanceKey}`], 'instance-forecast': ['admin', `/instances/${foretold?.processInstanceKey}`], 'instance-running': ['admin', `/instances/${running?.processInstanceKey}`], 'instance-variables': ['admin', `/instances/${order?.processInstanceKey}?tab=variables`],
  'instance-history': ['admin', `/instances/${order?.processInstanceKey}?tab=history`], 'instance-travel': ['admin', `/instances/${order?.processInstanceKey}?at=3`],
  incidents: ['admin', '/incidents'], jobs: ['admin', '/jobs'], messages: ['admin', '/messages'], decisions: ['admin', '/decisions'], decision: ['admin', `/decisions/${decision?.decisionDefinitionKey}`],
  evaluation: ['admin', `/decisions/${decision?.decisionDefinitionKey}?evaluation=${evaluation?.decisionEvaluationInstanceKey}`], batches: ['admin', '/batches'], deployments: ['admin', '/deployments'], cluster: ['admin', '/cluster'], insight: ['admin', '/insight'], 'insight-figures': ['admin', '/insight/claim'], 'insight-sla': ['admin', '/insight/claim?kpi=sla'], 'insight-map': ['admin', '/insight/claim?tab=map'],
  'insight-slow': ['admin', '/insight/claim?tab=map&mode=p95&element=approve'], 'insight-diagram': ['admin', '/insight/claim?tab=map&view=diagram&mode=wait'], 'insight-variants': ['admin', '/insight/claim?tab=variants'], 'insight-waits': ['admin', '/insight/claim?tab=waits'], 'insight-prediction': ['admin', '/insight/claim?tab=prediction'], 'insight-no-prediction': ['admin', '/insight/order?tab=prediction'],
  'insight-cases': ['admin', '/insight/claim?cases=rework'], 'insight-none': ['admin', '/insight/delivery'],
  'admin-users': ['admin', '/admin/users?open=demo'], 'admin-roles': ['admin', '/admin/roles?open=clerk'], 'admin-authorizations': ['admin', '/admin/authorizations'], 'admin-keys': ['admin', '/admin/keys'], 'admin-shares': ['admin', '/admin/shares'], 'admin-separations': ['admin', '/admin/separations'], 'admin-secrets': ['admin', '/admin/secrets'], 'admin-audit': ['admin', '/admin/audit'], 'admin-audit-entry': ['admin', `/admin/audit?open=${entry?.auditLogKey}`],
  'admin-holds': ['admin', '/admin/holds'], 'admin-personal': ['admin', '/admin/personal?subject=customer-3'], login: [null, '/login'],
};
const WIDTHS = (process.env.WIDTHS ?? '1440,768,360').split(',').map(Number);
const THEMES = (process.env.THEMES ?? 'light,dark').split(',');

mkdirSync(folder, { recursive: true });
const browser = await startBrowser();
let problems = 0;
for (const colorScheme of THEMES)
  for (const width of WIDTHS)
    for (const who of ['demo', 'admin', null]) {
      const { page, faults, policyReports, context } = await openPage(browser, url, { colorScheme, viewport: { width, height: width < 500 ? 780 : 900 } });
      if (who) await logIn(page, who);
      for (const [name, [user, address]] of Object.entries(PAGES)) {
        if (user !== who || (wanted.length > 0 && !wanted.includes(name))) continue;
        await page.goto(address);
        await page.waitForFunction(() => document.querySelectorAll('[aria-busy=true]').length === 0, undefined, { timeout: 8000 }).catch(() => console.log(`${name}: still busy`));
        await page.waitForTimeout(600);
        await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: Boolean(process.env.FULL) });
        const reports = await policyReports();
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) console.log(`${name} ${width}: ${wide} px too wide`);
        for (const fault of [...faults.splice(0), ...reports]) { problems++; console.log(`${name} ${width} ${colorScheme}: ${fault}`); }
      }
      await context.close();
    }
await browser.close();
console.log(`${problems} problems`);
