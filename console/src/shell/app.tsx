// SPDX-License-Identifier: Apache-2.0
// The frame around the pages.
import { Component, type ComponentChildren, type ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { loggedOut } from '../api/client';
import { Icon } from '../design/icon';
import { Bones, Button, Empty, Failure } from '../design/parts';
import { dialog, show } from '../state/dialog';
import { parts } from '../state/route';
import { me } from '../state/session';
import { dismiss, toasts } from '../state/toasts';
import { t, tOf } from '../text';
import { LogInAgain } from './login';
import { Bottom, Rail, useCounts } from './nav';
import { pages } from './pages';
import { Search } from './search';
import { Top } from './top';

/** A page that fails is a sentence and a way on, never nothing. */
class Guard extends Component<{ children: ComponentChildren }, { error: unknown }> {
  override state = { error: null as unknown };
  override componentDidCatch(error: unknown) {
    console.warn(error);
    this.setState({ error });
  }
  render() {
    if (this.state.error === null) return this.props.children;
    return <div class="page"><Failure error={this.state.error} retry={() => this.setState({ error: null })} /><p><a href="/">{t('nav.home')}</a></p></div>;
  }
}

function Page() {
  const [name = '', item] = parts.value;
  const load = pages[item ? `${name}/` : name];
  const [shown, setShown] = useState<{ load: unknown; View: ComponentType } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const read = () => {
    setError(null);
    load?.().then((View) => setShown({ load, View }), setError);
  };
  useEffect(read, [load]);
  useEffect(() => {
    document.title = [item, tOf('nav', name || 'home'), 'Baton'].filter(Boolean).join(' · ');
  }, [name, item]);
  if (!load) return <main class="page" tabIndex={-1}><Empty icon="search" title={t('page.none')}><p>{t('page.none.text')}</p><a class="button" href="/">{t('nav.home')}</a></Empty></main>;
  const isCurrent = shown?.load === load;
  return (
    <main class="page" id="main" tabIndex={-1}>
      {error !== null && <Failure error={error} retry={read} />}
      {isCurrent ? <Guard key={pages[name] === load ? name : `${name}/${item ?? ''}`}><shown.View /></Guard> : error === null && <Bones rows={5} />}
    </main>
  );
}

function Toasts() {
  return (
    <div class="toasts" role="region" aria-label={t('toasts')} aria-live="polite">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={`toast fade ${toast.kind}`}>
          <Icon name={toast.kind === 'done' ? 'check' : 'incident'} />
          <div class="grow"><p>{toast.text}</p>{toast.detail && <p class="small soft mono">{toast.detail}</p>}</div>
          {toast.action && <Button small onClick={() => { toast.action?.run(); dismiss(toast.id); }}>{toast.action.label}</Button>}
          <Button small look="plain" icon="x" aria-label={t('close')} onClick={() => dismiss(toast.id)} />
        </div>
      ))}
    </div>
  );
}

const isTyping = (target: EventTarget | null) => target instanceof HTMLElement && target.closest('input,textarea,select,[contenteditable]') !== null;

function useKeys() {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const wantsSearch = (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) || (event.key === '/' && !isTyping(event.target));
      if (!wantsSearch || dialog.value) return;
      event.preventDefault();
      show(<Search />);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

export function App() {
  useKeys();
  const counts = useCounts();
  return (
    <>
      <a class="skip button" href="#main" data-server onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus(); }}>{t('skip')}</a>
      <Rail counts={counts} />
      <div class="column"><Top /><Page /></div>
      <Bottom counts={counts} />
      {dialog.value}
      {loggedOut.value && me.value && <LogInAgain />}
      <Toasts />
    </>
  );
}
