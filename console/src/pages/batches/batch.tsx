// SPDX-License-Identifier: Apache-2.0
// A batch under way: how far it is, what became of each item, and how it is held or ended.
import { ask } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Ago, Bones, Button, Failure, PageTitle, State } from '../../design/parts';
import { List } from '../../list/list';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { parts } from '../../state/route';
import { t, tOf, type Key } from '../../text';
import { itemsSpec, Progress, type BatchOperation } from './spec';

const CLI = { suspension: 'pause', resumption: 'continue', cancellation: 'stop' } as const;

function change(key: string, how: keyof typeof CLI, bad = false) {
  const id = CLI[how];
  show(<ActionDialog action={{ title: t(`batches.${id}` as Key), button: t(`batches.${id}` as Key), bad, done: t(`batches.${id}.done` as Key), topics: ['batches'], ask: { method: 'POST', path: `/v2/batch-operations/${key}/${how}` }, cli: `baton batch ${id} ${key}` }}><p>{t(`batches.${id}.about` as Key)}</p></ActionDialog>);
}

export function Batch() {
  const key = parts.value[1] ?? '';
  const found = useLoad(key, () => ask<BatchOperation>({ method: 'GET', path: `/v2/batch-operations/${key}` }), ['batches']);
  if (!found.value) return found.error !== null ? <Failure error={found.error} retry={found.reload} /> : <Bones />;
  const batch = found.value;
  return (
    <>
      <PageTitle title={tOf('batchtype', batch.batchOperationType)} state={<State state={batch.state} />} about={<>{t('started')} <Ago time={batch.startDate} /> · {t('history.by', { who: batch.actorId ?? '–' })}{batch.endDate && <> · {t('ended')} <Ago time={batch.endDate} /></>}</>}>
        {(batch.state === 'ACTIVE' || batch.state === 'CREATED') && <Button icon="pause" onClick={() => change(key, 'suspension')}>{t('batches.pause')}</Button>}
        {batch.state === 'SUSPENDED' && <Button icon="play" onClick={() => change(key, 'resumption')}>{t('batches.continue')}</Button>}
        {['ACTIVE', 'CREATED', 'SUSPENDED'].includes(batch.state) && <Button look="bad" icon="stop" onClick={() => change(key, 'cancellation', true)}>{t('batches.stop')}</Button>}
      </PageTitle>
      <section class="panel" style={{ padding: '14px 16px' }}><Progress batch={batch} /></section>
      <List spec={itemsSpec(key)} />
    </>
  );
}
