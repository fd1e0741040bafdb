// SPDX-License-Identifier: Apache-2.0
// Jobs that are held back because they would only fail: by type, and by the credential that somebody refuses.
import { ask, type Path, type Schema } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Icon } from '../../design/icon';
import { Ago, Button, Failure, Panel } from '../../design/parts';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { showNumber } from '../../state/look';
import { withParams } from '../../state/route';
import { t, tOf } from '../../text';

type Breaker = Required<Schema<'Breakers'>['items'][number]>;
interface Named { kind: Breaker['kind']; name: string; tenantId: string }

const DEFAULT_TENANT = '<default>';
const commandOf = (verb: string, one: Named) => `baton breaker ${verb} ${one.kind.toLowerCase()} '${one.name}'${one.tenantId === DEFAULT_TENANT ? '' : ` --tenant '${one.tenantId}'`}`;
const named = ({ kind, name, tenantId }: Named) => ({ kind, name, tenantId });

const close = (one: Breaker) => show(
  <ActionDialog action={{ title: t(one.kind === 'TYPE' ? 'breaker.close.type' : 'breaker.close.credential', { name: one.name }), button: t('breaker.close'), done: t('breaker.closed'), topics: ['jobs', 'incidents'],
    ask: { method: 'POST', path: '/v2/breakers/closing', body: named(one) }, cli: commandOf('close', one) }}>
    <p>{t('breaker.close.about', { count: showNumber(one.waitingJobs) })}</p>
  </ActionDialog>);

/** Jobs of the type are not offered until somebody closes it. */
export const pause = (type: string, tenantId: string) => {
  const one: Named = { kind: 'TYPE', name: type, tenantId };
  show(
    <ActionDialog action={{ title: t('breaker.open.type', { name: type }), button: t('breaker.open'), bad: true, done: t('breaker.opened'), topics: ['jobs'],
      ask: { method: 'POST', path: '/v2/breakers/opening', body: named(one) }, cli: commandOf('open', one) }}>
      <p>{t('breaker.open.about')}</p>
    </ActionDialog>);
};

function One({ one }: { one: Breaker }) {
  return (
    <li>
      <Icon name={one.cause === 'BY_HAND' ? 'pause' : 'incident'} />
      <div class="grow stack" style={{ gap: '3px' }}>
        <div class="row wrap">{one.kind === 'TYPE' ? <a class="strong mono" href={withParams({ type: one.name })}>{one.name}</a> : <strong class="mono">{one.name}</strong>}<span class="tag">{t(one.kind === 'TYPE' ? 'breaker.type' : 'breaker.credential')}</span>{one.tenantId !== DEFAULT_TENANT && <span class="tag">{one.tenantId}</span>}</div>
        <span>{tOf('breaker.cause', one.cause)} <span class="soft small"><Ago time={one.openTime} />.</span> {t('breaker.waiting', { count: showNumber(one.waitingJobs) })} {one.state === 'HALF_OPEN' ? t('breaker.probing') : one.probeTime ? <>{t('breaker.probe')} <Ago time={one.probeTime} />.</> : t('breaker.byhand')}</span>
        {one.message && <p class="message mono soft">{one.message}</p>}
        {one.processDefinitionIds.length > 0 && <span class="small soft">{one.processDefinitionIds.join(', ')}</span>}
      </div>
      <Button small onClick={() => close(one)}>{t('breaker.close')}</Button>
    </li>
  );
}

/** Nothing where none is open, as it should be. */
export function Breakers({ kind }: { kind?: Breaker['kind'] }) {
  const path = (kind ? `/v2/breakers?kind=${kind}` : '/v2/breakers') as Path;
  const found = useLoad(`breakers ${path}`, async (signalled) => (await ask<{ items: Breaker[] }>({ method: 'GET', path }, signalled)).items, ['jobs']);
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value || found.value.length === 0) return null;
  return <Panel flush title={t('breaker.title')}><ul class="causes">{found.value.map((one) => <One key={`${one.tenantId} ${one.kind} ${one.name}`} one={one} />)}</ul></Panel>;
}
