// SPDX-License-Identifier: Apache-2.0
// What was deployed, and the way to deploy from here.
import { useState } from 'preact/hooks';
import { ask, type Schema } from '../../api/client';
import { Ago, Button, CopyButton, Dialog, Failure, Notice, PageTitle, State, Tabs } from '../../design/parts';
import { List } from '../../list/list';
import { like, type ListSpec } from '../../list/spec';
import { hide, show } from '../../state/dialog';
import { changed } from '../../state/live';
import { say } from '../../state/toasts';
import { param, setParams, to } from '../../state/route';
import { t } from '../../text';

type Resource = Schema<'Resource'>;
type Definition = Schema<'ProcessDefinition'>;
type Rules = Schema<'DecisionRequirements'>;

const empty = () => ({ icon: 'deploy' as const, title: t('deployments.none'), text: t('deployments.none.text'), command: 'baton deploy models/' });

function processesSpec(): ListSpec<Definition> {
  return {
    name: 'deployed-processes', label: t('nav.processes'), path: '/v2/process-definitions/search', topics: ['deployments'], sort: { field: 'deploymentTime', order: 'DESC' }, keyOf: (item) => item.processDefinitionKey, hrefOf: (item) => to('processes', item.processDefinitionKey), empty: empty(),
    narrowings: [{ id: 'q', label: t('deployments.file'), toFilter: (value) => ({ resourceName: like(value) }) }, { id: 'deployment', label: t('deployments.key'), toFilter: (value) => (/^[1-9]\d*$/.test(value) ? { deploymentKey: value } : null) }],
    columns: [
      { id: 'name', title: t('deployments.file'), sort: 'resourceName', cell: (item) => <a class="strong" href={to('processes', item.processDefinitionKey)}>{item.resourceName}</a>, text: (item) => item.resourceName },
      { id: 'version', title: t('version'), sort: 'version', look: 'aside', cell: (item) => <span class="tag">v{item.version}</span>, text: (item) => String(item.version) },
      { id: 'process', title: t('process'), sort: 'name', cell: (item) => <>{item.name || item.processDefinitionId} <span class="soft mono small">{item.processDefinitionId}</span></>, text: (item) => item.processDefinitionId },
      { id: 'time', title: t('deployments.when'), sort: 'deploymentTime', look: 'aside', cell: (item) => <Ago time={item.deploymentTime} />, text: (item) => item.deploymentTime },
      { id: 'state', title: t('state'), sort: 'state', look: 'wide-only', cell: (item) => <State state={item.state} />, text: (item) => item.state },
      { id: 'tag', title: t('deployments.tag'), look: 'wide-only', cell: (item) => item.versionTag ?? <span class="soft">–</span>, text: (item) => item.versionTag ?? '' },
      { id: 'deployment', title: t('deployments.key'), sort: 'deploymentKey', look: 'wide-only', cell: (item) => <a class="mono" href={`/deployments?deployment=${item.deploymentKey}`}>{item.deploymentKey}</a>, text: (item) => item.deploymentKey },
    ],
  };
}

function rulesSpec(): ListSpec<Rules> {
  return {
    name: 'deployed-rules', label: t('deployments.rules'), path: '/v2/decision-requirements/search', topics: ['deployments'], sort: { field: 'decisionRequirementsKey', order: 'DESC' }, keyOf: (item) => item.decisionRequirementsKey, empty: empty(),
    narrowings: [{ id: 'q', label: t('name'), toFilter: (value) => ({ decisionRequirementsName: like(value) }) }],
    columns: [
      { id: 'name', title: t('deployments.file'), sort: 'resourceName', cell: (item) => <strong>{item.resourceName}</strong>, text: (item) => item.resourceName },
      { id: 'version', title: t('version'), sort: 'version', look: 'aside', cell: (item) => <span class="tag">v{item.version}</span>, text: (item) => String(item.version) },
      { id: 'graph', title: t('decisions.graph'), sort: 'decisionRequirementsName', cell: (item) => item.decisionRequirementsName || item.decisionRequirementsId, text: (item) => item.decisionRequirementsId },
      { id: 'key', title: t('key'), sort: 'decisionRequirementsKey', look: 'wide-only', cell: (item) => <span class="mono soft">{item.decisionRequirementsKey}</span>, text: (item) => item.decisionRequirementsKey },
    ],
  };
}

function filesSpec(): ListSpec<Resource> {
  return {
    name: 'deployed-files', label: t('deployments.others'), path: '/v2/resources/search', topics: ['deployments'], sort: { field: 'resourceKey', order: 'DESC' }, keyOf: (item) => item.resourceKey, empty: empty(),
    narrowings: [{ id: 'q', label: t('deployments.file'), toFilter: (value) => ({ resourceName: like(value) }) }],
    columns: [
      { id: 'name', title: t('deployments.file'), sort: 'resourceName', cell: (item) => <a class="strong" data-server target="_blank" href={`/v2/resources/${item.resourceKey}/content`}>{item.resourceName}</a>, text: (item) => item.resourceName },
      { id: 'version', title: t('version'), sort: 'version', look: 'aside', cell: (item) => <span class="tag">v{item.version}</span>, text: (item) => String(item.version) },
      { id: 'id', title: t('id'), sort: 'resourceId', cell: (item) => <span class="mono">{item.resourceId}</span>, text: (item) => item.resourceId },
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
  const tab = (param('tab') || 'processes') as 'processes' | 'rules' | 'files';
  return (
    <>
      <PageTitle title={t('nav.deployments')} about={t('deployments.about')}><Button look="main" icon="deploy" onClick={() => show(<DeployDialog />)}>{t('deployments.deploy')}</Button></PageTitle>
      <section class="panel"><Tabs label={t('nav.deployments')} value={tab} onChoose={(id) => setParams({ tab: id === 'processes' ? null : id, q: null, sort: null, deployment: null })} choices={[{ id: 'processes', label: t('nav.processes') }, { id: 'rules', label: t('deployments.rules') }, { id: 'files', label: t('deployments.others') }]} /></section>
      {tab === 'processes' && <List spec={processesSpec()} />}
      {tab === 'rules' && <List spec={rulesSpec()} />}
      {tab === 'files' && <List spec={filesSpec()} />}
    </>
  );
}
