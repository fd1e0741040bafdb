// SPDX-License-Identifier: Apache-2.0
// Who may do what: granted, taken away, and explained.
import { useState } from 'preact/hooks';
import { ask, type Schema } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Button, Failure, Field, Notice, Panel } from '../../design/parts';
import { List } from '../../list/list';
import type { ListSpec } from '../../list/spec';
import { show } from '../../state/dialog';
import { t } from '../../text';

type Authorization = Schema<'Authorization'>;
type Explanation = Schema<'AuthorizationExplanation'>;

const OWNERS = ['USER', 'CLIENT', 'GROUP', 'ROLE', 'MAPPING_RULE'];
const RESOURCES = ['PROCESS_DEFINITION', 'DECISION_DEFINITION', 'DECISION_REQUIREMENTS_DEFINITION', 'RESOURCE', 'MESSAGE', 'BATCH', 'USER', 'GROUP', 'ROLE', 'TENANT', 'AUTHORIZATION', 'MAPPING_RULE', 'CLUSTER_VARIABLE', 'DOCUMENT', 'TOPIC_SUBSCRIPTION', 'USER_TASK', 'EXPRESSION', 'COMPONENT', 'SYSTEM', 'AUDIT_LOG', 'SECRET', 'PERSONAL_DATA', 'GLOBAL_LISTENER'];

function Select({ label, value, values, onChoose }: { label: string; value: string; values: string[]; onChoose: (value: string) => void }) {
  return <Field label={label}>{(id) => <select id={id} class="input" value={value} onChange={(event) => onChoose(event.currentTarget.value)}>{values.map((one) => <option key={one}>{one}</option>)}</select>}</Field>;
}

function Text({ label, value, onInput, hint }: { label: string; value: string; onInput: (value: string) => void; hint?: string }) {
  return <Field label={label} hint={hint}>{(id) => <input id={id} class="input" value={value} onInput={(event) => onInput(event.currentTarget.value)} />}</Field>;
}

function GrantDialog() {
  const [owner, setOwner] = useState({ ownerType: 'ROLE', ownerId: '' });
  const [resource, setResource] = useState({ resourceType: 'PROCESS_DEFINITION', resourceId: '*' });
  const [permissions, setPermissions] = useState('');
  const permissionTypes = permissions.split(/[\s,]+/).filter(Boolean);
  return (
    <ActionDialog action={{ title: t('admin.grant'), button: t('admin.grant'), done: t('admin.granted'), topics: ['admin'], why: !owner.ownerId ? t('admin.lacks', { field: t('admin.owner') }) : permissionTypes.length === 0 ? t('admin.lacks', { field: t('admin.permissions') }) : null, ask: { method: 'POST', path: '/v2/authorizations', body: { ...owner, ...resource, permissionTypes } } }}>
      <div class="row wrap"><div class="grow"><Select label={t('admin.ownertype')} value={owner.ownerType} values={OWNERS} onChoose={(ownerType) => setOwner({ ...owner, ownerType })} /></div><div class="grow"><Text label={t('admin.owner')} value={owner.ownerId} onInput={(ownerId) => setOwner({ ...owner, ownerId })} /></div></div>
      <div class="row wrap"><div class="grow"><Select label={t('admin.resourcetype')} value={resource.resourceType} values={RESOURCES} onChoose={(resourceType) => setResource({ ...resource, resourceType })} /></div><div class="grow"><Text label={t('admin.resource')} value={resource.resourceId} onInput={(resourceId) => setResource({ ...resource, resourceId })} /></div></div>
      <Text label={t('admin.permissions')} hint={t('admin.permissions.hint')} value={permissions} onInput={(text) => setPermissions(text.toUpperCase())} />
    </ActionDialog>
  );
}

const remove = (item: Authorization) => show(<ActionDialog action={{ title: t('admin.revoke'), button: t('admin.revoke'), bad: true, done: t('admin.revoked'), topics: ['admin'], ask: { method: 'DELETE', path: `/v2/authorizations/${item.authorizationKey}` } }}><p>{t('admin.revoke.about', { owner: item.ownerId, permissions: item.permissionTypes.join(', ') })}</p></ActionDialog>);

