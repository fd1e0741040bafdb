// SPDX-License-Identifier: Apache-2.0
// The audit log: who did what, when, from where, and what was refused; what a legal hold keeps.
import { useState } from 'preact/hooks';
import { ask, type Path, type Schema } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Ago, Bones, Button, Command, CopyButton, Empty, Facts, Failure, Notice, Panel, Scroll, State, Time } from '../../design/parts';
import { List } from '../../list/list';
import { like, type ListSpec } from '../../list/spec';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { showTime } from '../../state/look';
import { param, setParams, to, withParams } from '../../state/route';
import { t, tOf, type Key } from '../../text';
import { Select, Text } from './inputs';

type Entry = Required<Schema<'AuditLog'>>;
type Hold = Required<Schema<'AuditHolds'>['items'][number]>;

const OPERATIONS = ['ASSIGN', 'CANCEL', 'COMPLETE', 'CREATE', 'DELETE', 'ERASE', 'EVALUATE', 'HOLD', 'LOGIN', 'LOGOUT', 'MIGRATE', 'MODIFY', 'OMIT', 'READ', 'REFUSE', 'RELEASE', 'RESOLVE', 'RESUME', 'SUSPEND', 'UNASSIGN', 'UPDATE'];
const CATEGORIES = ['ADMIN', 'DEPLOYED_RESOURCES', 'USER_TASKS'];
const KINDS: Hold['kind'][] = ['INSTANCE', 'TENANT', 'SUBJECT'];
const DAY = /^(\d{4}-\d\d-\d\d)?\.\.(\d{4}-\d\d-\d\d)?$/;

const named = (prefix: string, ids: string[]) => ids.map((id) => ({ id, label: tOf(prefix, id) }));
const openAt = (item: Entry) => withParams({ open: item.auditLogKey });
const what = (item: Entry) => <><strong>{tOf('audit.operation', item.operation)}</strong> <span class="soft">{tOf('audit.entity', item.entity)}</span> {item.entityKey}</>;

function daysFilter(text: string): Record<string, unknown> | null {
  const match = DAY.exec(text);
  const bounds = { ...(match?.[1] && { $gte: `${match[1]}T00:00:00.000Z` }), ...(match?.[2] && { $lt: `${match[2]}T00:00:00.000Z` }) };
  return Object.keys(bounds).length > 0 ? { timestamp: bounds } : null;
}

function auditSpec(): ListSpec<Entry> {
  return {
    name: 'audit', label: t('admin.audit'), path: '/v2/audit-logs/search', topics: ['admin'], sort: { field: 'timestamp', order: 'DESC' }, keyOf: (item) => item.auditLogKey, hrefOf: openAt,
    empty: { icon: 'history', title: t('audit.none'), text: t('audit.none.text'), command: 'baton audit list' },
    narrowings: [
      { id: 'who', label: t('audit.who'), toFilter: (value) => ({ actorId: like(value) }) },
      { id: 'operation', label: t('audit.what'), choices: named('audit.operation', OPERATIONS), toFilter: (value) => ({ operation: value }) },
      { id: 'result', label: t('audit.result'), choices: named('audit.result', ['SUCCESS', 'FAIL']), toFilter: (value) => ({ result: value }) },
      { id: 'category', label: t('audit.category'), choices: named('audit.category', CATEGORIES), toFilter: (value) => ({ category: value }) },
      { id: 'entity', label: t('audit.entitykey'), rare: true, toFilter: (value) => ({ entityKey: value }) },
      { id: 'instance', label: t('audit.instance'), rare: true, toFilter: (value) => (/^\d+$/.test(value) ? { processInstanceKey: value } : null) },
      { id: 'process', label: t('incidents.process'), rare: true, toFilter: (value) => ({ processDefinitionId: value }) },
      { id: 'days', label: t('audit.days'), rare: true, toFilter: daysFilter },
      { id: 'request', label: t('audit.request'), rare: true, toFilter: (value) => ({ requestId: value }) },
    ],
    columns: [
      { id: 'what', title: t('audit.what'), cell: (item) => <a class="ink" href={openAt(item)}>{what(item)}</a>, text: (item) => `${item.operation} ${item.entity} ${item.entityKey ?? ''}` },
      { id: 'result', title: t('audit.result'), sort: 'result', look: 'aside', cell: (item) => <State state={item.result === 'FAIL' ? 'REFUSED' : 'DONE'} />, text: (item) => item.result },
      { id: 'who', title: t('audit.who'), sort: 'actorId', cell: (item) => <>{item.actorId ?? <span class="soft">{t('audit.nobody')}</span>}{item.times > 1 && <span class="count">{item.times}×</span>}</>, text: (item) => item.actorId ?? '' },
      { id: 'time', title: t('audit.when'), sort: 'timestamp', look: 'aside', cell: (item) => <Ago time={item.timestamp} />, text: (item) => item.timestamp },
      { id: 'about', title: t('audit.about'), look: 'wide-only', cell: (item) => <span class="soft" title={item.entityDescription ?? ''}>{item.permission ?? item.entityDescription ?? '–'}</span>, text: (item) => item.entityDescription ?? '' },
      { id: 'address', title: t('audit.address'), look: 'wide-only', optional: true, cell: (item) => <span class="mono">{item.address ?? '–'}</span>, text: (item) => item.address ?? '' },
      { id: 'process', title: t('process'), sort: 'processDefinitionId', look: 'wide-only', optional: true, cell: (item) => item.processDefinitionId ?? '–', text: (item) => item.processDefinitionId ?? '' },
    ],
  };
}

