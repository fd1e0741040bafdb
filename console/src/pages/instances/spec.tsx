// SPDX-License-Identifier: Apache-2.0
import type { Schema } from '../../api/client';
import { Ago, State } from '../../design/parts';
import { like, type Bulk, type ListSpec } from '../../list/spec';
import { showTime } from '../../state/look';
import { to } from '../../state/route';
import { t } from '../../text';

export type ProcessInstance = Schema<'ProcessInstance'>;

export const stateOf = (item: ProcessInstance) => (item.hasIncident && item.state === 'ACTIVE' ? 'INCIDENT' : item.state);

const STATES: Record<string, Record<string, unknown>> = {
  running: { state: { $in: ['ACTIVE', 'SUSPENDED'] } }, incident: { hasIncident: true, state: 'ACTIVE' }, suspended: { state: 'SUSPENDED' },
  completed: { state: 'COMPLETED' }, terminated: { state: 'TERMINATED' }, any: {},
};

/** "2026-11-01..2026-12-01": days in UTC, the last one not among them; either may be missing. */
function daysFilter(field: 'startDate' | 'endDate') {
  return (text: string): Record<string, unknown> | null => {
    const [from = '', until = ''] = text.split('..');
    const moment = (day: string) => (/^\d{4}-\d\d-\d\d$/.test(day) ? `${day}T00:00:00.000Z` : null);
    const bounds = { ...(moment(from) && { $gte: moment(from) }), ...(moment(until) && { $lt: moment(until) }) };
    return Object.keys(bounds).length > 0 ? { [field]: bounds } : null;
  };
}

/** "amount>=1000", "customer~ada", "tier=gold": a variable, a comparison, a value. */
export function variableFilter(text: string): { name: string; value: unknown } | null {
  const match = /^\s*([^\s=~!]+)\s*(=|!=|~)\s*(.*?)\s*$/.exec(text);
  if (!match?.[1]) return null;
  const [, name, operator, value = ''] = match;
  const isJson = /^(-?\d+(\.\d+)?|".*"|true|false|null|\{.*\}|\[.*\])$/.test(value);
  const json = isJson ? value : JSON.stringify(value);
  return { name, value: operator === '~' ? like(value) : operator === '!=' ? { $neq: json } : value === '' ? { $exists: true } : json };
}

export function variablesFilter(text: string): Record<string, unknown> | null {
  const all = text.split(/[;\n]|,(?=\s*[\w.]+\s*[=~!])/).map(variableFilter).filter((one) => one !== null);
  return all.length > 0 ? { variables: all } : null;
}

