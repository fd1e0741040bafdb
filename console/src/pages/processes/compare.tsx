// SPDX-License-Identifier: Apache-2.0
// Two versions of a process beside each other: what was added, taken out and changed, and how many instances stand there.
import './compare.css';
import { ask, type Schema } from '../../api/client';
import { Diagram } from '../../diagram/diagram';
import { processXml } from '../../diagram/models';
import type { Marks } from '../../diagram/viewer';
import { Icon } from '../../design/icon';
import { Bones, Button, Empty, Failure, PageTitle, Panel } from '../../design/parts';
import { useLoad } from '../../state/load';
import { showNumber } from '../../state/look';
import { go, param, setParams, to } from '../../state/route';
import { t, type Key } from '../../text';
import type { ElementCount } from '../instance/data';
import { differences, type Difference } from './diff';

type Definition = Schema<'ProcessDefinition'>;
const SHOWN_CHANGES = 12;
const SIGNS = { added: '+', removed: '−', changed: '~' } as const;

export const compareAddress = (newer: string, older: string) => `${to('processes', newer)}?compare=${older}`;

function Choose({ label, value, versions, choose }: { label: string; value: string; versions: Definition[]; choose: (key: string) => void }) {
  return <select class="input" style={{ width: 'auto' }} aria-label={label} value={value} onChange={(event) => choose(event.currentTarget.value)}>{versions.map((one) => <option key={one.processDefinitionKey} value={one.processDefinitionKey}>{t('version')} {one.version}{one.versionTag ? ` (${one.versionTag})` : ''}</option>)}</select>;
}

/** On the older diagram what went and what changed, on the newer what came and what changed. */
function marksOf(found: Difference[], side: 'added' | 'removed'): NonNullable<Marks['diff']> {
  return Object.fromEntries(found.filter((one) => one.kind === side || one.kind === 'changed').map((one) => [one.id, { kind: one.kind, sign: SIGNS[one.kind] }]));
}

const shorten = (value: string | null) => (value === null ? t('compare.nothing') : value === '' ? '""' : value.length > 400 ? `${value.slice(0, 400)}…` : value);

function Item({ one, count, older, isChosen }: { one: Difference; count: ElementCount | undefined; older: Definition; isChosen: boolean }) {
  const here = count ? count.active + count.incidents : 0;
  return (
    <li class={isChosen ? 'picked' : ''}>
      <div class="row wrap">
        <span class={`sign ${one.kind}`}>{SIGNS[one.kind]} {t(`compare.${one.kind}` as Key)}</span>
        <button type="button" class="as-link strong" aria-pressed={isChosen} onClick={() => setParams({ element: isChosen ? null : one.id })}>{one.name}</button><span class="soft small">{one.type} · {one.id}</span>
        <span class="grow" />
        {here > 0 && <a class="small" href={`/instances?${new URLSearchParams({ process: older.processDefinitionId, version: String(older.version), element: one.id })}`}>{t('compare.here', { count: showNumber(here), version: older.version })}</a>}
      </div>
      {one.changes.length > 0 && <dl class="changes">{one.changes.slice(0, SHOWN_CHANGES).map((change) => <div key={change.what}><dt class="mono small">{change.what}</dt><dd><del>{shorten(change.before)}</del><span aria-hidden="true"> → </span><ins>{shorten(change.after)}</ins></dd></div>)}</dl>}
      {one.changes.length > SHOWN_CHANGES && <span class="small soft">{t('more', { count: one.changes.length - SHOWN_CHANGES })}</span>}
    </li>
  );
}

async function readBoth(older: string, newer: string) {
  const [before, after, counts] = await Promise.all([processXml(older), processXml(newer), ask<{ items: ElementCount[] }>({ method: 'POST', path: `/v2/process-definitions/${older}/statistics/element-instances`, body: {} })]);
  return { found: differences(before, after), counts: counts.items };
}

export function Compare({ newer, versions }: { newer: Definition; versions: Definition[] }) {
  const older = versions.find((one) => one.processDefinitionKey === param('compare')) ?? newer;
  const [oldKey, newKey] = [older.processDefinitionKey, newer.processDefinitionKey];
  const both = useLoad(`${oldKey} ${newKey}`, () => readBoth(oldKey, newKey), ['instances']);
  const found = both.value?.found ?? [];
  const chosen = param('element') || null;
  const choose = (id: string | null) => setParams({ element: id });
  const summary = (['added', 'removed', 'changed'] as const).map((kind) => t(`compare.n.${kind}` as Key, { count: found.filter((one) => one.kind === kind).length })).join(', ');
  const diagram = (title: string, key: string, side: 'added' | 'removed') => (
    <section class="panel" aria-label={title}><header><h2>{title}</h2></header><Diagram definitionKey={key} counts={[]} diff={marksOf(found, side)} selected={chosen} onSelect={choose} height="clamp(240px, 38vh, 420px)" /></section>
  );
  return (
    <>
      <PageTitle title={t('compare.title', { name: newer.name || newer.processDefinitionId })} about={t('compare.about')}>
        <Choose label={t('compare.from')} value={oldKey} versions={versions} choose={(key) => setParams({ compare: key, element: null })} />
        <Button icon="move" aria-label={t('compare.swap')} title={t('compare.swap')} onClick={() => go(compareAddress(oldKey, newKey))} />
        <Choose label={t('compare.to')} value={newKey} versions={versions} choose={(key) => go(compareAddress(key, oldKey))} />
        <a class="button" href={to('processes', newKey)}>{t('insight.toprocess')}</a>
      </PageTitle>
      {both.error !== null && <Failure error={both.error} retry={both.reload} />}
      <div class="halves">{diagram(t('compare.before', { version: older.version }), oldKey, 'removed')}{diagram(t('compare.after', { version: newer.version }), newKey, 'added')}</div>
      <Panel flush title={both.value ? summary : t('compare.differences')}>
        {!both.value && both.error === null && <Bones rows={4} />}
        {both.value && found.length === 0 && <Empty icon="check" title={t('compare.same')}><p>{t('compare.same.text')}</p></Empty>}
        <ul class="differences">{found.map((one) => <Item key={one.id} one={one} older={older} count={both.value?.counts.find((count) => count.elementId === one.id)} isChosen={chosen === one.id} />)}</ul>
      </Panel>
      {found.length > 0 && <p class="small soft row"><Icon name="info" size={14} />{t('compare.layout')}</p>}
    </>
  );
}