function linkOf(name: string, value: string): string | null {
  if (/ProcessInstanceKey$|^processInstanceKey$/.test(name)) return to('instances', value);
  if (name === 'processDefinitionKey') return to('processes', value);
  if (name === 'userTaskKey') return to('tasks', value) + '?inbox=all';
  if (name === 'decisionDefinitionKey') return to('decisions', value);
  return name === 'batchOperationKey' ? to('batches', value) : null;
}

const SAID = new Set(['auditLogKey', 'timestamp', 'operation', 'entity', 'operationType', 'entityType', 'result', 'times', 'actorId', 'actorType']);

function Detail({ id }: { id: string }) {
  const found = useLoad(`audit ${id}`, () => ask<Entry>({ method: 'GET', path: `/v2/audit-logs/${encodeURIComponent(id)}` as Path }));
  const item = found.value;
  const rest = Object.entries(item ?? {}).filter(([name, value]) => !SAID.has(name) && value !== null && value !== '');
  return (
    <Panel title={item ? <span class="cut">{what(item)}</span> : id} actions={<Button small look="plain" icon="x" aria-label={t('close')} onClick={() => setParams({ open: null })} />}>
      {found.error !== null && <Failure error={found.error} />}
      {!item && found.error === null && <Bones rows={5} />}
      {item && <div class="stack">
        <Facts facts={[[t('audit.result'), <State state={item.result === 'FAIL' ? 'REFUSED' : 'DONE'} />], [t('audit.who'), item.actorId ? <>{item.actorId} <span class="tag">{tOf('audit.actor', item.actorType)}</span></> : t('audit.nobody')], [t('audit.when'), <span title={showTime(item.timestamp, true)}><Time time={item.timestamp} /></span>], ...(item.times > 1 ? [[t('audit.times'), `${item.times}×`] as [string, string]] : []),
          ...rest.map(([name, value]): [string, preact.ComponentChildren] => { const href = linkOf(name, String(value)); return [tOf('audit.field', name), name === 'category' ? tOf('audit.category', String(value)) : href ? <a class="mono" href={href}>{String(value)}</a> : <span class={/Key$|Id$|address/.test(name) ? 'mono' : ''}>{String(value)}</span>]; }),
          [t('key'), <span class="row"><code>{item.auditLogKey}</code><CopyButton text={item.auditLogKey} /></span>]]} />
        {item.actorId && <p><a href={withParams({ who: item.actorId, operation: null, result: null, category: null, entity: null, instance: null })}>{t('audit.samewho', { who: item.actorId })}</a></p>}
        {item.requestId && <p><a href={withParams({ request: item.requestId, who: null, operation: null, result: null, category: null })}>{t('audit.samerequest')}</a></p>}
        <Command text={`baton audit show ${item.auditLogKey}`} />
      </div>}
    </Panel>
  );
}

