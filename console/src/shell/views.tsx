// SPDX-License-Identifier: Apache-2.0
// Saved views: a page as somebody narrowed and ordered it, under a name, on the server. To share one is to share its address.
import { useState } from 'preact/hooks';
import { ask, type Path } from '../api/client';
import { ActionDialog } from '../actions/action';
import { Icon } from '../design/icon';
import { Bones, Button, CopyButton, Dialog, Empty, Failure, Field, Menu } from '../design/parts';
import { hide, show } from '../state/dialog';
import { changed } from '../state/live';
import { useLoad } from '../state/load';
import { parts, route } from '../state/route';
import { say, sayProblem } from '../state/toasts';
import { t, tOf } from '../text';

interface View { name: string; address: string; updatedAt: string }

const TOPIC = 'views';
const SHOWN = 12;
const pathOf = (name: string) => `/v2/authentication/me/views/${encodeURIComponent(name)}` as Path;

const readViews = () => ask<{ items: View[] }>({ method: 'GET', path: '/v2/authentication/me/views' });

/** What a browser would send of the address: nothing but ASCII. */
const address = () => route.value.path + (route.value.query.size > 0 ? `?${route.value.query.toString()}` : '');

function SaveDialog() {
  const [name, setName] = useState(`${tOf('nav', parts.value[0] ?? 'home')}`);
  return (
    <ActionDialog action={{ title: t('views.save'), button: t('save'), done: t('views.saved', { name }), topics: [TOPIC], why: name.trim() ? null : t('views.noname'), ask: { method: 'PUT', path: pathOf(name.trim()), body: { address: address() } } }}>
      <p>{t('views.save.about')}</p>
      <Field label={t('name')} hint={<code>{address()}</code>}>{(id) => <input id={id} class="input" autofocus maxLength={120} value={name} onInput={(event) => setName(event.currentTarget.value)} />}</Field>
    </ActionDialog>
  );
}

async function forget(view: View) {
  try {
    await ask({ method: 'DELETE', path: pathOf(view.name) });
    say('done', t('views.forgotten', { name: view.name }), { action: { label: t('undo'), run: () => void ask({ method: 'PUT', path: pathOf(view.name), body: { address: view.address } }).then(() => changed(TOPIC)) } });
    changed(TOPIC);
  } catch (error) {
    sayProblem(view.name, error);
  }
}

function ManageDialog() {
  const found = useLoad('views', readViews, [TOPIC]);
  return (
    <Dialog title={t('views.all')} onClose={hide}>
      {found.error !== null && <Failure error={found.error} retry={found.reload} />}
      {!found.value && found.error === null && <Bones />}
      {found.value?.items.length === 0 && <Empty icon="star" title={t('views.none')}><p>{t('views.none.text')}</p></Empty>}
      <ul class="lines">{found.value?.items.map((view) => <li key={view.name} class="row"><a class="grow" href={view.address} onClick={hide}><span class="grow"><span class="strong cut">{view.name}</span><span class="small soft mono cut">{view.address}</span></span></a><CopyButton text={location.origin + view.address} label={t('views.copy', { name: view.name })} /><Button small look="plain" icon="trash" aria-label={t('views.forget', { name: view.name })} onClick={() => void forget(view)} /></li>)}</ul>
    </Dialog>
  );
}

export function Views() {
  const found = useLoad('views', readViews, [TOPIC]);
  const views = found.value?.items ?? [];
  return <Menu label={t('views')} button={<Icon name="star" />} items={[
    ...views.slice(0, SHOWN).map((view) => ({ label: view.name, icon: 'star' as const, href: view.address })), ...(views.length > 0 ? ['line' as const] : []),
    { label: t('views.save'), icon: 'plus', run: () => show(<SaveDialog />) }, { label: t('views.all'), icon: 'menu', run: () => show(<ManageDialog />) },
  ]} />;
}
