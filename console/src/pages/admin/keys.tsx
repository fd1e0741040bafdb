// SPDX-License-Identifier: Apache-2.0
// API keys of programs. A key is shown once.
import { useState } from 'preact/hooks';
import { ask, type Schema } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Ago, Bones, Button, Command, Dialog, Empty, Failure, Field, Notice, Panel, State, Scroll } from '../../design/parts';
import { hide, show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { t } from '../../text';

type Keys = Schema<'ApiKeys'>;

function MakeDialog() {
  const [client, setClient] = useState('');
  const [name, setName] = useState('');
  const body = { clientId: client, ...(name && { name }) };
  return (
    <ActionDialog action={{ title: t('keys.make'), button: t('keys.make'), done: t('keys.made'), topics: ['admin'], why: client ? null : t('admin.lacks', { field: t('keys.client') }), ask: { method: 'POST', path: '/v2/api-keys', body }, cli: `baton api-key create ${client || 'CLIENT'}`,
      after: (answer) => show(<Dialog title={t('keys.made')} onClose={hide}><Notice kind="warn">{t('keys.once')}</Notice><Command text={(answer as Schema<'ApiKeyCreated'>).key} /></Dialog>) }}>
      <Field label={t('keys.client')} hint={t('keys.client.hint')}>{(id) => <input id={id} class="input" value={client} onInput={(event) => setClient(event.currentTarget.value)} />}</Field>
      <Field label={t('keys.for')}>{(id) => <input id={id} class="input" value={name} onInput={(event) => setName(event.currentTarget.value)} />}</Field>
    </ActionDialog>
  );
}

const revoke = (id: string) => show(<ActionDialog action={{ title: t('keys.revoke'), button: t('keys.revoke'), bad: true, done: t('keys.revoked'), topics: ['admin'], ask: { method: 'DELETE', path: `/v2/api-keys/${id}` }, cli: `baton api-key revoke ${id}` }}><p>{t('keys.revoke.about', { id })}</p></ActionDialog>);

export function ApiKeys() {
  const found = useLoad('keys', () => ask<Keys>({ method: 'GET', path: '/v2/api-keys' }), ['admin']);
  return (
    <Panel flush title={t('admin.keys')} actions={<Button icon="plus" onClick={() => show(<MakeDialog />)}>{t('keys.make')}</Button>}>
      {found.error !== null && <Failure error={found.error} retry={found.reload} />}
      {!found.value && found.error === null && <Bones />}
      {found.value?.items.length === 0 && <Empty icon="key" title={t('keys.none')} command="baton api-key create billing"><p>{t('keys.none.text')}</p></Empty>}
      {found.value && found.value.items.length > 0 && (
        <Scroll label={t('admin.keys')}><table class="table"><thead><tr><th scope="col">{t('keys.client')}</th><th scope="col">{t('keys.for')}</th><th scope="col">{t('state')}</th><th scope="col">{t('keys.used')}</th><th scope="col">{t('keys.ends')}</th><th scope="col">{t('actions')}</th></tr></thead>
          <tbody>{found.value.items.map((key) => <tr key={key.keyId}><td class="strong">{key.clientId}</td><td>{key.name ?? '–'}</td><td><State state={key.revocationTime ? 'TERMINATED' : 'ACTIVE'} /></td><td><Ago time={key.lastUsedTime} /></td><td><Ago time={key.expiresAt} /></td><td>{!key.revocationTime && <Button small look="plain" onClick={() => revoke(key.keyId)}>{t('keys.revoke')}</Button>}</td></tr>)}</tbody></table></Scroll>
      )}
    </Panel>
  );
}
