// SPDX-License-Identifier: Apache-2.0
// What was done, or went wrong, said in the corner. What can be undone says how.
import { signal } from '@preact/signals';
import { Problem } from '../api/client';
import { t } from '../text';

export interface Toast {
  id: number;
  kind: 'done' | 'bad';
  text: string;
  detail?: string | undefined;
  action?: { label: string; run: () => void } | undefined;
}
export const toasts = signal<Toast[]>([]);
let last = 0;

export function dismiss(id: number) {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function say(kind: Toast['kind'], text: string, more: Pick<Toast, 'detail' | 'action'> = {}) {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-3), { id, kind, text, ...more }];
  if (kind === 'done') setTimeout(() => dismiss(id), more.action ? 12_000 : 6_000);
}

/** What went wrong in a sentence, and how it is found in the logs. */
export function explain(error: unknown): { text: string; detail?: string } {
  if (!(error instanceof Problem)) return { text: t('error.page'), detail: String(error) };
  if (error.status === 0) return { text: t('error.unreachable') };
  const trace = t('error.trace', { trace: error.trace });
  return { text: error.message || error.title, detail: `${error.status} ${error.title} · ${trace}` };
}

export function sayProblem(what: string, error: unknown) {
  const { text, detail } = explain(error);
  say('bad', `${what}: ${text}`, { detail });
}
