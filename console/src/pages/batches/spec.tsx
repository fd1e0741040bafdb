// SPDX-License-Identifier: Apache-2.0
import type { Schema } from '../../api/client';
import { Ago, State } from '../../design/parts';
import type { ListSpec } from '../../list/spec';
import { showNumber } from '../../state/look';
import { to } from '../../state/route';
import { t, tOf } from '../../text';

export type BatchOperation = Schema<'BatchOperation'>;
type Item = Schema<'BatchOperationItem'>;

export function Progress({ batch }: { batch: BatchOperation }) {
  const total = Math.max(batch.operationsTotalCount, 1);
  const share = (count: number) => `${(count / total) * 100}%`;
  const text = t('batches.progress', { done: showNumber(batch.operationsCompletedCount), failed: showNumber(batch.operationsFailedCount), total: showNumber(batch.operationsTotalCount) });
  return <span class="row" style={{ minWidth: '160px' }}><span class="meter grow" role="img" aria-label={text}><span class="done" style={{ width: share(batch.operationsCompletedCount) }} /><span class="bad" style={{ width: share(batch.operationsFailedCount) }} /></span><span class="small num soft nowrap">{text}</span></span>;
}

export function batchesSpec(): ListSpec<BatchOperation> {
  return {
    name: 'batches', label: t('nav.batches'), path: '/v2/batch-operations/search', topics: ['batches'], sort: { field: 'startDate', order: 'DESC' },
    keyOf: (item) => item.batchOperationKey, hrefOf: (item) => to('batches', item.batchOperationKey),
    empty: { icon: 'batch', title: t('batches.none'), text: t('batches.none.text') },
    narrowings: [{ id: 'state', label: t('state'), choices: ['CREATED', 'ACTIVE', 'SUSPENDED', 'COMPLETED', 'CANCELED'].map((id) => ({ id, label: t(`state.${id}` as 'state.ACTIVE') })), toFilter: (value) => ({ state: value }) }],
    columns: [
      { id: 'type', title: t('batches.what'), sort: 'batchOperationType', cell: (item) => <a class="strong" href={to('batches', item.batchOperationKey)}>{tOf('batchtype', item.batchOperationType)}</a>, text: (item) => item.batchOperationType },
      { id: 'state', title: t('state'), sort: 'state', look: 'aside', cell: (item) => <State state={item.state} />, text: (item) => item.state },
      { id: 'progress', title: t('batches.column.progress'), look: 'full', cell: (item) => <Progress batch={item} />, text: (item) => `${item.operationsCompletedCount}/${item.operationsFailedCount}/${item.operationsTotalCount}` },
      { id: 'start', title: t('started'), sort: 'startDate', look: 'wide-only', cell: (item) => <Ago time={item.startDate} />, text: (item) => item.startDate ?? '' },
      { id: 'who', title: t('by'), look: 'wide-only', cell: (item) => item.actorId ?? '–', text: (item) => item.actorId ?? '' },
    ],
  };
}

export function itemsSpec(key: string): ListSpec<Item> {
  return {
    name: `batch-${key}`, label: t('batches.items'), path: '/v2/batch-operation-items/search', base: { batchOperationKey: key }, topics: ['batches'], sort: { field: 'processedDate', order: 'DESC' },
    keyOf: (item) => item.itemKey, hrefOf: (item) => to('instances', item.processInstanceKey), empty: { icon: 'batch', title: t('batches.items.none'), text: t('batches.items.none.text') },
    narrowings: [{ id: 'item', label: t('state'), choices: ['ACTIVE', 'COMPLETED', 'FAILED', 'SKIPPED', 'CANCELED'].map((id) => ({ id, label: t(`state.${id}` as 'state.ACTIVE') })), toFilter: (value) => ({ state: value }) }],
    columns: [
      { id: 'instance', title: t('instance'), sort: 'processInstanceKey', cell: (item) => <a class="mono" href={to('instances', item.processInstanceKey)}>{item.processInstanceKey}</a>, text: (item) => item.processInstanceKey },
      { id: 'state', title: t('state'), sort: 'state', look: 'aside', cell: (item) => <State state={item.state === 'ACTIVE' ? 'PENDING' : item.state} />, text: (item) => item.state },
      { id: 'error', title: t('batches.why'), look: 'full', cell: (item) => item.errorMessage ?? <span class="soft">–</span>, text: (item) => item.errorMessage ?? '' },
      { id: 'time', title: t('batches.processed'), sort: 'processedDate', look: 'wide-only', cell: (item) => <Ago time={item.processedDate} />, text: (item) => item.processedDate ?? '' },
    ],
  };
}
