// SPDX-License-Identifier: Apache-2.0
// The same for several tasks: each by itself, with what became of it.
import { useState } from 'preact/hooks';
import { ask, type Ask } from '../../api/client';
import { Button, Dialog, Field } from '../../design/parts';
import { hide, show } from '../../state/dialog';
import { changed } from '../../state/live';
import { hasUsers, me } from '../../state/session';
import { explain, say } from '../../state/toasts';
import { t } from '../../text';
import type { UserTask } from './data';

const AT_ONCE = 6;

async function each(tasks: UserTask[], make: (task: UserTask) => Ask): Promise<{ task: UserTask; text: string }[]> {
  const failures: { task: UserTask; text: string }[] = [];
  const waiting = [...tasks];
  const work = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift()) {
      try {
        await ask(make(task));
      } catch (error) {
        failures.push({ task, text: explain(error).text });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failures;
}

async function run(tasks: UserTask[], make: (task: UserTask) => Ask, clear: () => void) {
  const failures = await each(tasks, make);
  changed('tasks');
  clear();
  say('done', t('task.bulk.done', { done: tasks.length - failures.length, total: tasks.length }));
  if (failures.length > 0)
    show(<Dialog title={t('task.bulk.failed', { count: failures.length })} onClose={hide}><ul class="stack">{failures.map(({ task, text }) => <li key={task.userTaskKey}><strong>{task.name || task.elementId}</strong> <span class="soft">{task.businessId}</span><p class="small">{text}</p></li>)}</ul></Dialog>);
}

function AssignAll({ tasks, clear }: { tasks: UserTask[]; clear: () => void }) {
  const [who, setWho] = useState('');
  const assign = () => { hide(); void run(tasks, (task) => ({ method: 'POST', path: `/v2/user-tasks/${task.userTaskKey}/assignment`, body: { assignee: who, allowOverride: true } }), clear); };
  return (
    <Dialog title={t('task.bulk.assign', { count: tasks.length })} onClose={hide} footer={<><Button onClick={hide}>{t('cancel')}</Button><Button look="main" why={who.trim() ? null : t('task.assign.who')} onClick={assign}>{t('task.assign')}</Button></>}>
      <Field label={t('task.assign.to')}>{(id) => <input id={id} class="input" value={who} onInput={(event) => setWho(event.currentTarget.value)} />}</Field>
    </Dialog>
  );
}

function CompleteAll({ tasks, clear }: { tasks: UserTask[]; clear: () => void }) {
  const withForms = tasks.filter((task) => task.formKey || task.externalFormReference).length;
  const complete = () => { hide(); void run(tasks, (task) => ({ method: 'POST', path: `/v2/user-tasks/${task.userTaskKey}/completion`, body: { variables: {} } }), clear); };
  return (
    <Dialog title={t('task.bulk.complete', { count: tasks.length })} onClose={hide} footer={<><Button onClick={hide}>{t('cancel')}</Button><Button look="main" onClick={complete}>{t('task.complete')}</Button></>}>
      <p>{t('task.bulk.complete.about')}</p>{withForms > 0 && <p><strong>{t('task.bulk.complete.forms', { count: withForms })}</strong></p>}
    </Dialog>
  );
}

export function Bulk({ tasks, clear }: { tasks: UserTask[]; clear: () => void }) {
  const path = (task: UserTask, what: string) => `/v2/user-tasks/${task.userTaskKey}/${what}` as `/v2/user-tasks/${string}/assignment`;
  return (
    <div class="selectbar" role="toolbar" aria-label={t('list.selected.label')}>
      <strong class="num">{t('list.selected', { count: tasks.length })}</strong><span class="grow" />
      {hasUsers() && <Button small onClick={() => void run(tasks, (task) => ({ method: 'POST', path: path(task, 'assignment'), body: { assignee: me.value?.username, allowOverride: false } }), clear)}>{t('task.claim')}</Button>}
      <Button small onClick={() => void run(tasks, (task) => ({ method: 'DELETE', path: path(task, 'assignee') }), clear)}>{t('task.release')}</Button>
      <Button small onClick={() => show(<AssignAll tasks={tasks} clear={clear} />)}>{t('task.assign')}</Button>
      <Button small onClick={() => show(<CompleteAll tasks={tasks} clear={clear} />)}>{t('task.complete')}</Button>
      <Button small look="plain" icon="x" aria-label={t('list.select.none')} onClick={clear} />
    </div>
  );
}
