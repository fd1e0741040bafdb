// SPDX-License-Identifier: Apache-2.0
// What the task list and one task read.
import { ask, search, type Schema } from '../../api/client';
import { processXml } from '../../diagram/models';
import { like } from '../../list/spec';
import { param } from '../../state/route';
import { hasUsers, me } from '../../state/session';

export type UserTask = Schema<'UserTask'>;
export type Inbox = 'mine' | 'groups' | 'unassigned' | 'all' | 'done';
export const INBOXES: Inbox[] = ['mine', 'groups', 'unassigned', 'all', 'done'];

const SORTS = { due: [{ field: 'dueDate', order: 'ASC' }], priority: [{ field: 'priority', order: 'DESC' }], newest: [{ field: 'creationDate', order: 'DESC' }], oldest: [{ field: 'creationDate', order: 'ASC' }] } as const;
export type Sort = keyof typeof SORTS;
export const SORT_IDS = Object.keys(SORTS) as Sort[];

/** Without users nothing is anybody's: all tasks are shown. */
export const inboxOf = (): Inbox => (param('inbox') as Inbox) || (hasUsers() ? 'mine' : 'all');
export const sortId = (): Sort => ((param('sort') as Sort) in SORTS ? (param('sort') as Sort) : 'due');

export function inboxFilter(inbox: Inbox): Record<string, unknown> {
  const who = me.value;
  const open = { state: 'CREATED' };
  switch (inbox) {
    case 'mine': return { ...open, assignee: who?.username ?? '' };
    case 'groups': return { ...open, assignee: { $exists: false }, $or: [...(who?.groups.length ? [{ candidateGroup: { $in: who.groups } }] : []), { candidateUser: who?.username ?? '' }] };
    case 'unassigned': return { ...open, assignee: { $exists: false } };
    case 'done': return { state: 'COMPLETED' };
    case 'all': return open;
  }
}

export function tasksFilter(): Record<string, unknown> {
  const text = param('q');
  const filter = inboxFilter(inboxOf());
  const more: Record<string, unknown> = {};
  if (param('process')) more['processDefinitionId'] = param('process');
  if (param('late') === 'yes') more['dueDate'] = { $lt: new Date().toISOString() };
  if (!text) return { ...filter, ...more };
  return '$or' in filter ? { ...filter, ...more, name: like(text) } : { ...filter, ...more, $or: [{ name: like(text) }, { businessId: like(text) }, { processDefinitionId: like(text) }] };
}

export const tasksSort = () => [...SORTS[sortId()], { field: 'userTaskKey', order: 'ASC' as const }];

/** The form of a task, by where it is: deployed, inside the model, elsewhere, nowhere. */
export type TaskForm = { kind: 'schema'; schema: string } | { kind: 'link'; url: string } | { kind: 'none' };

async function embedded(task: UserTask, id: string): Promise<TaskForm> {
  const xml = new DOMParser().parseFromString(await processXml(task.processDefinitionKey), 'application/xml');
  const form = [...xml.getElementsByTagNameNS('*', 'userTaskForm')].find((node) => node.getAttribute('id') === id);
  return form?.textContent ? { kind: 'schema', schema: form.textContent } : { kind: 'none' };
}

export async function readForm(task: UserTask): Promise<TaskForm> {
  const reference = task.externalFormReference ?? '';
  if (reference.startsWith('camunda-forms:bpmn:')) return embedded(task, reference.slice('camunda-forms:bpmn:'.length));
  if (/^https?:\/\//.test(reference)) return { kind: 'link', url: reference };
  const form = await ask<Schema<'Form'> | null>({ method: 'GET', path: `/v2/user-tasks/${task.userTaskKey}/form` });
  return form?.schema ? { kind: 'schema', schema: form.schema } : { kind: 'none' };
}

export async function readVariables(key: string): Promise<Record<string, unknown>> {
  const found = await search<Schema<'Variable'>>(`/v2/user-tasks/${key}/effective-variables/search?truncateValues=false` as `/v2/user-tasks/${string}/effective-variables/search`, { page: { limit: 1000 } });
  return Object.fromEntries(found.items.map((variable) => [variable.name, parsed(variable.value)]));
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