export function instancesSpec(base: Record<string, unknown> = {}, bulk: Bulk<ProcessInstance>[] = [], definitions: { id: string; label: string }[] = []): ListSpec<ProcessInstance> {
  return {
    name: 'instances', label: t('instances.label'), path: '/v2/process-instances/search', base, bulk, topics: ['instances'], sort: { field: 'startDate', order: 'DESC' },
    keyOf: (item) => item.processInstanceKey, hrefOf: (item) => to('instances', item.processInstanceKey),
    empty: { icon: 'instances', title: t('instances.empty'), text: t('instances.empty.text'), command: 'baton start invoice --variables \'{"amount": 120}\'' },
    narrowings: [
      { id: 'state', label: t('state'), initial: 'running', choices: Object.keys(STATES).map((id) => ({ id, label: t(`instances.state.${id}` as 'instances.state.any') })), toFilter: (value) => STATES[value] ?? null },
      ...(definitions.length > 0 ? [{ id: 'process', label: t('process'), choices: definitions, toFilter: (value: string) => ({ processDefinitionId: value }) }] : []),
      { id: 'q', label: t('instances.q'), toFilter: (value) => (/^[1-9]\d{5,18}$/.test(value) ? { $or: [{ processInstanceKey: value }, { parentProcessInstanceKey: value }, { rootProcessInstanceKey: value }] } : { businessId: like(value) }) },
      { id: 'variable', label: t('instances.variable'), toFilter: variablesFilter },
      { id: 'element', label: t('element'), rare: true, toFilter: (value) => ({ elementId: value, elementInstanceState: 'ACTIVE' }) },
      { id: 'passed', label: t('instances.passed'), rare: true, toFilter: (value) => ({ elementId: value, elementInstanceState: 'COMPLETED' }) },
      { id: 'version', label: t('version'), rare: true, toFilter: (value) => (/^\d{1,9}$/.test(value) ? { processDefinitionVersion: Number(value) } : null) },
      { id: 'started', label: t('instances.started'), rare: true, toFilter: daysFilter('startDate') },
      { id: 'ended', label: t('instances.ended'), rare: true, toFilter: daysFilter('endDate') },
      { id: 'sla', label: t('instances.sla'), rare: true, choices: [{ id: 'breached', label: t('instances.sla.breached') }, { id: 'kept', label: t('instances.sla.kept') }], toFilter: (value) => ({ slaBreaches: value === 'breached' ? { $gt: 0 } : 0 }) },
      { id: 'tenant', label: t('tenant'), rare: true, toFilter: (value) => ({ tenantId: value }) },
      { id: 'error', label: t('instances.error'), rare: true, toFilter: (value) => ({ errorMessage: like(value) }) },
    ],
    columns: [
      { id: 'name', title: t('instances.column.what'), sort: 'businessId', cell: (item) => <a class="strong" href={to('instances', item.processInstanceKey)}>{item.businessId || item.processInstanceKey}</a>, text: (item) => item.businessId ?? item.processInstanceKey },
      { id: 'state', title: t('state'), sort: 'state', look: 'aside', cell: (item) => <State state={stateOf(item)} />, text: stateOf },
      { id: 'process', title: t('process'), sort: 'processDefinitionName', cell: (item) => <>{item.processDefinitionName || item.processDefinitionId} <span class="soft">v{item.processDefinitionVersion}</span></>, text: (item) => `${item.processDefinitionId} v${item.processDefinitionVersion}` },
      { id: 'start', title: t('started'), sort: 'startDate', look: 'aside', cell: (item) => <Ago time={item.startDate} />, text: (item) => item.startDate },
      { id: 'end', title: t('ended'), sort: 'endDate', look: 'wide-only', cell: (item) => <Ago time={item.endDate} />, text: (item) => item.endDate ?? '' },
      { id: 'key', title: t('key'), sort: 'processInstanceKey', look: 'wide-only', cell: (item) => <span class="mono soft">{item.processInstanceKey}</span>, text: (item) => item.processInstanceKey },
      { id: 'parent', title: t('instances.column.parent'), optional: true, look: 'wide-only', cell: (item) => item.parentProcessInstanceKey ? <a class="mono" href={to('instances', item.parentProcessInstanceKey)}>{item.parentProcessInstanceKey}</a> : '–', text: (item) => item.parentProcessInstanceKey ?? '' },
      { id: 'tags', title: t('tags'), optional: true, look: 'wide-only', cell: (item) => item.tags.map((tag) => <span key={tag} class="tag">{tag}</span>), text: (item) => item.tags.join(' ') },
      { id: 'sla', title: t('instances.column.sla'), sort: 'slaBreaches', optional: true, look: 'wide-only', cell: (item) => item.slaBreaches, text: (item) => String(item.slaBreaches) },
      { id: 'cost', title: t('instances.column.cost'), optional: true, look: 'wide-only', cell: (item) => item.cost ?? '–', text: (item) => item.cost ?? '' },
      { id: 'suspended', title: t('instances.column.suspended'), sort: 'suspendedDate', optional: true, look: 'wide-only', cell: (item) => showTime(item.suspendedDate), text: (item) => item.suspendedDate ?? '' },
      { id: 'tenant', title: t('tenant'), sort: 'tenantId', optional: true, look: 'wide-only', cell: (item) => item.tenantId, text: (item) => item.tenantId },
    ],
  };
}
