// SPDX-License-Identifier: Apache-2.0
// What needs whoever looks: their tasks, what is stuck, what is under way, and whether the cluster is well.
import { ask, count, search, type Schema } from '../../api/client';
import { Icon, type IconName } from '../../design/icon';
import { Ago, Bones, Empty, Failure, PageTitle, Panel, State } from '../../design/parts';
import { useLoad, type Loaded } from '../../state/load';
import { showNumber } from '../../state/look';
import { to } from '../../state/route';
import { hasUsers, me } from '../../state/session';
import type { Topology } from '../cluster/data';
import { t, tOf } from '../../text';
import { Progress, type BatchOperation } from '../batches/spec';
import { inboxFilter, type UserTask } from '../tasks/data';

const now = () => new Date().toISOString();

async function readNumbers() {
  const mine = hasUsers() ? inboxFilter('mine') : inboxFilter('all');
  const [open, late, running, incidents] = await Promise.all([count('/v2/user-tasks/search', mine), count('/v2/user-tasks/search', { ...mine, dueDate: { $lt: now() } }), count('/v2/process-instances/search', { state: 'ACTIVE' }), count('/v2/incidents/search', { state: 'ACTIVE' })]);
  return { open, late, running, incidents };
}

function Number({ icon, look, page, label, href }: { icon: IconName; look: string; page: Schema<'Page'> | undefined; label: string; href: string }) {
  return (
    <a class={`number panel ${page && page.totalItems > 0 ? look : ''}`} href={href}>
      <span class="badge"><Icon name={icon} size={20} /></span>
      <span><strong class="num">{page ? `${showNumber(page.totalItems)}${page.hasMoreTotalItems ? '+' : ''}` : '–'}</strong><span>{label}</span></span>
    </a>
  );
}

function Rows<Item>({ found, icon, empty, text, command, row }: { found: Loaded<{ items: Item[] }>; icon: IconName; empty: string; text: string; command?: string; row: (item: Item) => preact.ComponentChildren }) {
  if (found.error !== null) return <div style={{ padding: '14px' }}><Failure error={found.error} retry={found.reload} /></div>;
  if (!found.value) return <div style={{ padding: '14px' }}><Bones /></div>;
  return found.value.items.length === 0 ? <Empty icon={icon} title={empty} command={command}><p>{text}</p></Empty> : <ul class="lines">{found.value.items.map(row)}</ul>;
}

function Cluster() {
  const found = useLoad('topology', () => ask<Topology>({ method: 'GET', path: '/v2/topology' }), ['cluster']);
  if (!found.value) return null;
  const brokers = found.value.brokers ?? [];
  const sick = brokers.flatMap((broker) => broker.partitions ?? []).filter((partition) => partition.health !== 'healthy').length;
  const text = sick === 0 ? t('home.cluster.good', { nodes: brokers.length, shards: found.value.partitionsCount ?? 0 }) : t('home.cluster.bad', { sick, shards: found.value.partitionsCount ?? 0 });
  return <a class={`state ${sick === 0 ? 'done' : 'bad'}`} href="/cluster"><Icon name={sick === 0 ? 'check' : 'incident'} size={13} />{text}</a>;
}

