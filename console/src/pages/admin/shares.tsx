// SPDX-License-Identifier: Apache-2.0
// Fair shares: how much a tenant, a user or a client may have, and how much of it there is now.
import { useState } from 'preact/hooks';
import { ask, type Ask, type Schema } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Ago, Bones, Button, Empty, Failure, Notice, Panel, Scroll } from '../../design/parts';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { showBytes, showNumber, showShare } from '../../state/look';
import { t, tOf, type Key } from '../../text';
import { Select, Text } from './inputs';

type Share = Required<Schema<'Shares'>['items'][number]>;
type Owner = Share['ownerType'];
type Name = Share['name'];

/** What there is a share of, and of whose. */
const NAMES: Record<Name, { owners: Owner[]; least: number; most: number }> = {
  calls: { owners: ['TENANT', 'USER', 'CLIENT'], least: 1, most: 1e15 }, starts: { owners: ['TENANT', 'USER', 'CLIENT'], least: 1, most: 1e15 }, instances: { owners: ['TENANT'], least: 0, most: 1e15 },
  bytes: { owners: ['TENANT'], least: 0, most: 1e15 }, jobs: { owners: ['TENANT'], least: 0, most: 1e15 }, weight: { owners: ['TENANT'], least: 1, most: 1000 },
};
const OWNERS: Owner[] = ['TENANT', 'USER', 'CLIENT'];

const amountOf = (name: Name, amount: number) => (name === 'bytes' ? showBytes(amount) : t(`shares.${name}.amount` as Key, { amount: showNumber(amount) }));

function SetDialog({ share }: { share?: Share }) {
  const [owner, setOwner] = useState<Owner>(share?.ownerType ?? 'TENANT');
  const [id, setId] = useState(share?.ownerId ?? '');
  const [name, setName] = useState<Name>(share?.name ?? 'starts');
  const [text, setText] = useState(share ? String(share.amount) : '');
  const names = (Object.keys(NAMES) as Name[]).filter((one) => NAMES[one].owners.includes(owner));
  const amount = /^\d{1,16}$/.test(text.trim()) ? Number(text) : null;
  const isFit = amount !== null && amount >= NAMES[name].least && amount <= NAMES[name].most;
  const chooseOwner = (next: Owner) => { setOwner(next); if (!NAMES[name].owners.includes(next)) setName('calls'); };
  const request: Ask = { method: 'PUT', path: '/v2/shares', body: { ownerType: owner, ownerId: id, name, amount: amount ?? 0 } };
  return (
    <ActionDialog action={{ title: t(share ? 'shares.change' : 'shares.set'), button: t('save'), done: t('shares.done'), topics: ['admin'], ask: request, cli: `baton share set ${owner.toLowerCase()} '${id || 'NAME'}' ${name} ${amount ?? 'AMOUNT'}`,
      why: !id ? t('admin.lacks', { field: t('shares.whose') }) : !isFit ? t('shares.amount.bad', { least: NAMES[name].least, most: showNumber(NAMES[name].most) }) : null }}>
      <div class="fields">
        <Select label={t('admin.ownertype')} value={owner} disabled={share !== undefined} choices={OWNERS.map((one) => ({ id: one, label: tOf('shares.owner', one) }))} onChoose={(one) => chooseOwner(one as Owner)} />
        <Text label={t('shares.whose')} value={id} disabled={share !== undefined} onInput={setId} hint={t('shares.whose.hint')} />
      </div>
      <Select label={t('shares.what')} value={name} disabled={share !== undefined} choices={names.map((one) => ({ id: one, label: t(`shares.${one}` as Key) }))} onChoose={(one) => setName(one as Name)} hint={t(`shares.${name}.about` as Key)} />
      <Text label={t('shares.amount')} value={text} onInput={setText} hint={isFit && amount !== null ? amountOf(name, amount) : undefined} bad={text && !isFit ? t('shares.amount.bad', { least: NAMES[name].least, most: showNumber(NAMES[name].most) }) : null} />
    </ActionDialog>
  );
}

function remove(share: Share) {
  const request: Ask = { method: 'PUT', path: '/v2/shares', body: { ownerType: share.ownerType, ownerId: share.ownerId, name: share.name, amount: null } };
  show(<ActionDialog action={{ title: t('shares.remove'), button: t('shares.remove'), bad: true, done: t('shares.removed'), topics: ['admin'], ask: request, cli: `baton share remove ${share.ownerType.toLowerCase()} '${share.ownerId}' ${share.name}` }}>
    <p>{t('shares.remove.about', { what: t(`shares.${share.name}` as Key), owner: share.ownerId === '*' ? t('admin.each') : share.ownerId })}</p></ActionDialog>);
}

function Used({ share }: { share: Share }) {
  if (share.used === null) return <span class="soft small" title={t('shares.uncounted')}>–</span>;
  const part = share.amount > 0 ? share.used / share.amount : 1;
  const text = `${share.name === 'bytes' ? showBytes(share.used) : showNumber(share.used)} · ${showShare(part)}`;
  return <span class="row"><span class="meter" role="img" aria-label={text} style={{ width: '96px' }}><span class={part >= 1 ? 'bad' : part >= 0.8 ? 'warn' : 'active'} style={{ width: `${Math.min(100, part * 100)}%` }} /></span><span class="num small nowrap">{text}</span></span>;
}

export function Shares() {
  const found = useLoad('shares', async () => (await ask<{ items: Share[] }>({ method: 'GET', path: '/v2/shares' })).items, ['admin']);
  return (
    <>
      <Notice>{t('shares.about')}</Notice>
      <Panel flush title={t('admin.shares')} actions={<Button icon="plus" onClick={() => show(<SetDialog />)}>{t('shares.set')}</Button>}>
        {found.error !== null && <Failure error={found.error} retry={found.reload} />}
        {!found.value && found.error === null && <Bones />}
        {found.value?.length === 0 && <Empty icon="filter" title={t('shares.none')} command="baton share set tenant north starts 50"><p>{t('shares.none.text')}</p></Empty>}
        {found.value && found.value.length > 0 && (
          <Scroll label={t('admin.shares')}><table class="table cards"><thead><tr><th scope="col">{t('shares.whose')}</th><th scope="col">{t('actions')}</th><th scope="col">{t('shares.what')}</th><th scope="col">{t('shares.amount')}</th><th scope="col">{t('shares.used')}</th><th scope="col">{t('admin.changed')}</th></tr></thead>
            <tbody>{found.value.map((share) => (
              <tr key={`${share.ownerType} ${share.ownerId} ${share.name}`}>
                <td><span class="tag">{tOf('shares.owner', share.ownerType)}</span> <strong>{share.ownerId === '*' ? t('admin.each') : share.ownerId}</strong></td>
                <td class="aside"><Button small look="plain" icon="edit" aria-label={t('shares.change')} title={t('shares.change')} onClick={() => show(<SetDialog share={share} />)} /><Button small look="plain" icon="trash" aria-label={t('shares.remove')} title={t('shares.remove')} onClick={() => remove(share)} /></td>
                <td title={t(`shares.${share.name}.about` as Key)}>{t(`shares.${share.name}` as Key)}</td><td class="num strong aside">{amountOf(share.name, share.amount)}</td><td class="full"><Used share={share} /></td>
                <td class="wide-only"><span class="small soft"><Ago time={share.changeTime} />{share.changedBy && ` · ${share.changedBy}`}</span></td>
              </tr>
            ))}</tbody></table></Scroll>
        )}
      </Panel>
    </>
  );
}
