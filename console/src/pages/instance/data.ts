// SPDX-License-Identifier: Apache-2.0
// What the page of one instance reads.
import { ask, search, type Schema } from '../../api/client';
import { useLoad, type Loaded } from '../../state/load';
import type { Topic } from '../../state/live';

export type ElementInstance = Schema<'ElementInstance'>;
export type Variable = Schema<'Variable'>;
export type Incident = Schema<'Incident'>;
export type Job = Schema<'Job'>;
export type HistoryEvent = Required<Pick<Schema<'HistoryEvent'>, 'sequence' | 'time' | 'event' | 'command'>> & Schema<'HistoryEvent'>;
export type ElementCount = { elementId: string; active: number; incidents: number; completed: number; canceled: number };
export interface Call { processInstanceKey: string; processDefinitionKey: string; processDefinitionName: string }

const MOST = 1000;

export const topicsOf = (key: string): Topic[] => [`instance:${key}`];

export function useInstance(key: string) {
  return useLoad(key, async () => {
    const [instance, counts, flows, calls] = await Promise.all([
      ask<Schema<'ProcessInstance'>>({ method: 'GET', path: `/v2/process-instances/${key}` }),
      ask<{ items: ElementCount[] }>({ method: 'GET', path: `/v2/process-instances/${key}/statistics/element-instances` }),
      ask<{ items: { sequenceFlowId: string }[] }>({ method: 'GET', path: `/v2/process-instances/${key}/sequence-flows` }),
      ask<Call[]>({ method: 'GET', path: `/v2/process-instances/${key}/call-hierarchy` }),
    ]);
    return { instance, counts: counts.items, taken: flows.items.map((flow) => flow.sequenceFlowId), calls };
  }, topicsOf(key));
}

export function useSearch<Item>(key: string, name: string, path: Parameters<typeof search>[0], filter: Record<string, unknown>, sort: { field: string; order: 'ASC' | 'DESC' }[] = []): Loaded<{ items: Item[]; page: Schema<'Page'> }> {
  return useLoad(`${name} ${JSON.stringify(filter)}`, (signalled) => search<Item>(path, { filter, sort, page: { limit: MOST } }, signalled), topicsOf(key));
}

export function useHistory(key: string) {
  return useLoad(`history ${key}`, () => ask<{ items: HistoryEvent[] }>({ method: 'GET', path: `/v2/process-instances/${key}/history` }), topicsOf(key));
}
