// SPDX-License-Identifier: Apache-2.0
// One task: its form, who has it, and where it stands in its process.
import { useRef, useState } from 'preact/hooks';
import { ask } from '../../api/client';
import { AsCommand, ActionDialog, perform } from '../../actions/action';
import { Diagram } from '../../diagram/diagram';
import { Form, type FormHandle } from '../../diagram/form';
import { Icon } from '../../design/icon';
import { Ago, Bones, Button, Failure, Field, Menu, Notice, State, Tabs, Time } from '../../design/parts';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { changed } from '../../state/live';
import { param, setParams, to } from '../../state/route';
import { hasUsers, me } from '../../state/session';
import { say, sayProblem } from '../../state/toasts';
import { t } from '../../text';
import type { ElementCount } from '../instance/data';
import { readDraft, useDraft, type Saving } from './draft';
import { GenericForm } from './generic';
import { readForm, readVariables, type UserTask } from './data';

const TOPICS = ['tasks'];

export function claim(task: UserTask) {
  return perform({ ask: { method: 'POST', path: `/v2/user-tasks/${task.userTaskKey}/assignment`, body: { assignee: me.value?.username, action: 'claim', allowOverride: false } }, done: t('task.claimed'), topics: TOPICS,
    undo: { label: t('undo'), ask: { method: 'DELETE', path: `/v2/user-tasks/${task.userTaskKey}/assignee` } } }).catch((error: unknown) => { sayProblem(t('task.claim'), error); changed(...TOPICS); });
}

export function release(task: UserTask) {
  return perform({ ask: { method: 'DELETE', path: `/v2/user-tasks/${task.userTaskKey}/assignee` }, done: t('task.released'), topics: TOPICS }).catch((error: unknown) => sayProblem(t('task.release'), error));
}

function AssignDialog({ task }: { task: UserTask }) {
  const [who, setWho] = useState('');
  const body = { assignee: who, allowOverride: true, action: 'assign' };
  return (
    <ActionDialog action={{ title: t('task.assign'), button: t('task.assign'), done: t('task.assigned', { who }), topics: TOPICS, why: who.trim() ? null : t('task.assign.who'), ask: { method: 'POST', path: `/v2/user-tasks/${task.userTaskKey}/assignment`, body } }}>
      <Field label={t('task.assign.to')}>{(id) => <input id={id} class="input" autofocus value={who} onInput={(event) => setWho(event.currentTarget.value)} />}</Field>
    </ActionDialog>
  );
}

function Draft({ saving, since }: { saving: Saving; since: string | null }) {
  const text = saving === 'saving' ? t('draft.saving') : saving === 'saved' ? t('draft.saved') : saving === 'failed' ? t('draft.failed') : '';
  if (!text && !since) return null;
  return <span class="small soft row" role="status"><Icon name={saving === 'failed' ? 'incident' : 'edit'} size={14} />{text || <>{t('draft.since')} <Ago time={since} /></>}</span>;
}

/** Why the form cannot be handed in by whoever looks at it; null: it can. */
function forbidden(task: UserTask): string | null {
  if (task.state !== 'CREATED') return t('task.over');
  if (!hasUsers()) return null;
  if (!task.assignee) return t('task.claim.first');
  return task.assignee === me.value?.username ? null : t('task.others', { who: task.assignee });
}

