// SPDX-License-Identifier: Apache-2.0
// Every request of the console goes through here: the API of its own origin and nothing else.
import type { components, paths } from 'api-schema';
import { signal } from '@preact/signals';

export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

// A path of the description, its {parts} filled in.
type Filled<Path> = Path extends `${infer Head}{${string}}${infer Tail}` ? `${Head}${string}${Filled<Tail>}` : Path;
export type Path = Filled<keyof paths & string>;

/** What the API, or the way to it, answered instead. `trace` finds the request in the server's logs. */
export class Problem extends Error {
  constructor(readonly status: number, readonly title: string, detail: string, readonly trace: string) {
    super(detail);
  }
}

/** True while a request has found that nobody is logged in any more. */
export const loggedOut = signal(false);
/** False while the server cannot be reached. */
export const reachable = signal(true);

function newTrace(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function problemOf(status: number, text: string, trace: string): Problem {
  try {
    const problem = JSON.parse(text) as Schema<'Problem'>;
    return new Problem(status, problem.title ?? String(status), problem.detail ?? '', trace);
  } catch {
    return new Problem(status, String(status), text.slice(0, 300), trace);
  }
}

export interface Ask {
  method: Method;
  path: Path;
  body?: unknown;
}

async function send({ method, path, body }: Ask, trace: string, signalled?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { traceparent: `00-${trace}-${trace.slice(0, 16)}-01` };
  const isForm = body instanceof FormData || body instanceof URLSearchParams;
  if (body !== undefined && !isForm) headers['Content-Type'] = 'application/json';
  try {
    const answer = await fetch(path, { method, headers, signal: signalled ?? null,
      body: body === undefined ? null : isForm ? body : JSON.stringify(body) });
    reachable.value = true;
    return answer;
  } catch (error) {
    if (signalled?.aborted) throw error;
    reachable.value = false;
    throw new Problem(0, 'UNREACHABLE', '', trace);
  }
}

/** Throws a Problem. An answer without a body is null. */
export async function ask<Answer>(request: Ask, signalled?: AbortSignal): Promise<Answer> {
  const trace = newTrace();
  const answer = await send(request, trace, signalled);
  const text = await answer.text();
  if (answer.status === 401) loggedOut.value = true;
  if (!answer.ok) throw problemOf(answer.status, text, trace);
  if (text === '') return null as Answer;
  try {
    return JSON.parse(text) as Answer;
  } catch {
    throw new Problem(answer.status, 'NOT_JSON', text.slice(0, 300), trace);
  }
}

/** The same for what is not JSON: a model's XML. */
export async function askText(path: Path, signalled?: AbortSignal): Promise<string> {
  const trace = newTrace();
  const answer = await send({ method: 'GET', path }, trace, signalled);
  const text = await answer.text();
  if (answer.status === 401) loggedOut.value = true;
  if (!answer.ok) throw problemOf(answer.status, text, trace);
  return text;
}

export interface Query {
  filter?: Record<string, unknown>;
  sort?: { field: string; order: 'ASC' | 'DESC' }[];
  page?: { limit?: number; after?: string; from?: number };
}
export interface Found<Item> {
  items: Item[];
  page: Schema<'Page'>;
}

export function search<Item>(path: Path, query: Query, signalled?: AbortSignal): Promise<Found<Item>> {
  return ask<Found<Item>>({ method: 'POST', path, body: query }, signalled);
}

/** How many match; counting ends at the API's own bound. */
export async function count(path: Path, filter: Record<string, unknown>): Promise<Schema<'Page'>> {
  return (await search(path, { filter, page: { limit: 0 } })).page;
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** The request as somebody would send it from a shell. */
export function asCurl({ method, path, body }: Ask): string {
  const parts = ['curl', '-X', method, quote(location.origin + path)];
  if (body !== undefined) parts.push('-H', quote('Content-Type: application/json'), '-d', quote(JSON.stringify(body)));
  return parts.join(' ');
}
