// SPDX-License-Identifier: Apache-2.0
// The inbox: what is to be done on the left, the one that is worked on beside it; on phones one after the other.
import { useEffect, useRef, useState } from 'preact/hooks';
import { count, search, type Schema } from '../../api/client';
import { Icon } from '../../design/icon';
import { Ago, Bones, Button, Empty, Failure, Menu, Segments, State } from '../../design/parts';
import { exportList } from '../../list/export';
import type { ListSpec } from '../../list/spec';
import { useWindow } from '../../list/window';
import { useLoad } from '../../state/load';
import { showNumber } from '../../state/look';
import { go, param, parts, setParams, to } from '../../state/route';
import { hasUsers } from '../../state/session';
import { t } from '../../text';
import { Bulk } from './bulk';
import { INBOXES, inboxFilter, inboxOf, SORT_IDS, sortId, tasksFilter, tasksSort, type Inbox, type UserTask } from './data';
import { claim, Task } from './task';

const PAGE = 100;
const MOST = 10_000;
export const TASK_PX = 78;

function Row({ task, isOpen, isPicked, onPick }: { task: UserTask; isOpen: boolean; isPicked: boolean; onPick: (on: boolean) => void }) {
  const isLate = task.state === 'CREATED' && task.dueDate !== null && Date.parse(task.dueDate) < Date.now();
  return (
    <li class={`inbox-row ${isOpen ? 'open' : ''}`} style={{ height: `${TASK_PX}px` }}>
      <input type="checkbox" aria-label={t('task.pick', { name: task.name || task.elementId })} checked={isPicked} onChange={(event) => onPick(event.currentTarget.checked)} />
      <a class="grow" href={to('tasks', task.userTaskKey) + location.search} aria-current={isOpen ? 'true' : undefined}>
        <span class="row between"><strong class="cut">{task.name || task.elementId}</strong>{task.priority > 50 && <span class="tag" title={t('task.priority')}>{t('task.high', { priority: task.priority })}</span>}</span>
        <span class="cut small soft">{task.processName || task.processDefinitionId}{task.businessId ? ` · ${task.businessId}` : ''}</span>
        <span class="row between small"><span class="row soft cut" style={{ gap: '4px' }}><Icon name="user" size={13} /><span class="cut">{task.assignee ?? (task.candidateGroups.join(', ') || t('task.unassigned'))}</span></span>
          {task.state === 'CREATED' ? task.dueDate ? <span class={isLate ? 'late' : 'soft'}>{isLate && <Icon name="clock" size={13} />} {t(isLate ? 'task.overdue' : 'task.due')} <Ago time={task.dueDate} /></span> : <span class="soft"><Ago time={task.creationDate} /></span> : <State state={task.state} />}</span>
      </a>
    </li>
  );
}

function useInboxCounts(): Partial<Record<Inbox, string>> {
  const wanted = INBOXES.filter((inbox) => inbox !== 'done' && (hasUsers() || inbox === 'all'));
  const found = useLoad('inbox counts', async () => Promise.all(wanted.map(async (inbox) => [inbox, await count('/v2/user-tasks/search', inboxFilter(inbox))] as const)), ['tasks']);
  return Object.fromEntries((found.value ?? []).map(([inbox, page]) => [inbox, `${showNumber(page.totalItems)}${page.hasMoreTotalItems ? '+' : ''}`]));
}

const exported = (): ListSpec<UserTask> => ({
  name: 'tasks', label: t('nav.tasks'), path: '/v2/user-tasks/search', base: tasksFilter(), columns: [], sort: { field: 'creationDate', order: 'ASC' }, keyOf: (task) => task.userTaskKey, topics: [], empty: { icon: 'tasks', title: '', text: '' },
});
const COLUMNS = (['userTaskKey', 'name', 'state', 'assignee', 'processDefinitionId', 'businessId', 'dueDate', 'priority', 'creationDate'] as const).map((id) => ({ id, title: id, cell: () => null, text: (task: UserTask) => String(task[id] ?? '') }));

function Filters({ processes }: { processes: Schema<'ProcessDefinition'>[] }) {
  const [text, setText] = useState(param('q'));
  const rest = useRef(0);
  const onInput = (value: string) => {
    setText(value);
    clearTimeout(rest.current);
    rest.current = window.setTimeout(() => setParams({ q: value.trim() }), 250);
  };
  return (
    <div class="stack" style={{ gap: '8px' }}>
      <div class="row"><input class="input" type="search" placeholder={t('task.find')} aria-label={t('task.find')} value={text} onInput={(event) => onInput(event.currentTarget.value)} />
        <Menu label={t('list.export')} button={<Icon name="download" />} items={[{ label: 'CSV', run: () => void exportList(exported(), COLUMNS, 'csv') }, { label: 'JSON', run: () => void exportList(exported(), COLUMNS, 'json') }]} /></div>
      <div class="row">
        <select class="input" aria-label={t('process')} value={param('process')} onChange={(event) => setParams({ process: event.currentTarget.value })}><option value="">{t('task.everyprocess')}</option>{processes.map((one) => <option key={one.processDefinitionKey} value={one.processDefinitionId}>{one.name || one.processDefinitionId}</option>)}</select>
        <select class="input" aria-label={t('task.sort')} value={sortId()} onChange={(event) => setParams({ sort: event.currentTarget.value })}>{SORT_IDS.map((id) => <option key={id} value={id}>{t(`task.sort.${id}`)}</option>)}</select>
      </div>
    </div>
  );
}

