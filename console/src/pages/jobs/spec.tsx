// SPDX-License-Identifier: Apache-2.0
import type { Schema } from '../../api/client';
import { Ago, State } from '../../design/parts';
import { type ListSpec } from '../../list/spec';
import { to } from '../../state/route';
import { t } from '../../text';

type Job = Schema<'Job'>;

export function jobsSpec(base: Record<string, unknown> = {}): ListSpec<Job> {
  return {
    name: 'jobs', label: t('jobs.label'), path: '/v2/jobs/search', base, topics: ['jobs'], sort: { field: 'creationTime', order: 'DESC' },
    keyOf: (item) => item.jobKey ?? `${item.elementInstanceKey} ${item.creationTime ?? ''}`, hrefOf: (item) => to('instances', item.processInstanceKey) + `?element=${encodeURIComponent(item.elementId)}`,
    empty: { icon: 'job', title: t('jobs.empty'), text: t('jobs.empty.text'), command: 'baton-worker --simulate my-type' },
    narrowings: [
      { id: 'state', label: t('state'), initial: 'open', choices: ['open', 'FAILED', 'COMPLETED', 'ERROR_THROWN', 'CANCELED', 'any'].map((id) => ({ id, label: id === 'open' ? t('jobs.open') : id === 'any' ? t('all') : t(`state.${id}` as 'state.FAILED') })), toFilter: (value) => (value === 'any' ? null : { state: value === 'open' ? { $in: ['CREATED', 'FAILED', 'TIMED_OUT', 'RETRIES_UPDATED', 'TIMEOUT_UPDATED', 'PRIORITY_UPDATED', 'MIGRATED'] } : value }) },
      { id: 'type', label: t('jobs.type'), toFilter: (value) => ({ type: value }) },
      { id: 'worker', label: t('jobs.worker'), toFilter: (value) => ({ worker: value }) },
    ],
    columns: [
      { id: 'type', title: t('jobs.type'), sort: 'type', cell: (item) => <a class="strong mono" href={to('instances', item.processInstanceKey) + `?element=${encodeURIComponent(item.elementId)}`}>{item.type}</a>, text: (item) => item.type },
      { id: 'state', title: t('state'), sort: 'state', look: 'aside', cell: (item) => <State state={item.state} />, text: (item) => item.state },
      { id: 'where', title: t('process'), sort: 'processDefinitionId', cell: (item) => <>{item.processDefinitionId} <span class="soft">· {item.elementId}</span></>, text: (item) => `${item.processDefinitionId} ${item.elementId}` },
      { id: 'created', title: t('jobs.created'), sort: 'creationTime', look: 'aside', cell: (item) => <Ago time={item.creationTime} />, text: (item) => item.creationTime ?? '' },
      { id: 'retries', title: t('jobs.retries'), sort: 'retries', look: 'wide-only', cell: (item) => <span class="num">{item.retries}</span>, text: (item) => String(item.retries) },
      { id: 'worker', title: t('jobs.worker'), sort: 'worker', look: 'wide-only', cell: (item) => item.worker || <span class="soft">–</span>, text: (item) => item.worker },
      { id: 'deadline', title: t('jobs.deadline'), sort: 'deadline', look: 'wide-only', cell: (item) => <Ago time={item.deadline} />, text: (item) => item.deadline ?? '' },
      { id: 'error', title: t('jobs.error'), look: 'full', cell: (item) => <span class="soft" title={item.errorMessage ?? ''}>{item.errorMessage ?? ''}</span>, text: (item) => item.errorMessage ?? '' },
      { id: 'key', title: t('key'), sort: 'jobKey', optional: true, look: 'wide-only', cell: (item) => <span class="mono">{item.jobKey}</span>, text: (item) => item.jobKey ?? '' },
      { id: 'priority', title: t('task.priority'), sort: 'priority', optional: true, look: 'wide-only', cell: (item) => item.priority, text: (item) => String(item.priority) },
    ],
  };
}
