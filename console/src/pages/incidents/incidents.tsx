// SPDX-License-Identifier: Apache-2.0
// What went wrong, by its cause first: one fix mostly mends many.
import { search, type Schema } from '../../api/client';
import { showBatch } from '../../actions/batch';
import { Bones, Button, Failure, PageTitle, Panel } from '../../design/parts';
import { List } from '../../list/list';
import { useLoad } from '../../state/load';
import { showNumber } from '../../state/look';
import { t } from '../../text';
import { Breakers } from '../jobs/breakers';
import { incidentsSpec } from './spec';

type Cause = Schema<'ErrorStatistics'>;

function Causes() {
  const found = useLoad('causes', () => search<Cause>('/v2/incidents/statistics/process-instances-by-error', { sort: [{ field: 'activeInstancesWithErrorCount', order: 'DESC' }], page: { limit: 8 } }), ['incidents', 'instances']);
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Panel title={t('incidents.causes')}><Bones rows={3} /></Panel>;
  const causes = found.value.items;
  if (causes.length === 0) return null;
  const most = Math.max(...causes.map((cause) => cause.activeInstancesWithErrorCount ?? 0), 1);
  return (
    <Panel title={t('incidents.causes')} flush>
      <ul class="causes">
        {causes.map((cause) => {
          const count = cause.activeInstancesWithErrorCount ?? 0;
          const filter = { incidentErrorHashCode: cause.errorHashCode, state: { $in: ['ACTIVE', 'SUSPENDED'] } };
          return (
            <li key={cause.errorHashCode}>
              <span class="count bad">{showNumber(count)}</span>
              <div class="grow"><p class="mono message">{cause.errorMessage}</p><div class="meter" aria-hidden="true"><span class="bad" style={{ width: `${(count / most) * 100}%` }} /></div></div>
              <a class="button small" href={`/instances?state=incident&error=${encodeURIComponent((cause.errorMessage ?? '').slice(0, 160))}`}>{t('incidents.see')}</a>
              <Button small icon="again" onClick={() => showBatch('resolve', filter)}>{t('incidents.retry')}</Button>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

export function Incidents() {
  return (
    <>
      <PageTitle title={t('nav.incidents')} about={t('incidents.about')} />
      <Breakers kind="CREDENTIAL" />
      <Causes />
      <List spec={incidentsSpec()} />
    </>
  );
}
