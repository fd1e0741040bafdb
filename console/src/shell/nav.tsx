// SPDX-License-Identifier: Apache-2.0
// The ways to the pages: beside the page, and on phones below it.
import { count } from '../api/client';
import { Icon, type IconName } from '../design/icon';
import { Dialog } from '../design/parts';
import { hide, show } from '../state/dialog';
import { useLoad } from '../state/load';
import { parts } from '../state/route';
import { hasUsers, me } from '../state/session';
import { t, type Key } from '../text';

interface Place { id: string; icon: IconName; text: Key }

const work: Place[] = [{ id: '', icon: 'home', text: 'nav.home' }, { id: 'tasks', icon: 'tasks', text: 'nav.tasks' }];
const run: Place[] = [
  { id: 'processes', icon: 'process', text: 'nav.processes' }, { id: 'instances', icon: 'instances', text: 'nav.instances' }, { id: 'incidents', icon: 'incident', text: 'nav.incidents' },
  { id: 'jobs', icon: 'job', text: 'nav.jobs' }, { id: 'messages', icon: 'message', text: 'nav.messages' }, { id: 'decisions', icon: 'decision', text: 'nav.decisions' },
  { id: 'batches', icon: 'batch', text: 'nav.batches' }, { id: 'deployments', icon: 'deploy', text: 'nav.deployments' },
];
const know: Place[] = [{ id: 'insight', icon: 'insight', text: 'nav.insight' }];
const rule: Place[] = [{ id: 'cluster', icon: 'cluster', text: 'nav.cluster' }, { id: 'admin', icon: 'admin', text: 'nav.admin' }];

const isHere = (id: string) => (parts.value[0] ?? '') === id;

export function useCounts(): { tasks: number; incidents: number } {
  const mine = me.value && hasUsers() ? { assignee: me.value.username } : {};
  const read = async () => {
    const [tasks, incidents] = await Promise.all([count('/v2/user-tasks/search', { state: 'CREATED', ...mine }), count('/v2/incidents/search', { state: 'ACTIVE' })]);
    return { tasks: tasks.totalItems, incidents: incidents.totalItems };
  };
  return useLoad(me.value ? 'counts' : null, read, ['tasks', 'incidents']).value ?? { tasks: 0, incidents: 0 };
}

const short = (count: number) => (count > 999 ? '999+' : String(count));

function Badge({ id, counts }: { id: string; counts: { tasks: number; incidents: number } }) {
  const value = id === 'tasks' ? counts.tasks : id === 'incidents' ? counts.incidents : 0;
  return value > 0 ? <span class={`count ${id === 'incidents' ? 'bad' : ''}`}>{short(value)}</span> : null;
}

export function Rail({ counts }: { counts: { tasks: number; incidents: number } }) {
  const item = (place: Place) => (
    <a key={place.id} class="item" href={`/${place.id}`} aria-current={isHere(place.id) ? 'page' : undefined} title={t(place.text)}>
      <Icon name={place.icon} /><span>{t(place.text)}</span><Badge id={place.id} counts={counts} />
    </a>
  );
  return (
    <nav class="rail" aria-label={t('nav.label')}>
      <a class="brand" href="/" aria-label="Baton"><Mark /><span>Baton</span></a>
      {work.map(item)}
      <div class="group">{t('nav.group.run')}</div>
      {run.map(item)}
      <div class="group">{t('nav.group.know')}</div>
      {know.map(item)}
      <div class="group">{t('nav.group.rule')}</div>
      {rule.map(item)}
    </nav>
  );
}

export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#4a5fe0" /><path d="M8.5 23.5 21 11" stroke="#fff" stroke-width="4.2" stroke-linecap="round" /><circle cx="23.4" cy="8.6" r="3.1" fill="#ffc53d" />
    </svg>
  );
}

function Everything() {
  return (
    <Dialog title={t('nav.label')} onClose={hide}>
      <div class="sheet">{[...work, ...run, ...know, ...rule].map((place) => <a key={place.id} href={`/${place.id}`} onClick={hide}><Icon name={place.icon} />{t(place.text)}</a>)}</div>
    </Dialog>
  );
}

export function Bottom({ counts }: { counts: { tasks: number; incidents: number } }) {
  const shown = [...work, run[1]!, run[2]!];
  return (
    <nav class="bottom" aria-label={t('nav.label')}>
      {shown.map((place) => (
        <a key={place.id} href={`/${place.id}`} aria-current={isHere(place.id) ? 'page' : undefined}><Icon name={place.icon} size={20} />{t(place.text)}<Badge id={place.id} counts={counts} /></a>
      ))}
      <button type="button" onClick={() => show(<Everything />)}><Icon name="menu" size={20} />{t('nav.more')}</button>
    </nav>
  );
}
