// SPDX-License-Identifier: Apache-2.0
// What was deployed, and the way to deploy from here.
import { useState } from 'preact/hooks';
import { ask, type Schema } from '../../api/client';
import { Button, CopyButton, Dialog, Failure, Notice, PageTitle } from '../../design/parts';
import { List } from '../../list/list';
import { like, type ListSpec } from '../../list/spec';
import { hide, show } from '../../state/dialog';
import { changed } from '../../state/live';
import { say } from '../../state/toasts';
import { to } from '../../state/route';
import { t } from '../../text';

type Resource = Schema<'Resource'>;

function hrefOf(item: Resource): string {
  return /\.bpmn|\.xml$/i.test(item.resourceName) ? to('processes', item.resourceKey) : `/v2/resources/${item.resourceKey}/content`;
}

function resourcesSpec(): ListSpec<Resource> {
  return {
    name: 'resources', label: t('nav.deployments'), path: '/v2/resources/search', topics: ['deployments'], sort: { field: 'resourceKey', order: 'DESC' }, keyOf: (item) => item.resourceKey,
    empty: { icon: 'deploy', title: t('deployments.none'), text: t('deployments.none.text'), command: 'baton deploy models/' },
    narrowings: [{ id: 'q', label: t('deployments.file'), toFilter: (value) => ({ $or: [{ resourceName: like(value) }, { resourceId: like(value) }] }) }, { id: 'deployment', label: t('deployments.key'), toFilter: (value) => (/^[1-9]\d*$/.test(value) ? { deploymentKey: value } : null) }],
    columns: [
      { id: 'name', title: t('deployments.file'), sort: 'resourceName', cell: (item) => <a class="strong" {...(hrefOf(item).startsWith('/v2') ? { 'data-server': true, target: '_blank' } : {})} href={hrefOf(item)}>{item.resourceName}</a>, text: (item) => item.resourceName },
      { id: 'version', title: t('version'), sort: 'version', look: 'aside', cell: (item) => <span class="tag">v{item.version}</span>, text: (item) => String(item.version) },
      { id: 'id', title: t('id'), sort: 'resourceId', cell: (item) => <span class="mono">{item.resourceId}</span>, text: (item) => item.resourceId },
      { id: 'tag', title: t('deployments.tag'), look: 'wide-only', cell: (item) => item.versionTag ?? <span class="soft">–</span>, text: (item) => item.versionTag ?? '' },
      { id: 'deployment', title: t('deployments.key'), sort: 'deploymentKey', look: 'wide-only', cell: (item) => <a class="mono" href={`/deployments?deployment=${item.deploymentKey}`}>{item.deploymentKey}</a>, text: (item) => item.deploymentKey },
      { id: 'key', title: t('key'), sort: 'resourceKey', look: 'wide-only', cell: (item) => <span class="mono soft">{item.resourceKey}<CopyButton text={item.resourceKey} /></span>, text: (item) => item.resourceKey },
    ],
  };
}

function DeployDialog() {
  const [files, setFiles] = useState<File[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const deploy = async () => {
    setBusy(true);
    setError(null);
    const body = new FormData();
    for (const file of files) body.append('resources', file, file.name);
    try {
      const answer = await ask<{ deployments: unknown[] }>({ method: 'POST', path: '/v2/deployments', body });
      hide();
      say('done', t('deployments.done', { count: answer.deployments.length }));
      changed('deployments');
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={t('deployments.deploy')} onClose={hide} footer={<><Button onClick={hide}>{t('cancel')}</Button><Button look="main" icon="deploy" disabled={isBusy} why={files.length === 0 ? t('deployments.nofile') : null} onClick={() => void deploy()}>{t('deployments.deploy')}</Button></>}>
      <p>{t('deployments.deploy.about')}</p>
      <input type="file" multiple accept=".bpmn,.dmn,.form,.xml,.json,.txt,.md" aria-label={t('deployments.choose')} onChange={(event) => setFiles([...(event.currentTarget.files ?? [])])} />
      {files.length > 0 && <Notice>{files.map((file) => file.name).join(', ')}</Notice>}
      {error !== null && <Failure error={error} />}
    </Dialog>
  );
}

export function Deployments() {
  return (
    <>
      <PageTitle title={t('nav.deployments')} about={t('deployments.about')}><Button look="main" icon="deploy" onClick={() => show(<DeployDialog />)}>{t('deployments.deploy')}</Button></PageTitle>
      <List spec={resourcesSpec()} />
    </>
  );
}