export function Audit() {
  const open = param('open');
  return (
    <>
      <Notice><div class="stack"><p>{t('audit.chain')}</p><Command text="baton audit verify" /></div></Notice>
      <div class={open ? 'halves opened' : ''}><List spec={auditSpec()} />{open && <Detail key={open} id={open} />}</div>
    </>
  );
}

// -- Holds ----------------------------------------------------------------------------------------

function HoldDialog() {
  const [kind, setKind] = useState<Hold['kind']>('INSTANCE');
  const [value, setValue] = useState('');
  const [reason, setReason] = useState('');
  return (
    <ActionDialog action={{ title: t('holds.make'), button: t('holds.make'), done: t('holds.made'), topics: ['admin'], ask: { method: 'POST', path: '/v2/audit-holds', body: { kind, value, reason } }, cli: `baton audit hold ${kind.toLowerCase()} '${value || 'VALUE'}' --reason '${reason || 'TEXT'}'`,
      why: !value ? t('admin.lacks', { field: t(`holds.${kind}` as Key) }) : !reason ? t('admin.lacks', { field: t('personal.reason') }) : null }}>
      <p>{t('holds.about')}</p>
      <Select label={t('holds.kind')} value={kind} choices={KINDS.map((id) => ({ id, label: t(`holds.${id}` as Key) }))} onChoose={(id) => setKind(id as Hold['kind'])} hint={t(`holds.${kind}.about` as Key)} />
      <Text label={t(`holds.${kind}` as Key)} value={value} onInput={setValue} />
      <Text label={t('personal.reason')} value={reason} onInput={setReason} hint={t('holds.reason.hint')} />
    </ActionDialog>
  );
}

const release = (hold: Hold) => show(<ActionDialog action={{ title: t('holds.release'), button: t('holds.release'), bad: true, done: t('holds.released'), topics: ['admin'], ask: { method: 'DELETE', path: `/v2/audit-holds/${hold.holdKey}` as Path }, cli: `baton audit release ${hold.holdKey}` }}><p>{t('holds.release.about', { value: hold.value })}</p></ActionDialog>);

export function Holds() {
  const found = useLoad('holds', async () => (await ask<{ items: Hold[] }>({ method: 'GET', path: '/v2/audit-holds' })).items, ['admin']);
  return (
    <Panel flush title={t('admin.holds')} actions={<Button icon="plus" onClick={() => show(<HoldDialog />)}>{t('holds.make')}</Button>}>
      {found.error !== null && <Failure error={found.error} retry={found.reload} />}
      {!found.value && found.error === null && <Bones />}
      {found.value?.length === 0 && <Empty icon="pause" title={t('holds.none')} command="baton audit hold instance KEY --reason TEXT"><p>{t('holds.about')}</p></Empty>}
      {found.value && found.value.length > 0 && (
        <Scroll label={t('admin.holds')}><table class="table cards"><thead><tr><th scope="col">{t('holds.what')}</th><th scope="col">{t('state')}</th><th scope="col">{t('personal.reason')}</th><th scope="col">{t('holds.since')}</th><th scope="col">{t('actions')}</th></tr></thead>
          <tbody>{found.value.map((hold) => <tr key={hold.holdKey}><td><span class="tag">{t(`holds.${hold.kind}` as Key)}</span> {hold.kind === 'INSTANCE' ? <a class="strong mono" href={to('instances', hold.value)}>{hold.value}</a> : <strong>{hold.value}</strong>}</td><td class="aside"><State state={hold.releaseTime ? 'TERMINATED' : 'ACTIVE'} /></td><td class="full">{hold.reason}</td><td class="wide-only"><span class="small soft"><Ago time={hold.creationTime} /> · {hold.createdBy ?? '–'}</span></td><td class="full">{hold.releaseTime ? <span class="small soft">{t('holds.released')} <Ago time={hold.releaseTime} /></span> : <Button small look="plain" onClick={() => release(hold)}>{t('holds.release')}</Button>}</td></tr>)}</tbody></table></Scroll>
      )}
    </Panel>
  );
}
