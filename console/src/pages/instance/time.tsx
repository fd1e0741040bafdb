// SPDX-License-Identifier: Apache-2.0
// The slider over an instance's history, and what held at its place.
import { ActionDialog } from '../../actions/action';
import { Button, Panel, Time, Scroll } from '../../design/parts';
import { Icon } from '../../design/icon';
import { show } from '../../state/dialog';
import { go, setParams, to } from '../../state/route';
import { t, tOf } from '../../text';
import type { HistoryEvent } from './data';
import { lastSequence, type Then } from './travel';

function startAgain(instanceKey: string, sequence: number) {
  show(<ActionDialog action={{ title: t('travel.restart'), button: t('travel.restart'), done: t('travel.restarted'), topics: ['instances'],
    ask: { method: 'POST', path: `/v2/process-instances/${instanceKey}/restart`, body: { sequence } }, cli: `baton restart ${instanceKey} --at ${sequence}`,
    after: (answer) => go(to('instances', (answer as { processInstanceKey: string }).processInstanceKey)) }}>
    <p>{t('travel.restart.about', { sequence })}</p>
  </ActionDialog>);
}

export function Travel({ instanceKey, events, then }: { instanceKey: string; events: HistoryEvent[]; then: Then }) {
  const last = lastSequence(events);
  const steps = [...new Set(events.map((event) => event.sequence))];
  const at = steps.indexOf(then.step.sequence);
  const move = (place: number) => steps[place] !== undefined && setParams({ at: String(steps[place]) });
  return (
    <section class="panel travel" aria-label={t('travel.title')}>
      <div class="row wrap" style={{ padding: '10px 14px' }}>
        <Icon name="history" /><strong>{t('travel.title')}</strong>
        <Button small icon="left" aria-label={t('travel.back')} disabled={at <= 0} onClick={() => move(at - 1)} />
        <input class="grow" style={{ minWidth: '140px' }} type="range" min={0} max={steps.length - 1} value={at} aria-label={t('travel.title')} aria-valuetext={`${t('travel.step', { at: then.step.sequence, of: last })}, ${tOf('command', then.step.command)}`} onInput={(event) => move(Number(event.currentTarget.value))} />
        <Button small icon="right" aria-label={t('travel.on')} disabled={at >= steps.length - 1} onClick={() => move(at + 1)} />
        <span class="num small">{t('travel.step', { at: then.step.sequence, of: last })}</span>
        <Time time={then.step.time} /><span class="tag">{tOf('command', then.step.command)}</span>{then.step.principal && <span class="small soft">{t('history.by', { who: then.step.principal })}</span>}
        <Button small icon="play" onClick={() => startAgain(instanceKey, then.step.sequence)}>{t('travel.restart')}</Button>
        <Button small onClick={() => setParams({ at: null })}>{t('travel.now')}</Button>
      </div>
    </section>
  );
}

export function VariablesThen({ then, events, instanceKey }: { then: Then; events: HistoryEvent[]; instanceKey: string }) {
  const nameOf = (scope: string) => events.find((event) => event.key === scope && event.elementId)?.elementId ?? scope;
  const rows = [...then.variables].sort((a, b) => a.name.localeCompare(b.name));
  return (
    <Panel title={t('travel.variables')} flush>
      <Scroll label={t('travel.variables')}><table class="table"><thead><tr><th scope="col">{t('name')}</th><th scope="col">{t('variable.value')}</th></tr></thead>
        <tbody>{rows.map((row) => <tr key={`${row.scope} ${row.name}`}><td class="mono">{row.name}{row.scope !== instanceKey && <span class="soft small"> · {nameOf(row.scope)}</span>}{then.step.changes.includes(`${row.scope} ${row.name}`) && <span class="state warn" style={{ marginLeft: '8px' }}><Icon name="edit" size={12} />{t('travel.changed')}</span>}</td><td class="mono" title={row.value}>{row.value}</td></tr>)}</tbody></table></Scroll>
    </Panel>
  );
}
