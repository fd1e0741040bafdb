// SPDX-License-Identifier: Apache-2.0

/** The REST API from TypeScript, in Node.js and in browsers: deploy, start, publish, search, complete. */
import { LosslessNumber } from 'lossless-json';
import { parse, stringify } from './number.js';

const MOST_PER_PAGE = 1000;

type Item = Record<string, unknown>;

/** What the API says when it does not do it (application/problem+json). `status` 0: it could not be reached. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(readonly status: number, readonly title: string, readonly detail: string, options?: ErrorOptions) {
    super(`${status} ${title}: ${detail}`, options);
  }
}

export interface ClientOptions {
  url?: string; // else BATON_API_URL, else http://127.0.0.1:8080
  key?: string; // an API key; else BATON_API_KEY
  user?: string; // else BATON_API_USER
  password?: string; // else BATON_API_PASSWORD
  fetch?: typeof fetch;
}

/** Of a process: either its id, whose newest version is taken unless one is said, or the key of a definition. */
export type Start = ({ processDefinitionId: string; processDefinitionVersion?: number } | { processDefinitionKey: string }) & {
  variables?: Item;
  businessId?: string; // one is alive at a time
  tenantId?: string;
  tags?: string[];
  awaitCompletion?: boolean;
  requestTimeout?: number; // ms, of awaitCompletion
  fetchVariables?: string[];
};

export interface Message {
  name: string;
  correlationKey?: string;
  variables?: Item;
  tenantId?: string;
  messageId?: string; // one with the same is not taken twice while it is kept
  timeToLive?: number; // ms that a published one waits for who wants it
}

const environment: Record<string, string | undefined> = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {};

/** Keys are texts; numbers keep their digits: what a `number` cannot hold is a bigint or a LosslessNumber. */
export class Client {
  readonly #url: string;
  readonly #headers: Record<string, string> = { accept: 'application/json' };
  readonly #fetch: typeof fetch;

  constructor(options: ClientOptions = {}) {
    this.#url = (options.url ?? environment['BATON_API_URL'] ?? 'http://127.0.0.1:8080').replace(/\/+$/, '');
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init)); // browsers want it called as the window's
    const key = options.key ?? environment['BATON_API_KEY'];
    const user = options.user ?? environment['BATON_API_USER'];
    const basic = `${user}:${options.password ?? environment['BATON_API_PASSWORD'] ?? ''}`;
    if (key) this.#headers['authorization'] = `Bearer ${key}`;
    else if (user) this.#headers['authorization'] = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(basic)))}`;
  }

  /** Whatever the API has. Throws ApiError. */
  async call<Answer = Item>(method: string, path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? undefined : stringify(body);
    return this.#send(path, { method, body: text, headers: text === undefined ? this.#headers : { ...this.#headers, 'content-type': 'application/json' } });
  }

  async #send<Answer>(path: string, init: RequestInit): Promise<Answer> {
    let response: Response, text: string;
    try {
      response = await this.#fetch(this.#url + path, init);
      text = await response.text();
    } catch (error) {
      const cause = (error as Error).cause;
      throw new ApiError(0, 'UNREACHABLE', cause instanceof Error ? cause.message : (error as Error).message, { cause: error });
    }
    if (!response.ok) throw problemOf(response, text);
    return (text === '' ? undefined : parse(text)) as Answer;
  }

  /** Processes, decisions and forms together: by name, their text. */
  async deploy(resources: Record<string, string | Uint8Array | Blob>, tenantId?: string): Promise<Item> {
    const form = new FormData();
    for (const [name, data] of Object.entries(resources)) form.append('resources', data instanceof Blob ? data : new Blob([data as string]), name);
    if (tenantId !== undefined) form.append('tenantId', tenantId);
    return this.#send('/v2/deployments', { method: 'POST', body: form, headers: this.#headers });
  }

  async start(start: Start): Promise<Item & { processInstanceKey: string }> {
    return this.call('POST', '/v2/process-instances', start);
  }

  async publish(message: Message): Promise<{ messageKey: string }> {
    return this.call('POST', '/v2/messages/publication', { correlationKey: '', ...message });
  }

  /** Waits until somebody has taken the message: ApiError 404 when nobody wants it now. */
  async correlate(message: Omit<Message, 'timeToLive'>): Promise<{ processInstanceKey: string }> {
    return this.call('POST', '/v2/messages/correlation', { correlationKey: '', ...message });
  }

  async broadcast(signalName: string, variables: Item = {}, tenantId?: string): Promise<Item> {
    return this.call('POST', '/v2/signals/broadcast', { signalName, variables, tenantId });
  }

  /** All that match, page after page: `what` is process-instances, user-tasks, incidents, jobs, variables … */
  async *search(what: string, filter: Item = {}, sort: Item[] = []): AsyncGenerator<Item, void, undefined> {
    for (let after: string | undefined; ;) {
      const found = await this.call<{ items: Item[]; page: { endCursor: string | null } }>('POST', `/v2/${encodeURIComponent(what)}/search`,
        { filter, sort, page: { limit: MOST_PER_PAGE, after } });
      yield* found.items;
      if (found.items.length < MOST_PER_PAGE || found.page.endCursor === null) return;
      after = found.page.endCursor;
    }
  }

  async assignTask(key: string, assignee: string): Promise<void> {
    await this.call('POST', `/v2/user-tasks/${encodeURIComponent(key)}/assignment`, { assignee });
  }

  async completeTask(key: string, variables: Item = {}): Promise<void> {
    await this.call('POST', `/v2/user-tasks/${encodeURIComponent(key)}/completion`, { variables });
  }

  async cancel(instance: string): Promise<void> {
    await this.call('POST', `/v2/process-instances/${encodeURIComponent(instance)}/cancellation`, {});
  }

  /** What failed is tried again. */
  async resolve(incident: string): Promise<void> {
    await this.call('POST', `/v2/incidents/${encodeURIComponent(incident)}/resolution`, {});
  }

  /** `local`: of that scope alone. */
  async setVariables(scope: string, variables: Item, local = false): Promise<void> {
    await this.call('PUT', `/v2/element-instances/${encodeURIComponent(scope)}/variables`, { variables, local });
  }
}

function problemOf(response: Response, text: string): ApiError {
  try {
    const { title, detail } = JSON.parse(text) as { title?: string; detail?: string };
    if (title !== undefined) return new ApiError(response.status, title, detail ?? '');
  } catch {
    // a proxy that answers in HTML
  }
  return new ApiError(response.status, response.statusText, text.slice(0, 1000));
}

export { LosslessNumber };