function Work({ task, onDone }: { task: UserTask; onDone: () => void }) {
  const key = task.userTaskKey;
  const handle = useRef<FormHandle>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const draft = useDraft(key);
  const [version, setVersion] = useState(0); // of the form: dropping the draft begins it anew
  const found = useLoad(`form ${key} ${version}`, async () => {
    const [form, variables, kept] = await Promise.all([readForm(task), readVariables(key), task.state === 'CREATED' ? readDraft(key) : null]);
    return { form, variables, data: { ...variables, ...kept?.variables }, since: kept?.updatedAt ?? null };
  });
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones rows={5} />;
  const { form, data, since } = found.value;
  const why = forbidden(task);
  const onChange = (typed: Record<string, unknown>) => {
    if (why === null) draft.save(typed);
  };
  const complete = async () => {
    const variables = form.kind === 'link' ? {} : handle.current?.submit();
    if (!variables) return say('bad', t('task.invalid'));
    setBusy(true);
    setError(null);
    try {
      await ask({ method: 'POST', path: `/v2/user-tasks/${key}/completion`, body: { variables } });
      void draft.drop();
      say('done', t('task.completed', { name: task.name || task.elementId }));
      changed('tasks', 'instances');
      onDone();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="stack" onSubmit={(event) => { event.preventDefault(); void complete(); }}>
      {why && task.state === 'CREATED' && <Notice action={!task.assignee && <Button small look="main" onClick={() => void claim(task)}>{t('task.claim')}</Button>}>{why}</Notice>}
      {form.kind === 'link' && <Notice><a href={form.url} target="_blank" rel="noreferrer noopener">{t('task.form.elsewhere')}</a></Notice>}
      {form.kind === 'schema' && <Form schema={form.schema} data={data} handle={handle} readOnly={why !== null} onChange={onChange} />}
      {form.kind === 'none' && <GenericForm data={data} handle={handle} readOnly={why !== null} onChange={onChange} />}
      {error !== null && <Failure error={error} />}
      {task.state === 'CREATED' && (
        <div class="task-foot row wrap between">
          <span class="row wrap"><Draft saving={draft.saving} since={since} />{(draft.saving !== 'idle' || since) && <Button small look="plain" onClick={() => { void draft.drop().then(() => setVersion(version + 1)); }}>{t('draft.drop')}</Button>}</span>
          <Button type="submit" look="main" icon="check" disabled={isBusy} why={why}>{isBusy ? t('working') : t('task.complete')}</Button>
        </div>
      )}
      <AsCommand request={{ method: 'POST', path: `/v2/user-tasks/${key}/completion`, body: { variables: {} } }} cli={`baton complete ${key} --variables '{}'`} />
    </form>
  );
}

function InProcess({ task }: { task: UserTask }) {
  const found = useLoad(`task counts ${task.processInstanceKey}`, () => Promise.all([
    ask<{ items: ElementCount[] }>({ method: 'GET', path: `/v2/process-instances/${task.processInstanceKey}/statistics/element-instances` }),
    ask<{ items: { sequenceFlowId: string }[] }>({ method: 'GET', path: `/v2/process-instances/${task.processInstanceKey}/sequence-flows` })]), TOPICS);
  if (found.error !== null) return <Failure error={found.error} />;
  if (!found.value) return <Bones />;
  return <Diagram definitionKey={task.processDefinitionKey} counts={found.value[0].items} taken={found.value[1].items.map((flow) => flow.sequenceFlowId)} selected={task.elementId} height="min(52vh, 480px)" />;
}

export function Task({ taskKey, onDone, onBack }: { taskKey: string; onDone: () => void; onBack: () => void }) {
  const found = useLoad(`task ${taskKey}`, () => ask<UserTask>({ method: 'GET', path: `/v2/user-tasks/${taskKey}` }), TOPICS);
  const tab = param('tab') === 'process' ? 'process' : 'form';
  if (!found.value) return <div style={{ padding: '16px' }}>{found.error !== null ? <Failure error={found.error} retry={found.reload} /> : <Bones rows={6} />}</div>;
  const task = found.value;
  const isMine = task.assignee !== null && task.assignee === me.value?.username;
  const isOpen = task.state === 'CREATED';
  return (
    <article class="task" aria-label={task.name || task.elementId}>
      <header class="stack">
        <div class="row between" style={{ alignItems: 'flex-start' }}>
          <div class="row grow" style={{ alignItems: 'flex-start' }}><span class="only-phone"><Button look="plain" icon="left" aria-label={t('task.back')} onClick={onBack} /></span><h1 class="grow">{task.name || task.elementId}</h1></div>
          <div class="row">
            {isOpen && hasUsers() && !task.assignee && <Button look="main" icon="user" onClick={() => void claim(task)}>{t('task.claim')}</Button>}
            {isOpen && isMine && <Button onClick={() => void release(task)}>{t('task.release')}</Button>}
            {isOpen && <Menu label={t('actions')} button={<Icon name="dots" />} items={[{ label: t('task.assign'), icon: 'user', run: () => show(<AssignDialog task={task} />) }, { label: t('task.instance'), icon: 'instances', href: to('instances', task.processInstanceKey) }]} />}
          </div>
        </div>
        <div class="row wrap small" style={{ columnGap: '16px' }}>
          {!isOpen && <State state={task.state} />}
          <a href={to('instances', task.processInstanceKey)}>{task.processName || task.processDefinitionId}{task.businessId ? ` · ${task.businessId}` : ''}</a>
          <span class="row" style={{ gap: '5px' }}><Icon name="user" size={14} />{task.assignee ?? ([...task.candidateGroups, ...task.candidateUsers].join(', ') || t('task.unassigned'))}</span>
          {task.dueDate && <span class="row" style={{ gap: '5px', color: isOpen && Date.parse(task.dueDate) < Date.now() ? 'var(--bad)' : undefined }}><Icon name="clock" size={14} /><span>{t('task.due')} <Time time={task.dueDate} /> (<Ago time={task.dueDate} />)</span></span>}
          {task.followUpDate && <span>{t('task.followup')} <Time time={task.followUpDate} /></span>}
          <span class="soft">{t('task.priority')} {task.priority}</span><span class="soft">{t('task.created')} <Ago time={task.creationDate} /></span>
        </div>
      </header>
      <Tabs label={t('task.tabs')} value={tab} onChoose={(id) => setParams({ tab: id === 'form' ? null : id })} choices={[{ id: 'form', label: t('task.tab.form') }, { id: 'process', label: t('task.tab.process') }]} />
      <div class="task-body" role="tabpanel" aria-label={tab === 'form' ? t('task.tab.form') : t('task.tab.process')}>{tab === 'form' ? <Work key={`${task.userTaskKey} ${task.state}`} task={task} onDone={onDone} /> : <InProcess task={task} />}</div>
    </article>
  );
}
