// SPDX-License-Identifier: Apache-2.0
// An instance as it was after one of its steps: its history, folded up to there.
import type { ElementCount, HistoryEvent } from './data';

export interface Then {
  counts: ElementCount[];
  taken: string[];
  variables: { scope: string; name: string; value: string }[];
  step: { sequence: number; time: string; command: string; principal: string | undefined; changes: string[] };
}

interface Living { elementId: string; hasIncident: boolean }

class Fold {
  readonly counts = new Map<string, ElementCount>();
  readonly living = new Map<string, Living>();
  readonly taken = new Set<string>();
  readonly variables = new Map<string, { scope: string; name: string; value: string }>();

  private countOf(elementId: string): ElementCount {
    let count = this.counts.get(elementId);
    if (!count) this.counts.set(elementId, (count = { elementId, active: 0, incidents: 0, completed: 0, canceled: 0 }));
    return count;
  }

  private end(key: string, how: 'completed' | 'canceled') {
    const was = this.living.get(key);
    if (!was) return;
    this.living.delete(key);
    const count = this.countOf(was.elementId);
    count.active--;
    count[how]++;
    if (was.hasIncident) count.incidents--;
  }

  private incident(key: string | undefined, isThere: boolean) {
    const was = key ? this.living.get(key) : undefined;
    if (!was || was.hasIncident === isThere) return;
    was.hasIncident = isThere;
    this.countOf(was.elementId).incidents += isThere ? 1 : -1;
  }

  apply(event: HistoryEvent, incidents: Map<string, string>) {
    const { key = '', elementId = '', scopeKey = '', name = '' } = event;
    switch (event.event) {
      case 'ELEMENT_ACTIVATING':
      case 'ELEMENT_ACTIVATED':
        if (this.living.has(key)) break;
        this.living.set(key, { elementId, hasIncident: false });
        this.countOf(elementId).active++;
        break;
      case 'ELEMENT_COMPLETED': this.end(key, 'completed'); break;
      case 'ELEMENT_TERMINATED': this.end(key, 'canceled'); break;
      case 'FLOW_TAKEN': if (event.flowId) this.taken.add(event.flowId); break;
      case 'VARIABLE_SET': this.variables.set(`${scopeKey} ${name}`, { scope: scopeKey, name, value: event.value ?? 'null' }); break;
      case 'VARIABLE_REMOVED': this.variables.delete(`${scopeKey} ${name}`); break;
      case 'INCIDENT_CREATED':
        incidents.set(key, scopeKey);
        this.incident(scopeKey, true);
        break;
      case 'INCIDENT_RESOLVED': this.incident(incidents.get(key), false); break;
    }
  }
}

export function thenAt(events: HistoryEvent[], sequence: number): Then | null {
  const fold = new Fold();
  const incidents = new Map<string, string>();
  const until = events.filter((event) => event.sequence <= sequence);
  const last = until.at(-1);
  if (!last) return null;
  for (const event of until) fold.apply(event, incidents);
  const step = until.filter((event) => event.sequence === last.sequence);
  return {
    counts: [...fold.counts.values()], taken: [...fold.taken], variables: [...fold.variables.values()],
    step: { sequence: last.sequence, time: last.time, command: last.command, principal: step.find((event) => event.principal)?.principal,
      changes: step.filter((event) => event.event === 'VARIABLE_SET').map((event) => `${event.scopeKey ?? ''} ${event.name ?? ''}`) },
  };
}

export const lastSequence = (events: HistoryEvent[]) => events.at(-1)?.sequence ?? 0;
