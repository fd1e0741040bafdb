// SPDX-License-Identifier: Apache-2.0
// Why an instance stands where it stands: for each token what is missing, since when, and who could do something about it.
import { ask, search, type Schema } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Icon, type IconName } from '../../design/icon';
import { Ago, Bones, Button, Facts, Failure, Panel, Time } from '../../design/parts';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { showSpan } from '../../state/look';
import { to } from '../../state/route';
import { t, tOf } from '../../text';
import { topicsOf, type ElementInstance, type Incident } from './data';

interface WaitState { elementInstanceKey: string; details: Record<string, unknown> & { waitStateType?: string } }

type Cause = Schema<'Why'>['causes'][number];

// What this page says in words of its own; the others are shown in the API's.
const SAID = new Set(['INCIDENT', 'INSTANCE_SUSPENDED', 'MESSAGE', 'SIGNAL', 'TIMER', 'USER_TASK_UNASSIGNED', 'USER_TASK_ASSIGNED', 'CALLED_INSTANCE', 'CONTENTS', 'MOVING']);

interface Standing {
  element: ElementInstance;
  causes: Cause[];
  waits: WaitState[];
  incident: Incident | undefined;
  task: Schema<'UserTask'> | undefined;
  called: Schema<'ProcessInstance'> | undefined;
}

async function readStandings(key: string): Promise<Standing[]> {
  const filter = { processInstanceKey: key };
  const [waiting, states, incidents, tasks, called, why] = await Promise.all([
    search<ElementInstance>(`/v2/process-instances/${key}/waiting/search`, { page: { limit: 200 } }),
    search<WaitState>('/v2/element-instances/wait-states/search', { filter, page: { limit: 400 } }),
    search<Incident>('/v2/incidents/search', { filter: { ...filter, state: 'ACTIVE' }, page: { limit: 200 } }),
    search<Schema<'UserTask'>>('/v2/user-tasks/search', { filter: { ...filter, state: 'CREATED' }, page: { limit: 200 } }).catch(() => null),
    search<Schema<'ProcessInstance'>>('/v2/process-instances/search', { filter: { parentProcessInstanceKey: key, state: { $in: ['ACTIVE', 'SUSPENDED'] } }, page: { limit: 200 } }),
    ask<Schema<'Why'>>({ method: 'GET', path: `/v2/why/process-instances/${key}` }),
  ]);
  return waiting.items.map((element) => ({
    element, causes: why.causes.filter((cause) => cause.elementInstanceKey === element.elementInstanceKey && !SAID.has(cause.cause)),
    waits: states.items.filter((state) => state.elementInstanceKey === element.elementInstanceKey),
    incident: incidents.items.find((incident) => incident.elementInstanceKey === element.elementInstanceKey),
    task: tasks?.items.find((task) => task.elementInstanceKey === element.elementInstanceKey),
    called: called.items.find((instance) => instance.parentElementInstanceKey === element.elementInstanceKey),
  }));
}

function until(details: WaitState['details']): string | null {
  const due = details['dueDate'] ?? details['dueTime'] ?? details['timerDueDate'];
  return typeof due === 'string' ? due : typeof due === 'number' ? new Date(due).toISOString() : null;
}

function Wait({ wait }: { wait: WaitState }) {
  const { details } = wait;
  const text = (name: string) => String(details[name] ?? '');
  const due = until(details);
  switch (details.waitStateType) {
    case 'JOB':
      return <li>{t('why.job', { type: text('jobType') })} {Number(details['retries']) === 0 ? t('why.job.none') : t('why.job.retries', { retries: text('retries') })} <a href={`/jobs?type=${encodeURIComponent(text('jobType'))}`}>{t('why.job.see')}</a></li>;
    case 'MESSAGE':
      return <li>{t('why.message', { name: text('messageName'), key: text('correlationKey') || '–' })}</li>;
    case 'TIMER':
      return <li>{due ? <>{t('why.timer')} <Time time={due} /> (<Ago time={due} />)</> : t('why.timer.some')}</li>;
    case 'SIGNAL':
      return <li>{t('why.signal', { name: text('signalName') })}</li>;
    default:
      return null;
  }
}

function resolve(incident: Incident) {
  show(<ActionDialog action={{ title: t('incident.resolve'), button: t('incident.resolve'), done: t('incident.resolved'), topics: [...topicsOf(incident.processInstanceKey), 'incidents', 'instances'],
    ask: { method: 'POST', path: `/v2/process-instances/${incident.processInstanceKey}/incident-resolution` }, cli: `baton retry ${incident.processInstanceKey}` }}>
    <p>{t('incident.resolve.about')}</p>
  </ActionDialog>);
}

