// SPDX-License-Identifier: Apache-2.0
// What is held about a person, and its end. Whoever looks is in the audit log, so nothing is read before somebody asks, nor again by itself.
import { useState } from 'preact/hooks';
import { ask, type Ask, type Schema } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Ago, Bones, Button, Command, Dialog, Empty, Facts, Failure, Notice, Panel, pretty, Scroll, State, Time } from '../../design/parts';
import { save } from '../../list/export';
import { hide, show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { showNumber } from '../../state/look';
import { param, setParams, to } from '../../state/route';
import { t, tOf } from '../../text';
import { Text } from './inputs';

type Data = Schema<'PersonalData'>;
type Erased = Schema<'PersonalDataErased'>;

const bodyOf = (subject: string, tenant: string) => ({ subjectId: subject, ...(tenant && { tenantId: tenant }) });
const erasure = (body: Record<string, unknown>): Ask => ({ method: 'POST', path: '/v2/personal-data/erasure', body });

function Remains({ erased }: { erased: Erased }) {
  return <div class="stack"><h3>{t('personal.remains')}</h3><ul class="remains">{erased.remains.map((one) => <li key={one.where}><span>{one.where}</span><span class="soft small">{t('personal.until', { until: one.until })}</span></li>)}</ul></div>;
}

function DoneDialog({ erased }: { erased: Erased }) {
  return (
    <Dialog title={t('personal.erased')} wide onClose={hide} footer={<Button look="main" onClick={hide}>{t('close')}</Button>}>
      <Notice kind="done">{t('personal.erased.text', { subject: erased.subjectId, count: showNumber(erased.instances) })}</Notice>
      <Remains erased={erased} />
    </Dialog>
  );
}

function EraseDialog({ subject, tenant, after }: { subject: string; tenant: string; after: () => void }) {
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const trial = useLoad(`erase ${tenant} ${subject}`, () => ask<Erased>(erasure({ ...bodyOf(subject, tenant), dryRun: true })));
  const will = trial.value;
  const why = trial.error !== null ? t('personal.cannot') : !will ? t('batch.counting') : will.instances === 0 ? t('personal.nothing') : !reason.trim() ? t('admin.lacks', { field: t('personal.reason') }) : typed !== subject ? t('personal.type', { subject }) : null;
  return (
    <ActionDialog wide action={{ title: t('personal.erase'), button: t('personal.erase.button'), bad: true, done: t('personal.erased'), topics: [], why, ask: erasure({ ...bodyOf(subject, tenant), reason }), cli: `baton erase '${subject}'${tenant && ` --tenant '${tenant}'`} --reason '${reason || 'TEXT'}'`,
      after: (answer) => { after(); show(<DoneDialog erased={answer as Erased} />); } }}>
      {trial.error !== null && <Failure error={trial.error} retry={trial.reload} />}
      {!will && trial.error === null && <Bones rows={3} />}
      {will && <>
        <Notice kind="warn"><p><strong>{t('personal.will', { count: showNumber(will.instances) })}</strong></p><p>{t('personal.will.text')}</p>{will.runningInstances > 0 && <p>{t('personal.running', { count: showNumber(will.runningInstances) })}</p>}</Notice>
        <Remains erased={will} />
        <Text label={t('personal.reason')} value={reason} onInput={setReason} hint={t('personal.reason.hint')} />
        <Text label={t('personal.type', { subject })} value={typed} onInput={setTyped} />
      </>}
    </ActionDialog>
  );
}

function Instances({ data }: { data: Data }) {
  return (
    <Panel flush title={t('personal.instances', { count: showNumber(data.instances.length) })}>
      <Scroll label={t('nav.instances')} style={{ maxHeight: '420px' }}><table class="table cards"><thead><tr><th scope="col">{t('instance')}</th><th scope="col">{t('state')}</th><th scope="col">{t('process')}</th><th scope="col">{t('personal.since')}</th></tr></thead>
        <tbody>{data.instances.map((one) => <tr key={one.processInstanceKey}><td>{one.processDefinitionId ? <a class="strong mono" href={to('instances', one.processInstanceKey)}>{one.processInstanceKey}</a> : <span class="mono">{one.processInstanceKey}</span>}</td><td class="aside">{one.erased ? <span class="state"><span aria-hidden="true">⌀</span>{t('personal.is.erased')}</span> : one.state ? <State state={one.state} /> : <span class="soft">–</span>}</td><td>{one.processDefinitionId ?? t('personal.mailbox')}</td><td class="aside"><Ago time={one.firstTime} /></td></tr>)}</tbody></table></Scroll>
    </Panel>
  );
}

/** Where a value was, a mark stands after an erasure. */
const isErased = (value: unknown) => typeof value === 'object' && value !== null && (value as Record<string, unknown>)['baton:personal'] === 'erased';
const readable = (data: Data) => data.values.filter((one) => !isErased(one.value));

function Values({ data }: { data: Data }) {
  const values = readable(data);
  return (
    <Panel flush title={t('personal.values', { count: showNumber(values.length) })}>
      {values.length === 0 ? <Empty icon="check" title={t('personal.novalues')}><p>{t('personal.novalues.text')}</p></Empty> : (
        <Scroll label={t('variables')} style={{ maxHeight: '420px' }}><table class="table cards"><thead><tr><th scope="col">{t('name')}</th><th scope="col">{t('personal.kind')}</th><th scope="col">{t('value')}</th><th scope="col">{t('instance')}</th></tr></thead>
          <tbody>{values.slice(0, 1000).map((one) => { const text = JSON.stringify(one.value); return <tr key={`${one.kind} ${one.key} ${one.name}`}><td class="strong mono">{one.name}</td><td class="aside"><span class="tag">{tOf('personal.kind', one.kind)}</span></td><td class="full" title={pretty(text).slice(0, 2000)}><code>{text.slice(0, 300)}</code></td><td class="wide-only"><a class="mono" href={to('instances', one.processInstanceKey)}>{one.processInstanceKey}</a></td></tr>; })}</tbody></table></Scroll>
      )}
    </Panel>
  );
}

function Person({ subject, tenant }: { subject: string; tenant: string }) {
  const found = useLoad(`person ${tenant} ${subject}`, () => ask<Data>({ method: 'POST', path: '/v2/personal-data/search', body: bodyOf(subject, tenant) }));
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones rows={5} />;
  const data = found.value;
  const isNobody = data.instances.length === 0 && data.erasedTime === null;
  if (isNobody) return <section class="panel"><Empty icon="search" title={t('personal.nobody', { subject })}><p>{t('personal.nobody.text')}</p></Empty></section>;
  const left = data.instances.filter((one) => !one.erased).length;
  return (
    <>
      <Panel title={<span class="cut">{subject}</span>} actions={<><Button small icon="download" onClick={() => save('person.json', 'application/json', JSON.stringify(data, null, 2))}>{t('personal.handout')}</Button><Button small look="bad" icon="trash" why={left === 0 ? t('personal.nothing') : null} onClick={() => show(<EraseDialog subject={subject} tenant={tenant} after={found.reload} />)}>{t('personal.erase')}</Button></>}>
        <Facts facts={[[t('tenant'), data.tenantId], [t('personal.holds'), t('personal.holds.text', { count: showNumber(left), values: showNumber(readable(data).length) })], [t('personal.erasedtime'), data.erasedTime ? <Time time={data.erasedTime} /> : t('no')]]} />
      </Panel>
      <div class="halves"><Instances data={data} /><Values data={data} /></div>
    </>
  );
}

export function Personal() {
  const [subject, setSubject] = useState(param('subject'));
  const [tenant, setTenant] = useState(param('tenant'));
  const wanted = param('subject');
  return (
    <>
      <Panel title={t('admin.personal')}>
        <form class="stack" onSubmit={(event) => { event.preventDefault(); setParams({ subject: subject.trim(), tenant: tenant.trim() }, false); }}>
          <p class="soft">{t('personal.about')}</p>
          <div class="fields"><Text label={t('personal.subject')} value={subject} onInput={setSubject} hint={t('personal.subject.hint')} /><Text label={t('tenant')} value={tenant} onInput={setTenant} hint={t('personal.tenant.hint')} /></div>
          <div><Button type="submit" look="main" icon="search" why={subject.trim() ? null : t('admin.lacks', { field: t('personal.subject') })}>{t('personal.search')}</Button></div>
        </form>
      </Panel>
      {wanted ? <Person key={`${param('tenant')} ${wanted}`} subject={wanted} tenant={param('tenant')} /> : <section class="panel"><Empty icon="user" title={t('personal.none')}><p>{t('personal.none.text')}</p><Command text={'<baton:personal variable="email" subject="=customerId"/>'} /></Empty></section>}
    </>
  );
}
