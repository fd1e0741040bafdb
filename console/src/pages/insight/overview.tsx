// SPDX-License-Identifier: Apache-2.0
// Every process in figures of the last thirty days: where to look first.
import './insight.css';
import { search } from '../../api/client';
import { Bones, Empty, Failure, PageTitle } from '../../design/parts';
import { useLoad } from '../../state/load';
import { showNumber, showShare, showSpan } from '../../state/look';
import { param, setParams } from '../../state/route';
import { t } from '../../text';
import { Spark } from './chart';
import { insightOf, readFigures, readFiguresBy, scopeOf, type Definition } from './data';

const MOST_CARDS = 24; // each asks for itself

function Card({ id, name }: { id: string; name: string }) {
  const scope = scopeOf(id);
  const found = useLoad(`card ${id} ${scope.since}`, async (signalled) => ({ all: await readFigures(scope, signalled), days: await readFiguresBy(scope, 'day', signalled) }), ['insight']);
  const all = found.value?.all;
  const cycle = all?.cycleTime;
  return (
    <a class="card panel" href={insightOf(id)}>
      <div class="row between"><strong class="cut">{name}</strong>{found.value && <Spark values={found.value.days.map((day) => day.cases)} width={96} height={24} />}</div>
      <span class="mono small soft cut">{id}</span>
      {found.error !== null && <span class="small" style={{ color: 'var(--bad)' }}>{t('insight.cannot')}</span>}
      {!found.value && found.error === null && <span class="bone" style={{ width: '60%' }} aria-busy="true" />}
      {all && all.cases === 0 && <span class="soft small">{t('insight.notyet', { running: showNumber(all.inProgress) })}</span>}
      {all && cycle && all.cases > 0 && (
        <dl class="cardfacts">
          <div><dt>{t('insight.cases')}</dt><dd class="num">{showNumber(all.cases)}</dd></div><div><dt>{t('insight.p50')}</dt><dd class="num">{cycle.p50 === null ? '–' : showSpan(cycle.p50 * 1000)}</dd></div>
          <div><dt>{t('insight.p95')}</dt><dd class="num">{cycle.p95 === null ? '–' : showSpan(cycle.p95 * 1000)}</dd></div><div><dt>{t('kpi.sla')}</dt><dd class="num">{all.slaHitRate === null ? '–' : showShare(all.slaHitRate)}</dd></div>
        </dl>
      )}
    </a>
  );
}

export function Overview() {
  const found = useLoad('insight processes', () => search<Definition>('/v2/process-definitions/search', { filter: { isLatestVersion: true }, sort: [{ field: 'name', order: 'ASC' }], page: { limit: 1000 } }), ['deployments']);
  const wanted = param('q').toLowerCase();
  const names = new Map((found.value?.items ?? []).map((one) => [one.processDefinitionId, one.name || one.processDefinitionId]));
  const shown = [...names].filter(([id, name]) => `${id} ${name}`.toLowerCase().includes(wanted));
  return (
    <>
      <PageTitle title={t('nav.insight')} about={t('insight.about')}><input class="input" style={{ width: '220px' }} type="search" placeholder={t('processes.find')} aria-label={t('processes.find')} value={param('q')} onInput={(event) => setParams({ q: event.currentTarget.value })} /></PageTitle>
      {found.error !== null && <Failure error={found.error} retry={found.reload} />}
      {!found.value && found.error === null && <Bones rows={6} />}
      {found.value && names.size === 0 && <section class="panel"><Empty icon="insight" title={t('processes.none')} command="baton deploy models/"><p>{t('insight.none.text')}</p></Empty></section>}
      <div class="cardgrid">{shown.slice(0, MOST_CARDS).map(([id, name]) => <Card key={id} id={id} name={name} />)}</div>
      {shown.length > MOST_CARDS && <p class="soft">{t('list.shown', { shown: MOST_CARDS, total: showNumber(shown.length) })} · {t('list.narrow')}</p>}
    </>
  );
}
