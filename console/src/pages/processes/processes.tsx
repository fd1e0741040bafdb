// SPDX-License-Identifier: Apache-2.0
// Every process with how many of it run, and how many of those are stuck.
import { search, type Schema } from '../../api/client';
import { Bones, Button, Empty, Failure, PageTitle } from '../../design/parts';
import { Icon } from '../../design/icon';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { showNumber } from '../../state/look';
import { param, setParams, to } from '../../state/route';
import { t } from '../../text';

type Definition = Schema<'ProcessDefinition'>;
interface Counted { definition: Definition; active: number; incidents: number; versions: boolean }

async function readProcesses(): Promise<{ processes: Counted[]; isMore: boolean }> {
  const [definitions, statistics] = await Promise.all([
    search<Definition>('/v2/process-definitions/search', { filter: { isLatestVersion: true }, sort: [{ field: 'name', order: 'ASC' }], page: { limit: 1000 } }),
    search<Schema<'ProcessDefinitionStatistics'>>('/v2/process-definitions/statistics/process-instances', { page: { limit: 1000 } }),
  ]);
  const counts = new Map(statistics.items.map((item) => [`${item.processDefinitionId} ${item.tenantId}`, item]));
  const processes = definitions.items.map((definition) => {
    const count = counts.get(`${definition.processDefinitionId} ${definition.tenantId}`);
    return { definition, active: (count?.activeInstancesWithoutIncidentCount ?? 0) + (count?.activeInstancesWithIncidentCount ?? 0), incidents: count?.activeInstancesWithIncidentCount ?? 0, versions: definition.version > 1 };
  });
  return { processes: processes.sort((a, b) => b.incidents - a.incidents || b.active - a.active), isMore: definitions.page.totalItems > definitions.items.length };
}

function Card({ process: { definition, active, incidents } }: { process: Counted }) {
  const share = active > 0 ? (incidents / active) * 100 : 0;
  return (
    <a class="card panel" href={to('processes', definition.processDefinitionKey)}>
      <div class="row between"><strong class="cut">{definition.name || definition.processDefinitionId}</strong><span class="tag">v{definition.version}</span></div>
      <span class="mono small soft cut">{definition.processDefinitionId}{definition.tenantId !== '<default>' && ` · ${definition.tenantId}`}</span>
      <div class="meter" role="img" aria-label={t('processes.share', { active, incidents })}><span class="bad" style={{ width: `${share}%` }} /><span class="active" style={{ width: active > 0 ? `${100 - share}%` : '0' }} /></div>
      <div class="row between small"><span class="row" style={{ gap: '6px', color: incidents ? 'var(--bad)' : 'var(--ink-3)' }}><Icon name={incidents ? 'incident' : 'check'} size={14} />{t('processes.incidents', { count: showNumber(incidents) })}</span><span class="num">{t('processes.active', { count: showNumber(active) })}</span></div>
    </a>
  );
}

export function Processes() {
  const found = useLoad('processes', readProcesses, ['instances', 'deployments', 'incidents']);
  const wanted = param('q').toLowerCase();
  const processes = found.value?.processes.filter(({ definition }) => `${definition.name} ${definition.processDefinitionId}`.toLowerCase().includes(wanted)) ?? [];
  return (
    <>
      <PageTitle title={t('nav.processes')} about={t('processes.about')}>
        <input class="input" style={{ width: '220px' }} type="search" placeholder={t('processes.find')} aria-label={t('processes.find')} value={param('q')} onInput={(event) => setParams({ q: event.currentTarget.value })} />
        <Button icon="play" onClick={() => void import('../../actions/start').then(({ StartDialog }) => show(<StartDialog />))}>{t('start')}</Button>
      </PageTitle>
      {found.error !== null && <Failure error={found.error} retry={found.reload} />}
      {!found.value && found.error === null && <Bones rows={6} />}
      {found.value && processes.length === 0 && <section class="panel"><Empty icon="process" title={t('processes.none')} command="baton deploy models/"><p>{t('processes.none.text')}</p></Empty></section>}
      <div class="cardgrid">{processes.map((process) => <Card key={process.definition.processDefinitionKey} process={process} />)}</div>
      {found.value?.isMore && <p class="soft">{t('list.narrow')}</p>}
    </>
  );
}
