// SPDX-License-Identifier: Apache-2.0
// Who there is, who may what, how much of it, and what was done.
import './admin.css';
import type { ComponentType } from 'preact';
import { Button, Notice, PageTitle, Segments, Tabs, type Choice } from '../../design/parts';
import { List } from '../../list/list';
import { show } from '../../state/dialog';
import { go, param, parts, to } from '../../state/route';
import { hasUsers } from '../../state/session';
import { t, type Key } from '../../text';
import { Audit, Holds } from './audit';
import { Authorizations } from './authorizations';
import { EditDialog, One } from './edit';
import { ApiKeys } from './keys';
import { KINDS, kindSpec } from './kinds';
import { Personal } from './personal';
import { Secrets } from './secrets';
import { Separations } from './separations';
import { Shares } from './shares';

const VIEWS: Record<string, { title: Key; View: ComponentType }> = {
  authorizations: { title: 'admin.authorizations', View: Authorizations }, separations: { title: 'admin.separations', View: Separations }, keys: { title: 'admin.keys', View: ApiKeys },
  shares: { title: 'admin.shares', View: Shares }, secrets: { title: 'admin.secrets', View: Secrets },
  audit: { title: 'admin.audit', View: Audit }, holds: { title: 'admin.holds', View: Holds }, personal: { title: 'admin.personal', View: Personal },
};

/** Few at a time: who, what they may, how much, and what is left of it. */
const GROUPS: { id: string; tabs: string[] }[] = [
  { id: 'people', tabs: KINDS.map((kind) => kind.id) }, { id: 'rights', tabs: ['authorizations', 'separations', 'keys'] }, { id: 'limits', tabs: ['shares', 'secrets'] }, { id: 'traces', tabs: ['audit', 'holds', 'personal'] },
];

const titleOf = (id: string) => KINDS.find((kind) => kind.id === id)?.title ?? VIEWS[id]?.title ?? 'nav.admin';

export function Admin() {
  const wanted = parts.value[1] ?? 'users';
  const kind = KINDS.find((one) => one.id === wanted);
  const group = GROUPS.find((one) => one.tabs.includes(wanted)) ?? GROUPS[0]!;
  const choices: Choice[] = group.tabs.map((id) => ({ id, label: t(titleOf(id)) }));
  const open = param('open');
  const View = Object.hasOwn(VIEWS, wanted) ? VIEWS[wanted]?.View : undefined;
  return (
    <>
      <PageTitle title={t('nav.admin')} about={t('admin.about')}>{kind && <Button look="main" icon="plus" onClick={() => show(<EditDialog kind={kind} />)}>{t('admin.make', { what: t(kind.one) })}</Button>}</PageTitle>
      {!hasUsers() && <Notice>{t('admin.noauth')}</Notice>}
      <div class="areas"><Segments label={t('admin.groupsof')} value={group.id} choices={GROUPS.map(({ id }) => ({ id, label: t(`admin.group.${id}` as Key) }))} onChoose={(id) => go(to('admin', GROUPS.find((one) => one.id === id)?.tabs[0] ?? 'users'))} /></div>
      <section class="panel"><Tabs label={t(`admin.group.${group.id}` as Key)} value={wanted} choices={choices} onChoose={(id) => go(to('admin', id))} /></section>
      {kind && <div class={open ? 'halves opened' : ''}><List key={kind.id} spec={kindSpec(kind)} />{open && <One key={`${kind.id} ${open}`} kind={kind} id={open} />}</div>}
      {View && <View key={wanted} />}
    </>
  );
}
