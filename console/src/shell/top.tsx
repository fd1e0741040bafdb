// SPDX-License-Identifier: Apache-2.0
// Above every page: where one is, the search, whether what is shown is live, and who one is.
import { Icon } from '../design/icon';
import { Button, Menu, type MenuItem } from '../design/parts';
import { show } from '../state/dialog';
import { isLive } from '../state/live';
import { language, theme, zone, zoneLabel } from '../state/look';
import { parts } from '../state/route';
import { reachable } from '../api/client';
import { hasUsers, logOut, me } from '../state/session';
import { t, tOf } from '../text';
import { Search } from './search';
import { Views } from './views';

function Crumbs() {
  const [page, item] = parts.value;
  return (
    <nav class="crumbs" aria-label={t('crumbs')}>
      {item ? <a class="cut" href={`/${page}`}>{tOf('nav', page ?? 'home')}</a> : <span class="cut" aria-current="page">{tOf('nav', page ?? 'home')}</span>}
      {item && <><Icon name="right" size={14} /><span class="cut mono small" aria-current="page">{item}</span></>}
    </nav>
  );
}

function Live() {
  const isAway = !reachable.value;
  const text = isAway ? t('live.away') : isLive.value ? t('live.on') : t('live.off');
  return <span class={`live ${isAway ? 'cut-off' : ''}`} role="status" title={isAway ? t('live.away.about') : isLive.value ? t('live.on.about') : t('live.off.about')}><i /><span>{text}</span></span>;
}

function looks(): (MenuItem | 'line')[] {
  return [
    ...(['system', 'light', 'dark'] as const).map((id): MenuItem => ({ label: t(`theme.${id}`), icon: theme.value === id ? 'check' : id === 'dark' ? 'circle' : 'sun', run: () => (theme.value = id) })), 'line',
    ...(['local', 'utc'] as const).map((id): MenuItem => ({ label: t(`zone.${id}`), icon: zone.value === id ? 'check' : 'clock', run: () => (zone.value = id) })), 'line',
    { label: 'English', icon: language.value === 'en' ? 'check' : 'edit', run: () => (language.value = 'en') },
    { label: 'Deutsch', icon: language.value === 'de' ? 'check' : 'edit', run: () => (language.value = 'de') },
  ];
}

function Who() {
  const name = me.value?.displayName ?? '?';
  const items: (MenuItem | 'line')[] = [...looks()];
  if (me.value?.canLogout) items.push('line', { label: t('logout'), icon: 'out', run: () => void logOut() });
  const about = hasUsers() ? t('user.as', { name, roles: me.value?.roles.join(', ') || '–' }) : t('user.nobody');
  return <Menu label={t('user.menu')} items={items} header={<>{about}<br />{t('zone.is', { zone: zoneLabel.value })}</>} button={<span class="avatar">{hasUsers() ? name.slice(0, 2).toUpperCase() : <Icon name="user" size={15} />}</span>} />;
}

export function Top() {
  return (
    <header class="top">
      <Crumbs />
      <button type="button" class="searchbox" aria-label={t('search')} onClick={() => show(<Search />)}><Icon name="search" size={16} /><span>{t('search')}</span><kbd>Ctrl K</kbd></button>
      <span class="only-wide"><Button look="main" icon="play" onClick={() => void import('../actions/start').then(({ StartDialog }) => show(<StartDialog />))}>{t('start')}</Button></span>
      <Views />
      <Live />
      <Who />
    </header>
  );
}
