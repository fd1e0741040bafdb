// SPDX-License-Identifier: Apache-2.0
// Who works here. Without users (auth.enabled is off) everybody is the same and nobody logs in.
import { signal } from '@preact/signals';
import { ask, loggedOut, Problem, type Schema } from '../api/client';
import { route } from './route';

export interface Me {
  username: string;
  displayName: string;
  groups: string[];
  roles: string[];
  tenants: { tenantId: string; name: string }[];
  canLogout: boolean;
}
export type Providers = Schema<'LoginProviders'>['items'];

export const me = signal<Me | null>(null);

/** Whether there is anybody to be: tasks are "mine" only then. */
export const hasUsers = () => me.value !== null && me.value.username !== 'anonymous';

export async function readMe(): Promise<void> {
  me.value = await ask<Me>({ method: 'GET', path: '/v2/authentication/me' });
  loggedOut.value = false;
}

export const loginAddress = () => `/login?target=${encodeURIComponent(route.value.path + location.search)}`;

/** Null: it went well. Otherwise what to say, and whether a second factor's code is wanted. */
export async function logIn(username: string, password: string, code: string): Promise<{ text: string; wantsCode: boolean } | null> {
  const body = new URLSearchParams({ username, password, ...(code && { code }) });
  try {
    await ask({ method: 'POST', path: '/login', body });
    await readMe();
    return null;
  } catch (error) {
    if (error instanceof Problem) return { text: error.message, wantsCode: error.title === 'SECOND_FACTOR_REQUIRED' };
    throw error;
  }
}

export async function logOut(): Promise<void> {
  const answer = await ask<{ url?: string } | null>({ method: 'POST', path: '/logout' });
  location.assign(answer?.url ?? '/login');
}
