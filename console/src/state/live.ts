// SPDX-License-Identifier: Apache-2.0
// What changes on the server comes here by itself, and whoever shows some of it reads that again. Where events do not come, what is shown is
// read again from time to time, and the page says so.
import { signal } from '@preact/signals';
import { loggedOut, reachable } from '../api/client';

/** A kind of thing, or one of them: "instances", "instance:2251799813685250". */
export type Topic = string;

export const isLive = signal(false);

const CALM_MS = 700; // events within it are one
const REST_MS = 5000; // without events: how often what is shown is read again
const SLOW_MS = 30_000; // with them: what nobody tells of, such as users and keys
const KNOWN = new Set(['instances', 'tasks', 'incidents', 'jobs', 'decisions', 'batches', 'messages', 'deployments', 'cluster']);
const MOST_INSTANCES = 20;

const listeners = new Map<() => void, Topic[]>();
let stream: EventSource | null = null;
let asked = '';
let due = 0;
let rest = 0;
const waiting = new Set<Topic>();

const isVisible = () => document.visibilityState === 'visible';

export function onChange(topics: Topic[], listener: () => void): () => void {
  if (topics.length === 0) return () => {};
  listeners.set(listener, topics);
  connectSoon();
  return () => {
    listeners.delete(listener);
    connectSoon();
  };
}

/** Something was done here, or somewhere: whoever shows it reads it again. Without topics: everybody. */
export function changed(...topics: Topic[]) {
  for (const [listener, wanted] of listeners)
    if (topics.length === 0 || topics.includes('*') || wanted.some((topic) => topics.includes(topic))) listener();
}

function wantedTopics(): string {
  const all = new Set([...listeners.values()].flat());
  const instances = [...all].filter((topic) => topic.startsWith('instance:')).slice(0, MOST_INSTANCES);
  return [...[...all].filter((topic) => KNOWN.has(topic)).sort(), ...instances.sort()].join(',');
}

function connectSoon() {
  clearTimeout(due);
  due = window.setTimeout(connect, 150);
}

function close() {
  stream?.close();
  stream = null;
  asked = '';
  isLive.value = false;
}

/** The first event after a calm comes at once, those that follow come together. */
function hear(topics: Topic[]) {
  for (const topic of topics) waiting.add(topic);
  if (rest) return;
  const tell = () => {
    const told = [...waiting];
    waiting.clear();
    rest = 0;
    if (told.length > 0 && isVisible()) changed(...told);
  };
  rest = window.setTimeout(tell, CALM_MS);
}

function connect() {
  const topics = wantedTopics();
  if (!isVisible() || topics === '' || loggedOut.value) return close();
  if (stream && topics === asked && stream.readyState !== EventSource.CLOSED) return;
  close();
  asked = topics;
  stream = new EventSource(`/v2/live?topics=${encodeURIComponent(topics)}`);
  stream.addEventListener('open', () => (isLive.value = true));
  stream.addEventListener('error', () => (isLive.value = false));
  stream.addEventListener('change', (event) => {
    try {
      hear((JSON.parse((event as MessageEvent<string>).data) as { topics: Topic[] }).topics);
    } catch {
      hear(['*']);
    }
  });
}

export function startLive() {
  let last = Date.now();
  setInterval(() => {
    if (!isVisible()) return;
    if (!stream || stream.readyState === EventSource.CLOSED) connect();
    if (isLive.value && reachable.value && Date.now() - last < SLOW_MS) return changed('batches', 'cluster'); // whose ends no history tells
    last = Date.now();
    changed();
  }, REST_MS);
  document.addEventListener('visibilitychange', () => {
    connect();
    if (isVisible()) changed();
  });
}
