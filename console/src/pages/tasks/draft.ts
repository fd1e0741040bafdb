// SPDX-License-Identifier: Apache-2.0
// What somebody has typed and not handed in: kept on the server, apart from the real data, found again on any device.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, Problem, type Path } from '../../api/client';

export interface Draft { variables: Record<string, unknown>; updatedAt: string }

const REST_MS = 900;
const pathOf = (key: string): Path => `/v2/user-tasks/${key}/draft`;

export async function readDraft(key: string): Promise<Draft | null> {
  try {
    return await ask<Draft | null>({ method: 'GET', path: pathOf(key) });
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

export const dropDraft = (key: string) => ask({ method: 'DELETE', path: pathOf(key) }).catch(() => {});

export type Saving = 'idle' | 'saving' | 'saved' | 'failed';

/** Saves what was typed a moment after the last key, and tries again when it could not. */
export function useDraft(key: string): { saving: Saving; save: (data: Record<string, unknown>) => void; drop: () => Promise<unknown> } {
  const [saving, setSaving] = useState<Saving>('idle');
  const rest = useRef(0);
  const latest = useRef<Record<string, unknown> | null>(null);
  const send = () => {
    const variables = latest.current;
    if (!variables) return;
    setSaving('saving');
    ask({ method: 'PUT', path: pathOf(key), body: { variables } }).then(() => {
      if (latest.current === variables) latest.current = null;
      setSaving('saved');
    }, () => {
      setSaving('failed');
      rest.current = window.setTimeout(send, 5 * REST_MS);
    });
  };
  useEffect(() => () => {
    clearTimeout(rest.current);
    if (latest.current) send();
  }, [key]);
  const save = (data: Record<string, unknown>) => {
    latest.current = data;
    clearTimeout(rest.current);
    rest.current = window.setTimeout(send, REST_MS);
  };
  const drop = () => {
    latest.current = null;
    clearTimeout(rest.current);
    setSaving('idle');
    return dropDraft(key);
  };
  return { saving, save, drop };
}