function iconOf({ incident, task, called, waits }: Standing): [IconName, string] {
  if (incident) return ['incident', 'bad'];
  if (task) return ['user', 'active'];
  if (called) return ['process', 'active'];
  const kind = waits[0]?.details.waitStateType;
  return [kind === 'TIMER' ? 'clock' : kind === 'MESSAGE' || kind === 'SIGNAL' ? 'message' : 'job', 'active'];
}

function One({ standing, selected, onSelect }: { standing: Standing; selected: string | null; onSelect: (id: string) => void }) {
  const { element, waits, incident, task, called, causes } = standing;
  const [icon, look] = iconOf(standing);
  const words = waits.map((wait, i) => <Wait key={i} wait={wait} />);
  return (
    <li class={`standing ${look} ${selected === element.elementId ? 'selected' : ''}`}>
      <span class="badge"><Icon name={icon} size={18} /></span>
      <div class="grow stack" style={{ gap: '4px' }}>
        <div class="row wrap between">
          <button type="button" class="as-link strong" onClick={() => onSelect(element.elementId)}>{element.elementName || element.elementId}</button>
          <span class="small soft">{t('why.since')} <Ago time={element.startDate} /></span>
        </div>
        {incident && <div class="cause"><strong>{tOf('error', incident.errorType)}</strong><p class="mono">{incident.errorMessage}</p></div>}
        <ul class="small words">
          {task && <li>{task.assignee ? t('why.task.assigned', { who: task.assignee }) : task.candidateGroups.length + task.candidateUsers.length > 0 ? t('why.task.groups', { who: [...task.candidateGroups, ...task.candidateUsers].join(', ') }) : t('why.task.nobody')} {task.dueDate && <>{t('task.due')} <Ago time={task.dueDate} />.</>} <a href={to('tasks', task.userTaskKey)}>{t('why.task.open')}</a></li>}
          {called && <li>{t('why.called', { name: called.processDefinitionName || called.processDefinitionId })} <a href={to('instances', called.processInstanceKey)}>{called.businessId || called.processInstanceKey}</a></li>}
          {words}
          {causes.map((cause, i) => <li key={`cause ${i}`} title={cause.remedy ?? undefined}>{cause.sentence}</li>)}
          {!task && !called && waits.length === 0 && !incident && causes.length === 0 && <li>{element.waitsFor ? t('why.other', { what: element.waitsFor }) : t('why.inside')}</li>}
        </ul>
        {incident && <div class="row wrap"><Button small icon="again" onClick={() => resolve(incident)}>{t('incident.resolve')}</Button><a class="button plain small" href={`/incidents?message=${encodeURIComponent(incident.errorMessage.slice(0, 120))}`}>{t('incident.like')}</a></div>}
      </div>
    </li>
  );
}

export function Why({ instance, selected, onSelect }: { instance: Schema<'ProcessInstance'>; selected: string | null; onSelect: (id: string) => void }) {
  const found = useLoad(`why ${instance.processInstanceKey}`, () => readStandings(instance.processInstanceKey), topicsOf(instance.processInstanceKey));
  const isOver = instance.endDate !== null;
  return (
    <Panel title={isOver ? t('why.over') : t('why.title')} flush>
      {found.error !== null && <div style={{ padding: '14px' }}><Failure error={found.error} retry={found.reload} /></div>}
      {!found.value && found.error === null && <div style={{ padding: '14px' }}><Bones /></div>}
      {found.value && (
        <ul class="standings">
          {instance.state === 'SUSPENDED' && <li class="standing warn"><span class="badge"><Icon name="pause" /></span><div>{t('why.suspended')} <Ago time={instance.suspendedDate} />.</div></li>}
          {isOver && <li class="standing"><span class="badge"><Icon name={instance.state === 'COMPLETED' ? 'check' : 'ban'} /></span><div><p class="strong">{t(instance.state === 'COMPLETED' ? 'why.completed' : 'why.terminated')}</p><Facts facts={[[t('started'), <Time time={instance.startDate} />], [t('ended'), <Time time={instance.endDate} />], [t('duration'), showSpan(Date.parse(instance.endDate ?? '') - Date.parse(instance.startDate))], ...(instance.cost ? [[t('instances.column.cost'), instance.cost] as [string, string]] : [])]} /></div></li>}
          {!isOver && found.value.length === 0 && <li class="standing"><span class="badge"><Icon name="play" /></span><div>{t('why.moving')}</div></li>}
          {found.value.map((standing) => <One key={standing.element.elementInstanceKey} standing={standing} selected={selected} onSelect={onSelect} />)}
        </ul>
      )}
    </Panel>
  );
}