function useInboxKeys(items: UserTask[]) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).closest('input,textarea,select,[contenteditable],dialog')) return;
      const at = items.findIndex((task) => task.userTaskKey === parts.value[1]);
      const next = event.key === 'j' ? items[at + 1] : event.key === 'k' ? items[Math.max(at - 1, 0)] : undefined;
      const current = items[at];
      if (next) go(to('tasks', next.userTaskKey) + location.search);
      if (event.key === 'c' && current && !current.assignee) void claim(current);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [items]);
}

export function Tasks() {
  const opened = parts.value[1] ?? '';
  const limit = useRef(PAGE);
  const filter = tasksFilter();
  const list = useRef<HTMLUListElement>(null);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const key = JSON.stringify([param('inbox'), param('q'), param('process'), param('late'), sortId()]);
  const found = useLoad(key, (signalled) => search<UserTask>('/v2/user-tasks/search', { filter, sort: tasksSort(), page: { limit: limit.current } }, signalled), ['tasks']);
  const processes = useLoad('definitions', () => search<Schema<'ProcessDefinition'>>('/v2/process-definitions/search', { filter: { isLatestVersion: true }, sort: [{ field: 'name', order: 'ASC' }], page: { limit: 1000 } }));
  const counts = useInboxCounts();
  const items = found.value?.items ?? [];
  const seen = useWindow(list, items.length);
  useInboxKeys(items);
  useEffect(() => { limit.current = PAGE; setPicked(new Set()); }, [key]);
  useEffect(() => {
    if (!found.value || seen.to < items.length - 20 || items.length < limit.current || items.length >= MOST) return;
    limit.current = Math.min(MOST, limit.current * 4);
    found.reload();
  }, [seen.to, items.length]);

  const back = () => go('/tasks' + location.search);
  const next = () => {
    const at = items.findIndex((task) => task.userTaskKey === opened);
    const after = items[at + 1] ?? items[at - 1];
    go((after && after.userTaskKey !== opened ? to('tasks', after.userTaskKey) : '/tasks') + location.search);
  };
  const total = found.value ? `${showNumber(found.value.page.totalItems)}${found.value.page.hasMoreTotalItems ? '+' : ''}` : '';
  const inboxes = INBOXES.filter((inbox) => hasUsers() || inbox === 'all' || inbox === 'done');
  return (
    <div class={`inbox ${opened ? 'has-task' : ''}`}>
      <section class="panel inbox-list" aria-label={t('nav.tasks')}>
        <header class="stack inbox-head">
          <div class="row between"><h1>{t('nav.tasks')}</h1><span class="small soft num">{total && t('task.total', { total })}</span></div>
          <Segments label={t('task.inbox')} value={inboxOf()} onChoose={(id) => setParams({ inbox: id })} choices={inboxes.map((id) => ({ id, label: t(`task.inbox.${id}`), count: counts[id] }))} />
          <Filters processes={processes.value?.items ?? []} />
        </header>
        {picked.size > 0 && <Bulk tasks={items.filter((task) => picked.has(task.userTaskKey))} clear={() => setPicked(new Set())} />}
        {found.error !== null && <Failure error={found.error} retry={found.reload} />}
        {!found.value && found.error === null && <div style={{ padding: '16px' }}><Bones rows={6} /></div>}
        {found.value && items.length === 0 && <Empty icon="check" title={t(param('q') || param('process') ? 'list.none' : `task.empty.${inboxOf() === 'mine' ? 'mine' : 'other'}`)}><p>{t('task.empty.text')}</p>{inboxOf() === 'mine' && <Button onClick={() => setParams({ inbox: 'groups' })}>{t('task.empty.groups')}</Button>}</Empty>}
        {items.length > 0 && (
          <div class="scroll inbox-scroll">
            <ul ref={list} aria-label={t('nav.tasks')}>
              {seen.from > 0 && <li aria-hidden="true" style={{ height: `${seen.from * TASK_PX}px` }} />}
              {items.slice(seen.from, seen.to).map((task) => <Row key={task.userTaskKey} task={task} isOpen={task.userTaskKey === opened} isPicked={picked.has(task.userTaskKey)} onPick={(on) => { const set = new Set(picked); if (on) set.add(task.userTaskKey); else set.delete(task.userTaskKey); setPicked(set); }} />)}
              {seen.to < items.length && <li aria-hidden="true" style={{ height: `${(items.length - seen.to) * TASK_PX}px` }} />}
            </ul>
          </div>
        )}
      </section>
      <section class="panel inbox-task" aria-label={t('task')}>
        {opened ? <Task key={opened} taskKey={opened} onDone={next} onBack={back} /> : <Empty icon="tasks" title={t('task.none')}><p>{t('task.none.text')}</p></Empty>}
      </section>
    </div>
  );
}

