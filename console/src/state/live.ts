// SPDX-License-Identifier: Apache-2.0
// What changes on the server comes here, and whoever shows some of it reads that again.
import { signal } from '@preact/signals';

/** A kind of thing, or one of them: "instances", "instance:2251799813685250". */
export type Topic = string;

export const isLive = signal(false);

const REST_MS = 5000; // without live events: how often what is shown is read again
const listeners = new Map<() => void, Topic[]>();

export function onChange(topics: Topic[], listener: () => void): () => void {
  if (topics.length === 0) return () => {};
  listeners.set(listener, topics);
  return () => void listeners.delete(listener);
}

/** Something was done here: whoever shows it reads it again at once. */
export function changed(...topics: Topic[]) {
  for (const [listener, wanted] of listeners)
    if (topics.length === 0 || wanted.some((topic) => topics.includes(topic))) listener();
}

export function startLive() {
  setInterval(() => !isLive.value && document.visibilityState === 'visible' && changed(), REST_MS);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && changed());
}
