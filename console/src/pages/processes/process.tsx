// SPDX-License-Identifier: Apache-2.0
// One version of a process: its picture with all that runs in it, and the list of that.
import { useState } from 'preact/hooks';
import { ask, search, type Schema } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { bulkActions } from '../../actions/batch';
import { Diagram } from '../../diagram/diagram';
import { processXml } from '../../diagram/models';
import { Bones, Button, CopyButton, Failure, Menu, PageTitle, Time } from '../../design/parts';
import { Icon } from '../../design/icon';
import { save } from '../../list/export';
import { List } from '../../list/list';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { go, param, parts, setParams, to } from '../../state/route';
import { t } from '../../text';
import { instancesSpec } from '../instances/spec';
import type { ElementCount } from '../instance/data';
import { Compare, compareAddress } from './compare';

type Definition = Schema<'ProcessDefinition'>;

function remove(definition: Definition) {
  show(<ActionDialog action={{ title: t('processes.delete'), button: t('processes.delete'), bad: true, done: t('processes.deleted'), topics: ['deployments'], ask: { method: 'POST', path: `/v2/resources/${definition.processDefinitionKey}/deletion` }, after: () => go('/processes') }}><p>{t('processes.delete.about', { name: definition.name || definition.processDefinitionId, version: definition.version })}</p></ActionDialog>);
}

function useVersions(one: Definition | null): Definition[] | null {
  const read = () => search<Definition>('/v2/process-definitions/search', { filter: { processDefinitionId: one?.processDefinitionId, tenantId: one?.tenantId }, sort: [{ field: 'version', order: 'DESC' }], page: { limit: 200 } });
  return useLoad(one && `versions ${one.processDefinitionId} ${one.tenantId}`, read, ['deployments']).value?.items ?? null;
}

function Versions({ definition, versions }: { definition: Definition; versions: Definition[] | null }) {
  return (
    <select class="input" style={{ width: 'auto' }} aria-label={t('version')} value={definition.processDefinitionKey} onChange={(event) => go(to('processes', event.currentTarget.value))}>
      {(versions ?? [definition]).map((one) => <option key={one.processDefinitionKey} value={one.processDefinitionKey}>{t('version')} {one.version}{one.versionTag ? ` (${one.versionTag})` : ''}</option>)}
    </select>
  );
}

export function Process() {
  const key = parts.value[1] ?? '';
  const [withDone, setWithDone] = useState(false);
  const definition = useLoad(key, () => ask<Definition>({ method: 'GET', path: `/v2/process-definitions/${key}` }), ['deployments']);
  const counts = useLoad(`counts ${key}`, () => ask<{ items: ElementCount[] }>({ method: 'POST', path: `/v2/process-definitions/${key}/statistics/element-instances`, body: {} }), ['instances']);
  const versions = useVersions(definition.value);
  const selected = param('element') || null;
  if (!definition.value) return definition.error !== null ? <Failure error={definition.error} retry={definition.reload} /> : <Bones rows={6} />;
  const one = definition.value;
  if (param('compare') && versions) return <Compare newer={one} versions={versions} />;
  const before = versions?.find((other) => other.version < one.version) ?? versions?.find((other) => other.version !== one.version);
  const shown = (counts.value?.items ?? []).map((count) => (withDone ? count : { ...count, completed: 0 }));
  const download = async () => save(one.resourceName, 'application/xml', await processXml(key));
  return (
    <>
      <PageTitle title={one.name || one.processDefinitionId} state={<Versions definition={one} versions={versions} />}
        about={<span class="row wrap"><code>{one.processDefinitionId}</code><CopyButton text={one.processDefinitionId} /><span>{one.resourceName}</span>{one.tenantId !== '<default>' && <span class="tag">{one.tenantId}</span>}<span>{t('processes.deployed')} <Time time={one.deploymentTime} /></span></span>}>
        <a class="button" href={to('insight', one.processDefinitionId)}><Icon name="insight" size={16} />{t('nav.insight')}</a>
        <Button look="main" icon="play" onClick={() => void import('../../actions/start').then(({ StartDialog }) => show(<StartDialog definition={one} />))}>{t('start.this')}</Button>
        <Menu label={t('actions')} button={<Icon name="dots" />} items={[...(before ? [{ label: t('compare.menu'), icon: 'columns' as const, href: compareAddress(key, before.processDefinitionKey) }] : []), { label: t('processes.download'), icon: 'download', run: () => void download() }, 'line', { label: t('processes.delete'), icon: 'trash', bad: true, run: () => remove(one) }]} />
      </PageTitle>
      {counts.error !== null && <Failure error={counts.error} retry={counts.reload} />}
      <section class="panel" aria-label={t('diagram.label')}>
        <header><h2>{t('processes.running')}</h2><div class="row wrap">{selected && <span class="chip">{t('element')}: {selected}<button type="button" aria-label={t('list.reset')} onClick={() => setParams({ element: null })}><Icon name="x" size={13} /></button></span>}<label class="check small"><input type="checkbox" checked={withDone} onChange={(event) => setWithDone(event.currentTarget.checked)} />{t('processes.completed')}</label></div></header>
        <Diagram definitionKey={key} counts={shown} selected={selected} onSelect={(id) => setParams({ element: id })} />
      </section>
      <List spec={instancesSpec({ processDefinitionKey: key }, bulkActions())} />
    </>
  );
}
