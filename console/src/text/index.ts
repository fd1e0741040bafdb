// SPDX-License-Identifier: Apache-2.0
// What the console says, in the reader's language. English is there from the start, others are loaded when they are wanted.
import { signal } from '@preact/signals';
import { language } from '../state/look';
import { en } from './en';

export type Key = keyof typeof en;
export type Texts = Record<Key, string>;
const texts = signal<Texts>(en);

/** "{name}" in a text takes a value. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return texts.value[key].replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** A text for a value of the API, or the value itself: a newer server knows more than this page. */
export function tOf(prefix: string, value: string): string {
  return texts.value[`${prefix}.${value}` as Key] ?? value;
}

export async function readTexts(): Promise<void> {
  texts.value = language.value === 'de' ? (await import('./de')).de : en;
}
