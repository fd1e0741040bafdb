// SPDX-License-Identifier: Apache-2.0
// How the console looks on this screen: theme, language, time zone. Nothing of the work is kept in the browser.
import { computed, effect, signal } from '@preact/signals';

type Theme = 'system' | 'light' | 'dark';
export type Zone = 'local' | 'utc';

const stored = (name: string) => {
  try {
    return localStorage.getItem(`baton.${name}`);
  } catch {
    return null; // storage is switched off: the choice lasts as long as the page
  }
};
function store(name: string, value: string) {
  try {
    localStorage.setItem(`baton.${name}`, value);
  } catch {
    // as above
  }
}

const darkSystem = signal(matchMedia('(prefers-color-scheme: dark)').matches);
export const theme = signal<Theme>((stored('theme') as Theme | null) ?? 'system');
export const isDark = computed(() => theme.value === 'dark' || (theme.value === 'system' && darkSystem.value));
export const zone = signal<Zone>(stored('zone') === 'utc' ? 'utc' : 'local');
export const language = signal<'en' | 'de'>(((stored('language') ?? navigator.language).slice(0, 2) === 'de') ? 'de' : 'en');

export function startLook() {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (event) => (darkSystem.value = event.matches));
  effect(() => {
    document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light';
    store('theme', theme.value);
  });
  effect(() => store('zone', zone.value));
  effect(() => {
    document.documentElement.lang = language.value;
    store('language', language.value);
  });
}

// -- Numbers and times ----------------------------------------------------------------------------

const zoneName = () => (zone.value === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone);
export const zoneLabel = computed(zoneName);
const locale = () => (navigator.language.startsWith(language.value) ? navigator.language : language.value);

export function showTime(text: string | null | undefined, full = false): string {
  if (!text) return '–';
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return text;
  const isThisYear = time.getFullYear() === new Date().getFullYear();
  return new Intl.DateTimeFormat(locale(), { timeZone: zoneName(), day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit',
    ...(full || !isThisYear ? { year: 'numeric' } : {}), ...(full ? { second: '2-digit', fractionalSecondDigits: 3, timeZoneName: 'short' } : {}) }).format(time);
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1000]];

export function showAgo(text: string | null | undefined, now = Date.now()): string {
  if (!text) return '–';
  const distance = new Date(text).getTime() - now;
  for (const [unit, size] of UNITS)
    if (Math.abs(distance) >= size || unit === 'second')
      return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto', style: 'short' }).format(Math.trunc(distance / size), unit);
  return '';
}

export function showSpan(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${showNumber(Math.round(ms / 100) / 10)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export const showNumber = (value: number) => new Intl.NumberFormat(locale()).format(value);

export const showShare = (value: number) => new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: value > 0 && value < 0.1 ? 1 : 0 }).format(value);

/** A day, as it is in UTC: "2026-11-30". */
export const showDay = (day: string) => new Intl.DateTimeFormat(locale(), { timeZone: 'UTC', day: 'numeric', month: 'short' }).format(new Date(`${day}T00:00:00Z`));

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function showBytes(value: number): string {
  const power = value < 1024 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log2(value) / 10));
  return `${showNumber(Math.round((value / 1024 ** power) * 10) / 10)} ${BYTES[power]}`;
}
