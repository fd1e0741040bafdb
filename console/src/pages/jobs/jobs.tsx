// SPDX-License-Identifier: Apache-2.0
// Work for programs: per type what waits, is worked on and has failed, and who works.
import { search, type Schema } from '../../api/client';
import { Ago, Bones, Button, Empty, Failure, PageTitle, Panel, Scroll } from '../../design/parts';
import { List } from '../../list/list';
import { useLoad } from '../../state/load';
import { showNumber } from '../../state/look';
import { param, withParams } from '../../state/route';
import { t } from '../../text';
import { Breakers, pause } from './breakers';
import { jobsSpec } from './spec';

type Job = Schema<'Job'>;
interface Type { type: string; tenants: Set<string>; waiting: number; taken: number; failed: number; oldest: string; workers: Set<string> }

const SAMPLE = 5000;

function typesOf(jobs: Job[]): Type[] {
  const types = new Map<string, Type>();
  for (const job of jobs) {
    const type = types.get(job.type) ?? { type: job.type, tenants: new Set<string>(), waiting: 0, taken: 0, failed: 0, oldest: '', workers: new Set<string>() };
    types.set(job.type, type);
    if (job.state === 'FAILED' && job.retries === 0) type.failed++;
    else if (job.deadline && Date.parse(job.deadline) > Date.now()) type.taken++;
    else type.waiting++;
    type.tenants.add(job.tenantId);
    if (job.worker) type.workers.add(job.worker);
    if (job.creationTime && (!type.oldest || job.creationTime < type.oldest)) type.oldest = job.creationTime;
  }
  return [...types.values()].sort((a, b) => b.failed - a.failed || b.waiting - a.waiting);
}

function Types() {
  const open = { state: { $in: ['CREATED', 'FAILED', 'TIMED_OUT', 'RETRIES_UPDATED', 'TIMEOUT_UPDATED', 'PRIORITY_UPDATED', 'MIGRATED'] } };
  const found = useLoad('job types', () => search<Job>('/v2/jobs/search', { filter: open, sort: [{ field: 'creationTime', order: 'ASC' }], page: { limit: SAMPLE } }), ['jobs']);
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Panel title={t('jobs.types')}><Bones rows={3} /></Panel>;
  const types = typesOf(found.value.items);
  const isCut = found.value.page.totalItems > found.value.items.length;
  return (
    <Panel title={t('jobs.types')} flush>
      {types.length === 0 ? <Empty icon="check" title={t('jobs.none')}><p>{t('jobs.none.text')}</p></Empty> : (
        <Scroll label={t('jobs.types')}><table class="table">
          <thead><tr><th scope="col">{t('jobs.type')}</th><th scope="col">{t('jobs.waiting')}</th><th scope="col">{t('jobs.taken')}</th><th scope="col">{t('jobs.failed')}</th><th scope="col">{t('jobs.oldest')}</th><th scope="col">{t('jobs.workers')}</th><th scope="col">{t('actions')}</th></tr></thead>
          <tbody>{types.map((type) => (
            <tr key={type.type}>
              <td><a class="strong mono" href={withParams({ type: param('type') === type.type ? null : type.type })}>{type.type}</a></td>
              <td class="num">{showNumber(type.waiting)}</td><td class="num">{showNumber(type.taken)}</td><td class="num">{type.failed > 0 ? <span class="count bad">{showNumber(type.failed)}</span> : 0}</td>
              <td><Ago time={type.oldest} /></td><td>{type.workers.size > 0 ? [...type.workers].join(', ') : <span class="soft">{t('jobs.nobody')}</span>}</td>
              <td>{[...type.tenants].map((tenant) => <Button key={tenant} small look="plain" icon="pause" aria-label={t('breaker.open.type', { name: type.type })} title={type.tenants.size > 1 ? `${t('breaker.open')} (${tenant})` : t('breaker.open')} onClick={() => pause(type.type, tenant)} />)}</td>
            </tr>
          ))}</tbody>
        </table></Scroll>
      )}
      {isCut && <p class="small soft" style={{ padding: '8px 14px' }}>{t('jobs.sample', { count: showNumber(SAMPLE) })}</p>}
    </Panel>
  );
}

export function Jobs() {
  return <><PageTitle title={t('nav.jobs')} about={t('jobs.about')} /><Breakers /><Types /><List spec={jobsSpec()} /></>;
}
