// SPDX-License-Identifier: Apache-2.0
// Everything that happened in an instance, in order, with who did it. What only machines care for is folded away.
import { useState } from 'preact/hooks';
import { Bones, Button, Failure, Time } from '../../design/parts';
import { Icon, type IconName } from '../../design/icon';
import { t, tOf } from '../../text';
import { setParams } from '../../state/route';
import { useHistory, type HistoryEvent } from './data';

const NOISE = new Set(['FLOW_TAKEN', 'TOKEN_ARRIVED', 'TOKENS_DROPPED', 'ELEMENT_ACTIVATING', 'ELEMENT_COMPLETING', 'ELEMENT_TERMINATING', 'JOB_OFFERED', 'JOB_EXTENDED', 'JOB_RETURNED', 'SUBSCRIPTION_OPENING', 'SUBSCRIPTION_CLOSING',
  'SUBSCRIPTION_CLOSED', 'VARIABLE_SET', 'REFERENCED', 'TIMER_CANCELED', 'DEDUPLICATED', 'PROCESS_ENDING', 'LOOP_OUTPUT']);
const MOST = 400;

function lookOf(event: string): [IconName, string] {
  if (event.startsWith('INCIDENT_CREATED') || event.includes('FAILED') || event.includes('ERROR')) return ['incident', 'bad'];
  if (event.startsWith('INCIDENT')) return ['check', 'done'];
  if (event.startsWith('USER_TASK')) return ['user', 'active'];
  if (event.startsWith('JOB')) return ['job', ''];
  if (event.startsWith('TIMER')) return ['clock', ''];
  if (event.startsWith('SUBSCRIPTION') || event.startsWith('MESSAGE')) return ['message', ''];
  if (event.startsWith('VARIABLE')) return ['edit', ''];
  if (event.endsWith('COMPLETED')) return ['check', 'done'];
  return ['play', 'active'];
}

function about(event: HistoryEvent): string {
  return [event.elementId, event.name !== event.elementId && event.name, event.code, event.value].filter(Boolean).join(' · ');
}

export function History({ instanceKey }: { instanceKey: string }) {
  const found = useHistory(instanceKey);
  const [isFull, setFull] = useState(false);
  const [most, setMost] = useState(MOST);
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones />;
  const all = found.value.items;
  const shown = isFull ? all : all.filter(({ event }) => !NOISE.has(event));
  return (
    <div class="stack" style={{ padding: '12px 14px' }}>
      <div class="row wrap between">
        <label class="check"><input type="checkbox" checked={isFull} onChange={(event) => setFull(event.currentTarget.checked)} />{t('history.full', { count: all.length - shown.length })}</label>
        <Button small icon="history" onClick={() => setParams({ at: String(all.at(-1)?.sequence ?? 1) })}>{t('travel.open')}</Button>
      </div>
      <ol class="story">
        {shown.slice(0, most).map((event, i) => {
          const [icon, look] = lookOf(event.event);
          return (
            <li key={i} class={look}>
              <span class="badge"><Icon name={icon} size={14} /></span>
              <div class="grow"><span class="strong">{tOf('event', event.event)}</span> <span class="cut-long mono small">{about(event)}</span>{event.principal && <span class="small soft"> {t('history.by', { who: event.principal })}</span>}</div>
              <a class="small soft nowrap" href={`?tab=history&at=${event.sequence}`} title={t('travel.here')}><Time time={event.time} /></a>
            </li>
          );
        })}
      </ol>
      {shown.length > most && <Button onClick={() => setMost(most * 4)}>{t('more', { count: shown.length - most })}</Button>}
    </div>
  );
}
