// SPDX-License-Identifier: Apache-2.0
// Secrets of models: written here, never read.
import { useState } from 'preact/hooks';
import { ask, type Ask, type Path, type Schema } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Ago, Bones, Button, CopyButton, Empty, Failure, Notice, Panel, Scroll } from '../../design/parts';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { t } from '../../text';
import { listOf, Text } from './inputs';

type Secret = Schema<'Secret'>;
const DEFAULT_TENANT = '<default>';

const pathOf = (name: string, query = '') => `/v2/secrets/${encodeURIComponent(name)}${query}` as Path;

function SetDialog({ secret }: { secret?: Secret }) {
  const [name, setName] = useState(secret?.name ?? '');
  const [value, setValue] = useState('');
  const [hosts, setHosts] = useState(secret?.hosts.join(', ') ?? '');
  const [processes, setProcesses] = useState(secret?.processDefinitionIds.join(', ') ?? '');
  const [note, setNote] = useState(secret?.note ?? '');
  const [tenant, setTenant] = useState(secret?.tenantId ?? DEFAULT_TENANT);
  const isName = /^[\w.-]{1,128}$/.test(name);
  const rest = { tenantId: tenant || DEFAULT_TENANT, hosts: listOf(hosts), processDefinitionIds: listOf(processes), ...(note || secret ? { note } : {}) };
  const asked = (sent: string): Ask => (secret ? { method: 'PUT', path: pathOf(secret.name), body: { ...rest, ...(sent && { value: sent }) } } : { method: 'POST', path: '/v2/secrets', body: { name, value: sent, ...rest } });
  const hasMore = `${rest.hosts.length > 0 ? ` --hosts ${rest.hosts.join(',')}` : ''}${rest.processDefinitionIds.length > 0 ? ` --processes ${rest.processDefinitionIds.join(',')}` : ''}`;
  return (
    <ActionDialog action={{ title: t(secret ? 'secrets.change' : 'secrets.make'), button: t('save'), done: t('admin.saved', { id: name }), topics: ['admin'], ask: asked(value), shown: asked(value && '…'), cli: `baton secret set ${name || 'NAME'}${hasMore} --value-file FILE`,
      why: !isName ? t('secrets.name.bad') : !secret && !value ? t('admin.lacks', { field: t('value') }) : null }}>
      <Text label={t('name')} value={name} disabled={secret !== undefined} onInput={setName} bad={name && !isName ? t('secrets.name.bad') : null} hint={t('secrets.name.hint', { name: name || 'NAME' })} />
      <Text label={t('value')} type="password" value={value} onInput={setValue} hint={t(secret ? 'secrets.value.keep' : 'secrets.value.hint')} />
      <Text label={t('secrets.hosts')} value={hosts} onInput={setHosts} hint={t('secrets.hosts.hint')} />
      <Text label={t('secrets.processes')} value={processes} onInput={setProcesses} hint={t('secrets.processes.hint')} />
      <div class="fields"><Text label={t('secrets.note')} value={note} onInput={setNote} /><Text label={t('tenant')} value={tenant} disabled={secret !== undefined} onInput={setTenant} /></div>
    </ActionDialog>
  );
}

const remove = (secret: Secret) => show(<ActionDialog action={{ title: t('secrets.remove'), button: t('delete'), bad: true, done: t('admin.deleted', { id: secret.name }), topics: ['admin'], ask: { method: 'DELETE', path: pathOf(secret.name, `?tenantId=${encodeURIComponent(secret.tenantId)}`) }, cli: `baton secret delete ${secret.name}` }}><p>{t('secrets.remove.about', { name: secret.name })}</p></ActionDialog>);

export function Secrets() {
  const found = useLoad('secrets', async () => (await ask<{ items: Secret[] }>({ method: 'GET', path: '/v2/secrets' })).items, ['admin']);
  return (
    <>
      <Notice>{t('secrets.about')}</Notice>
      <Panel flush title={t('admin.secrets')} actions={<Button icon="plus" onClick={() => show(<SetDialog />)}>{t('secrets.make')}</Button>}>
        {found.error !== null && <Failure error={found.error} retry={found.reload} />}
        {!found.value && found.error === null && <Bones />}
        {found.value?.length === 0 && <Empty icon="key" title={t('secrets.none')} command="baton secret set BUREAU_TOKEN --hosts bureau.example.com --value-file token.txt"><p>{t('secrets.none.text')}</p></Empty>}
        {found.value && found.value.length > 0 && (
          <Scroll label={t('admin.secrets')}><table class="table cards"><thead><tr><th scope="col">{t('name')}</th><th scope="col">{t('actions')}</th><th scope="col">{t('secrets.hosts')}</th><th scope="col">{t('secrets.processes')}</th><th scope="col">{t('secrets.note')}</th><th scope="col">{t('admin.changed')}</th><th scope="col">{t('keys.used')}</th></tr></thead>
            <tbody>{found.value.map((secret) => (
              <tr key={`${secret.tenantId} ${secret.name}`}>
                <td><span class="strong mono">{secret.name}</span>{secret.tenantId !== DEFAULT_TENANT && <span class="tag">{secret.tenantId}</span>}<CopyButton text={`{{secrets.${secret.name}}}`} label={t('secrets.copy')} /></td>
                <td class="aside"><Button small look="plain" icon="edit" aria-label={t('secrets.change')} title={t('secrets.change')} onClick={() => show(<SetDialog secret={secret} />)} /><Button small look="plain" icon="trash" aria-label={t('secrets.remove')} title={t('secrets.remove')} onClick={() => remove(secret)} /></td>
                <td class="full">{secret.hosts.length > 0 ? secret.hosts.join(', ') : <span class="soft">{t('secrets.anyhost')}</span>}</td><td class="full">{secret.processDefinitionIds.length > 0 ? secret.processDefinitionIds.join(', ') : <span class="soft">{t('admin.each')}</span>}</td><td class="wide-only" title={secret.note ?? ''}>{secret.note ?? '–'}</td>
                <td class="wide-only"><span class="small soft"><Ago time={secret.lastChangedTime} /> · {secret.lastChangedBy}</span></td><td class="wide-only"><Ago time={secret.lastUsedTime} /></td>
              </tr>
            ))}</tbody></table></Scroll>
        )}
      </Panel>
    </>
  );
}
