// SPDX-License-Identifier: Apache-2.0
// The pages, each with code of its own that is loaded when it is opened. "name/" shows one thing of "name".
import type { ComponentType } from 'preact';

// One page for the list and for one thing of it: it stays while that changes.
const tasks = () => import('../pages/tasks/tasks').then((page) => page.Tasks);
const admin = () => import('../pages/admin/admin').then((page) => page.Admin);

export const pages: Record<string, () => Promise<ComponentType>> = {
  '': () => import('../pages/home/home').then((page) => page.Home),
  tasks,
  'tasks/': tasks,
  processes: () => import('../pages/processes/processes').then((page) => page.Processes),
  'processes/': () => import('../pages/processes/process').then((page) => page.Process),
  instances: () => import('../pages/instances/instances').then((page) => page.Instances),
  'instances/': () => import('../pages/instance/instance').then((page) => page.Instance),
  incidents: () => import('../pages/incidents/incidents').then((page) => page.Incidents),
  jobs: () => import('../pages/jobs/jobs').then((page) => page.Jobs),
  messages: () => import('../pages/messages/messages').then((page) => page.Messages),
  decisions: () => import('../pages/decisions/decisions').then((page) => page.Decisions),
  'decisions/': () => import('../pages/decisions/decision').then((page) => page.Decision),
  batches: () => import('../pages/batches/batches').then((page) => page.Batches),
  'batches/': () => import('../pages/batches/batch').then((page) => page.Batch),
  deployments: () => import('../pages/deployments/deployments').then((page) => page.Deployments),
  insight: () => import('../pages/insight/overview').then((page) => page.Overview),
  'insight/': () => import('../pages/insight/insight').then((page) => page.Insight),
  cluster: () => import('../pages/cluster/cluster').then((page) => page.Cluster),
  admin,
  'admin/': admin,
};
