// SPDX-License-Identifier: Apache-2.0
// What the history of one process says: its figures, its map, its variants, its waits, and what they foretell. The address says which days and versions.
import './insight.css';
import { Failure, PageTitle, Tabs } from '../../design/parts';
import { useLoad } from '../../state/load';
import { param, parts, setParams, to } from '../../state/route';
import { t, type Key } from '../../text';
import { CasesDialog } from './cases';
import { DEFAULT_RANGE, RANGES, readDefinitions, scopeOf, type Definition, type Scope } from './data';
import { FiguresTab } from './figures';
import { MapTab } from './map';
import { PredictionTab } from './prediction';
import { VariantsTab } from './variants';
import { WaitsTab } from './waits';

const TABS = ['figures', 'map', 'variants', 'waits', 'prediction'] as const;
type Tab = (typeof TABS)[number];

function Days({ scope }: { scope: Scope }) {
  const day = (id: 'since' | 'until') => <input class="input" type="date" aria-label={t(`insight.${id}`)} value={scope[id]} onChange={(event) => setParams({ [id]: event.currentTarget.value })} />;
  return <>{day('since')}{day('until')}</>;
}

function ScopeBar({ scope, definitions }: { scope: Scope; definitions: Definition[] }) {
  const tenants = [...new Set(definitions.map((one) => one.tenantId))].sort();
  const versions = [...new Set(definitions.filter((one) => !scope.tenant || one.tenantId === scope.tenant).map((one) => one.version))];
  return (
    <div class="filters">
      <select class="input" aria-label={t('insight.range')} value={scope.range} onChange={(event) => setParams({ range: event.currentTarget.value === DEFAULT_RANGE ? null : event.currentTarget.value, ...(event.currentTarget.value === 'own' ? {} : { since: null, until: null }) })}>
        {RANGES.map((range) => <option key={range} value={range}>{t(`insight.range.${range}` as Key)}</option>)}
      </select>
      {scope.range === 'own' && <Days scope={scope} />}
      <select class="input" aria-label={t('version')} value={scope.version} onChange={(event) => setParams({ version: event.currentTarget.value })}>
        <option value="">{t('versions.every')}</option>
        {versions.map((version) => <option key={version} value={version}>{t('version')} {version}</option>)}
      </select>
      {tenants.length > 1 && <select class="input" aria-label={t('tenant')} value={scope.tenant} onChange={(event) => setParams({ tenant: event.currentTarget.value })}><option value="">{t('tenant')}: {t('all')}</option>{tenants.map((tenant) => <option key={tenant}>{tenant}</option>)}</select>}
    </div>
  );
}

export function Insight() {
  const process = parts.value[1] ?? '';
  const scope = scopeOf(process);
  const found = useLoad(`definitions ${process}`, () => readDefinitions(process), ['deployments']);
  const definitions = found.value ?? [];
  const newest = definitions[0];
  const tab: Tab = TABS.find((one) => one === param('tab')) ?? 'figures';
  return (
    <>
      <PageTitle title={newest?.name || process} about={<span class="row wrap"><code>{process}</code>{newest && <a href={to('processes', newest.processDefinitionKey)}>{t('insight.toprocess')}</a>}<span>{t('insight.utc')}</span></span>}><ScopeBar scope={scope} definitions={definitions} /></PageTitle>
      {found.error !== null && <Failure error={found.error} retry={found.reload} />}
      <section class="panel"><Tabs label={t('nav.insight')} value={tab} choices={TABS.map((id) => ({ id, label: t(`insight.tab.${id}` as Key) }))} onChoose={(id) => setParams({ tab: id === 'figures' ? null : id, element: null }, false)} /></section>
      {tab === 'figures' && <FiguresTab scope={scope} />}
      {tab === 'map' && <MapTab scope={scope} definitions={definitions} />}
      {tab === 'variants' && <VariantsTab scope={scope} />}
      {tab === 'waits' && <WaitsTab scope={scope} />}
      {tab === 'prediction' && <PredictionTab scope={scope} />}
      <CasesDialog scope={scope} />
    </>
  );
}
