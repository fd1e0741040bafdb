// SPDX-License-Identifier: Apache-2.0
// Where the console is: the address holds the page, its filter, its order, its selection and its tab.
import { computed, signal } from '@preact/signals';

const here = () => ({ path: location.pathname, query: new URLSearchParams(location.search) });
export const route = signal(here());
export const parts = computed(() => route.value.path.split('/').filter(Boolean).map(decodePart));

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function go(address: string, options: { replace?: boolean } = {}) {
  history[options.replace ? 'replaceState' : 'pushState'](null, '', address);
  const before = route.value.path;
  route.value = here();
  if (route.value.path !== before) {
    scrollTo(0, 0);
    requestAnimationFrame(() => document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true }));
  }
}

export const param = (name: string) => route.value.query.get(name) ?? '';

/** The same address with these in its query; empty takes one out. */
export function withParams(changes: Record<string, string | null | undefined>): string {
  const query = new URLSearchParams(route.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  return route.value.path + (text ? `?${text}` : '');
}

export const setParams = (changes: Record<string, string | null | undefined>, replace = true) => go(withParams(changes), { replace });

/** "/instances/1?tab=history": each part encoded. */
export function to(...segments: (string | number)[]): string {
  return '/' + segments.map((segment) => encodeURIComponent(segment)).join('/');
}

function onClick(event: MouseEvent) {
  const link = (event.target as Element | null)?.closest?.('a');
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute('download') || link.origin !== location.origin || 'server' in link.dataset) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

export function startRouting() {
  addEventListener('popstate', () => (route.value = here()));
  document.addEventListener('click', onClick);
}