export function Home() {
  const numbers = useLoad('numbers', readNumbers, ['tasks', 'instances', 'incidents']);
  const tasks = useLoad('home tasks', () => search<UserTask>('/v2/user-tasks/search', { filter: inboxFilter(hasUsers() ? 'mine' : 'all'), sort: [{ field: 'dueDate', order: 'ASC' }], page: { limit: 6 } }), ['tasks']);
  const group = useLoad(hasUsers() ? 'home group' : null, () => search<UserTask>('/v2/user-tasks/search', { filter: inboxFilter('groups'), sort: [{ field: 'dueDate', order: 'ASC' }], page: { limit: 6 } }), ['tasks']);
  const causes = useLoad('home causes', () => search<Schema<'ErrorStatistics'>>('/v2/incidents/statistics/process-instances-by-error', { sort: [{ field: 'activeInstancesWithErrorCount', order: 'DESC' }], page: { limit: 5 } }), ['incidents']);
  const batches = useLoad('home batches', () => search<BatchOperation>('/v2/batch-operations/search', { sort: [{ field: 'startDate', order: 'DESC' }], page: { limit: 4 } }).catch(() => ({ items: [] as BatchOperation[] })), ['batches']);
  const recent = useLoad('home recent', () => search<Schema<'ProcessInstance'>>('/v2/process-instances/search', { sort: [{ field: 'startDate', order: 'DESC' }], page: { limit: 6 } }), ['instances']);
  const value = numbers.value;
  const taskRow = (task: UserTask) => {
    const isLate = task.dueDate !== null && Date.parse(task.dueDate) < Date.now();
    return <li key={task.userTaskKey}><a href={to('tasks', task.userTaskKey)}><Icon name="user" size={16} /><span class="grow"><span class="strong cut">{task.name || task.elementId}</span><span class="small soft cut">{task.processName || task.processDefinitionId}{task.businessId ? ` · ${task.businessId}` : ''}</span></span><span class={`small ${isLate ? 'late' : 'soft'}`}>{task.dueDate ? <>{isLate && <Icon name="clock" size={13} />}<Ago time={task.dueDate} /></> : <Ago time={task.creationDate} />}</span></a></li>;
  };
  return (
    <>
      <PageTitle title={hasUsers() ? t('home.hello', { name: me.value?.displayName ?? '' }) : t('nav.home')} about={t('home.about')}><Cluster /></PageTitle>
      <div class="numbers">
        <Number icon="tasks" look="active" page={value?.open} label={t(hasUsers() ? 'home.mine' : 'home.tasks')} href={hasUsers() ? '/tasks?inbox=mine' : '/tasks?inbox=all'} />
        <Number icon="clock" look="warn" page={value?.late} label={t('home.late')} href={`/tasks?inbox=${hasUsers() ? 'mine' : 'all'}&late=yes`} />
        <Number icon="instances" look="active" page={value?.running} label={t('home.running')} href="/instances" />
        <Number icon="incident" look="bad" page={value?.incidents} label={t('home.incidents')} href="/incidents" />
      </div>
      {numbers.error !== null && <Failure error={numbers.error} retry={numbers.reload} />}
      <div class="halves">
        <div class="stack" style={{ gap: '16px' }}>
        <Panel flush title={t(hasUsers() ? 'home.mytasks' : 'home.opentasks')} actions={<a class="small" href="/tasks">{t('home.all')}</a>}><Rows found={tasks} icon="check" empty={t('home.tasks.none')} text={t('home.tasks.none.text')} row={taskRow} /></Panel>
        {hasUsers() && <Panel flush title={t('home.grouptasks')} actions={<a class="small" href="/tasks?inbox=groups">{t('home.all')}</a>}><Rows found={group} icon="check" empty={t('home.group.none')} text={t('home.group.none.text')} row={taskRow} /></Panel>}
        </div>
        <div class="stack" style={{ gap: '16px' }}>
        <Panel flush title={t('home.causes')} actions={<a class="small" href="/incidents">{t('home.all')}</a>}>
          <Rows found={causes} icon="check" empty={t('incidents.empty')} text={t('incidents.empty.text')} row={(cause) => <li key={cause.errorHashCode}><a href={`/instances?state=incident&error=${encodeURIComponent((cause.errorMessage ?? '').slice(0, 160))}`}><span class="count bad">{showNumber(cause.activeInstancesWithErrorCount ?? 0)}</span><span class="grow cut mono small">{cause.errorMessage}</span><Icon name="right" size={15} /></a></li>} />
        </Panel>
        <Panel flush title={t('home.recent')} actions={<a class="small" href="/instances?state=any">{t('home.all')}</a>}>
          <Rows found={recent} icon="instances" empty={t('instances.empty')} text={t('instances.empty.text')} command="baton deploy models/" row={(one) => <li key={one.processInstanceKey}><a href={to('instances', one.processInstanceKey)}><span class="grow"><span class="strong cut">{one.businessId || one.processInstanceKey}</span><span class="small soft cut">{one.processDefinitionName || one.processDefinitionId}</span></span><State state={one.hasIncident && one.state === 'ACTIVE' ? 'INCIDENT' : one.state} /><span class="small soft"><Ago time={one.startDate} /></span></a></li>} />
        </Panel>
        {(batches.value?.items.length ?? 0) > 0 && <Panel flush title={t('nav.batches')} actions={<a class="small" href="/batches">{t('home.all')}</a>}><Rows found={batches} icon="batch" empty="" text="" row={(batch) => <li key={batch.batchOperationKey}><a href={to('batches', batch.batchOperationKey)}><span class="grow"><span class="strong cut">{tOf('batchtype', batch.batchOperationType)}</span><Progress batch={batch} /></span><State state={batch.state} /></a></li>} /></Panel>}
        </div>
      </div>
    </>
  );
}
