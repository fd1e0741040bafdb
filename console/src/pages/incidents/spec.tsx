// SPDX-License-Identifier: Apache-2.0
import type { Schema } from '../../api/client';
import { Ago, State } from '../../design/parts';
import { like, type ListSpec } from '../../list/spec';
import { to } from '../../state/route';
import { t, tOf } from '../../text';

type Incident = Schema<'Incident'>;

export function incidentsSpec(base: Record<string, unknown> = {}): ListSpec<Incident> {
  return {
    name: 'incidents', label: t('incidents.label'), path: '/v2/incidents/search', base, topics: ['incidents'], sort: { field: 'creationTime', order: 'DESC' },
    keyOf: (item) => item.incidentKey ?? `${item.elementInstanceKey} ${item.creationTime}`, hrefOf: (item) => to('instances', item.processInstanceKey) + `?element=${encodeURIComponent(item.elementId)}`,
    empty: { icon: 'check', title: t('incidents.empty'), text: t('incidents.empty.text') },
    narrowings: [
      { id: 'state', label: t('state'), initial: 'ACTIVE', choices: [{ id: 'ACTIVE', label: t('incidents.open') }, { id: 'RESOLVED', label: t('incidents.resolved') }, { id: 'any', label: t('all') }], toFilter: (value) => (value === 'any' ? null : { state: value }) },
      { id: 'message', label: t('incidents.message'), toFilter: (value) => ({ errorMessage: like(value) }) },
      { id: 'process', label: t('incidents.process'), toFilter: (value) => ({ processDefinitionId: value }) },
    ],
    columns: [
      { id: 'message', title: t('incidents.column.message'), sort: 'errorMessage', look: 'full', cell: (item) => <a class="strong" href={to('instances', item.processInstanceKey) + `?element=${encodeURIComponent(item.elementId)}`} title={item.errorMessage}>{item.errorMessage || tOf('error', item.errorType)}</a>, text: (item) => item.errorMessage },
      { id: 'type', title: t('incidents.column.type'), sort: 'errorType', cell: (item) => tOf('error', item.errorType), text: (item) => item.errorType },
      { id: 'where', title: t('incidents.column.where'), look: 'wide-only', cell: (item) => <>{item.processDefinitionId} <span class="soft">· {item.elementId}</span></>, text: (item) => `${item.processDefinitionId} ${item.elementId}` },
      { id: 'state', title: t('state'), look: 'wide-only', cell: (item) => <State state={item.state === 'ACTIVE' ? 'INCIDENT' : item.state} />, text: (item) => item.state },
      { id: 'time', title: t('incidents.column.since'), sort: 'creationTime', look: 'aside', cell: (item) => <Ago time={item.creationTime} />, text: (item) => item.creationTime },
      { id: 'instance', title: t('instance'), look: 'wide-only', cell: (item) => <span class="mono soft">{item.processInstanceKey}</span>, text: (item) => item.processInstanceKey },
    ],
  };
}
