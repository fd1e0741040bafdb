// SPDX-License-Identifier: Apache-2.0
// Who there is, and who may what.
import { Button, Notice, PageTitle, Tabs, type Choice } from '../../design/parts';
import { List } from '../../list/list';
import { show } from '../../state/dialog';
import { go, param, parts, to } from '../../state/route';
import { hasUsers } from '../../state/session';
import { t } from '../../text';
import { Authorizations } from './authorizations';
import { EditDialog, One } from './edit';
import { ApiKeys } from './keys';
import { KINDS, kindSpec } from './kinds';

export function Admin() {
  const wanted = parts.value[1] ?? 'users';
  const kind = KINDS.find((one) => one.id === wanted);
  const choices: Choice[] = [...KINDS.map((one) => ({ id: one.id, label: t(one.title) })), { id: 'authorizations', label: t('admin.authorizations') }, { id: 'keys', label: t('admin.keys') }];
  const open = param('open');
  return (
    <>
      <PageTitle title={t('nav.admin')} about={t('admin.about')}>{kind && <Button look="main" icon="plus" onClick={() => show(<EditDialog kind={kind} />)}>{t('admin.make', { what: t(kind.one) })}</Button>}</PageTitle>
      {!hasUsers() && <Notice>{t('admin.noauth')}</Notice>}
      <section class="panel"><Tabs label={t('nav.admin')} value={wanted} choices={choices} onChoose={(id) => go(to('admin', id))} /></section>
      {kind && <div class={open ? 'halves' : ''}><List key={kind.id} spec={kindSpec(kind)} />{open && <One key={`${kind.id} ${open}`} kind={kind} id={open} />}</div>}
      {wanted === 'authorizations' && <Authorizations />}
      {wanted === 'keys' && <ApiKeys />}
    </>
  );
}