function authorizationsSpec(): ListSpec<Authorization> {
  return {
    name: 'authorizations', label: t('admin.authorizations'), path: '/v2/authorizations/search', topics: ['admin'], sort: { field: 'ownerId', order: 'ASC' }, keyOf: (item) => item.authorizationKey,
    empty: { icon: 'key', title: t('admin.none'), text: t('admin.none.text') },
    narrowings: [{ id: 'owner', label: t('admin.owner'), toFilter: (value) => ({ ownerId: value }) }, { id: 'type', label: t('admin.resourcetype'), choices: RESOURCES.map((id) => ({ id, label: id })), toFilter: (value) => ({ resourceType: value }) }],
    columns: [
      { id: 'owner', title: t('admin.owner'), sort: 'ownerId', cell: (item) => <><span class="tag">{item.ownerType}</span> <strong>{item.ownerId}</strong></>, text: (item) => `${item.ownerType} ${item.ownerId}` },
      { id: 'remove', title: t('actions'), look: 'aside', cell: (item) => <Button small look="plain" icon="trash" aria-label={t('admin.revoke')} title={t('admin.revoke')} onClick={() => remove(item)} />, text: () => '' },
      { id: 'resource', title: t('admin.resource'), sort: 'resourceType', look: 'full', cell: (item) => <>{item.resourceType} <code>{item.resourceId ?? item.resourcePropertyName}</code></>, text: (item) => `${item.resourceType} ${item.resourceId ?? ''}` },
      { id: 'permissions', title: t('admin.permissions'), look: 'full', cell: (item) => <span class="small" title={item.permissionTypes.join(', ')}>{item.permissionTypes.join(', ')}</span>, text: (item) => item.permissionTypes.join(' ') },
    ],
  };
}

function Why() {
  const [body, setBody] = useState({ ownerType: 'USER', ownerId: '', resourceType: 'PROCESS_DEFINITION', resourceId: '*', permissionType: 'READ_PROCESS_INSTANCE' });
  const [answer, setAnswer] = useState<Explanation | null>(null);
  const [error, setError] = useState<unknown>(null);
  const set = (change: Partial<typeof body>) => setBody({ ...body, ...change });
  const run = (event: Event) => {
    event.preventDefault();
    setError(null);
    ask<Explanation>({ method: 'POST', path: '/v2/authorizations/explanation', body }).then(setAnswer, setError);
  };
  return (
    <Panel title={t('admin.why')}>
      <form class="stack" onSubmit={run}>
        <p class="soft">{t('admin.why.about')}</p>
        <div class="fields"><Select label={t('admin.ownertype')} value={body.ownerType} values={OWNERS} onChoose={(ownerType) => set({ ownerType })} /><Text label={t('admin.owner')} value={body.ownerId} onInput={(ownerId) => set({ ownerId })} /><Text label={t('admin.permission')} value={body.permissionType} onInput={(permissionType) => set({ permissionType: permissionType.toUpperCase() })} /><Select label={t('admin.resourcetype')} value={body.resourceType} values={RESOURCES} onChoose={(resourceType) => set({ resourceType })} /><Text label={t('admin.resource')} value={body.resourceId} onInput={(resourceId) => set({ resourceId })} /></div>
        <div><Button type="submit" look="main" why={body.ownerId ? null : t('admin.lacks', { field: t('admin.owner') })}>{t('admin.explain')}</Button></div>
        {error !== null && <Failure error={error} />}
        {answer && <Notice kind={answer.isAllowed ? 'done' : 'bad'}><p><strong>{t(answer.isAllowed ? 'admin.allowed' : 'admin.refused')}</strong></p>{answer.remark && <p>{answer.remark}</p>}{answer.missing && <p>{answer.missing}</p>}<ul>{answer.ways?.map((way) => <li key={way.authorizationKey} class="small">{way.decides ? '✓ ' : '· '}{way.way} → {way.resourceId}: {way.permissionTypes?.join(', ')}</li>)}</ul>{(answer.tenants?.length ?? 0) > 0 && <p class="small">{t('admin.tenants')}: {answer.tenants?.join(', ')}</p>}</Notice>}
      </form>
    </Panel>
  );
}

export function Authorizations() {
  return <><Why /><List spec={authorizationsSpec()} tools={<Button icon="plus" onClick={() => show(<GrantDialog />)}>{t('admin.grant')}</Button>} /></>;
}
