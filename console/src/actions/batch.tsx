// SPDX-License-Identifier: Apache-2.0
// One thing done to many instances: counted before, with what will be left out and why; as a batch after, item by item.
import { useState } from 'preact/hooks';
import { count, type Path } from '../api/client';
import { Bones, Failure, Notice } from '../design/parts';
import type { IconName } from '../design/icon';
import type { Bulk, Chosen } from '../list/spec';
import { show } from '../state/dialog';
import { useLoad } from '../state/load';
import { showNumber } from '../state/look';
import { go, to } from '../state/route';
import { t, type Key } from '../text';
import { ActionDialog } from './action';
import type { ProcessInstance } from '../pages/instances/spec';

interface Kind {
  id: string;
  label: Key;
  icon: IconName;
  path: Path;
  cli: string;
  fits: Record<string, unknown>; // what an instance must be for it
  misfit: Key;
  bad?: boolean;
}

export const kinds: Kind[] = [
  { id: 'resolve', label: 'batch.resolve', icon: 'again', path: '/v2/process-instances/incident-resolution', cli: 'resolve', fits: { hasIncident: true }, misfit: 'batch.resolve.misfit' },
  { id: 'suspend', label: 'batch.suspend', icon: 'pause', path: '/v2/process-instances/suspension', cli: 'suspend', fits: { state: 'ACTIVE' }, misfit: 'batch.suspend.misfit' },
  { id: 'resume', label: 'batch.resume', icon: 'play', path: '/v2/process-instances/resumption', cli: 'resume', fits: { state: 'SUSPENDED' }, misfit: 'batch.resume.misfit' },
  { id: 'cancel', label: 'batch.cancel', icon: 'ban', path: '/v2/process-instances/cancellation', cli: 'cancel', fits: { state: { $in: ['ACTIVE', 'SUSPENDED'] } }, misfit: 'batch.cancel.misfit', bad: true },
  { id: 'delete', label: 'batch.delete', icon: 'trash', path: '/v2/process-instances/deletion', cli: 'delete', fits: { state: { $in: ['COMPLETED', 'TERMINATED'] } }, misfit: 'batch.delete.misfit', bad: true },
];

/** The filter of what was chosen: the list's own, or the rows by key. */
const filterOf = (chosen: Chosen<ProcessInstance>) => (chosen.all ? chosen.filter : { processInstanceKey: { $in: chosen.items.map((item) => item.processInstanceKey) } });

/** Both: a member that the list's filter has already stands as an alternative's part. */
function both(filter: Record<string, unknown>, fits: Record<string, unknown>): Record<string, unknown> {
  const clashes = Object.keys(fits).some((name) => name in filter);
  return clashes && !('$or' in filter) ? { ...filter, $or: [fits] } : { ...fits, ...filter };
}

function BatchDialog({ kind, filter, after }: { kind: Kind; filter: Record<string, unknown>; after: () => void }) {
  const [isSure, setSure] = useState(false);
  const rehearsal = useLoad(JSON.stringify([kind.id, filter]), async () => ({
    all: await count('/v2/process-instances/search', filter), fitting: await count('/v2/process-instances/search', both(filter, kind.fits)) }));
  const all = rehearsal.value?.all.totalItems ?? 0;
  const fitting = rehearsal.value?.fitting.totalItems ?? 0;
  const isMore = rehearsal.value?.all.hasMoreTotalItems ?? false;
  const isMany = fitting > 100 || isMore;
  const isEverything = Object.keys(filter).length === 0;
  return (
    <ActionDialog action={{
      title: t(kind.label), button: t('batch.begin', { count: `${showNumber(fitting)}${isMore ? '+' : ''}` }), bad: kind.bad ?? false, done: t('batch.begun'), topics: ['batches', 'instances'],
      ask: { method: 'POST', path: kind.path, body: isEverything ? { allInstances: true } : { filter } }, cli: `baton batch begin ${kind.cli} --filter '${JSON.stringify(filter)}'`,
      why: !rehearsal.value ? t('batch.counting') : fitting === 0 ? t('batch.nothing') : isMany && !isSure ? t('batch.sure.first') : null,
      after: (answer) => { after(); go(to('batches', (answer as { batchOperationKey: string }).batchOperationKey)); },
    }}>
      {rehearsal.error !== null && <Failure error={rehearsal.error} />}
      {!rehearsal.value && rehearsal.error === null && <Bones rows={2} />}
      {rehearsal.value && <>
        <p>{t(`batch.${kind.id}.about` as Key)}</p>
        <Notice kind={kind.bad ? 'warn' : 'info'}>
          <p><strong>{t('batch.will', { count: `${showNumber(fitting)}${isMore ? '+' : ''}` })}</strong></p>
          {all > fitting && <p>{t('batch.skips', { count: showNumber(all - fitting), why: t(kind.misfit) })}</p>}
        </Notice>
        {isMany && <label class="check"><input type="checkbox" checked={isSure} onChange={(event) => setSure(event.currentTarget.checked)} />{t('batch.sure')}</label>}
      </>}
    </ActionDialog>
  );
}

export function bulkActions(): Bulk<ProcessInstance>[] {
  return kinds.map((kind) => ({ label: t(kind.label), bad: kind.bad ?? false, run: (chosen) => show(<BatchDialog kind={kind} filter={filterOf(chosen)} after={chosen.clear} />) }));
}

export function showBatch(id: string, filter: Record<string, unknown>) {
  const kind = kinds.find((one) => one.id === id);
  if (kind) show(<BatchDialog kind={kind} filter={filter} after={() => {}} />);
}
