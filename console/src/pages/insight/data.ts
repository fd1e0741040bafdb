// SPDX-License-Identifier: Apache-2.0
// What is asked: which process, version and days. It stands in the address, and every page of insight reads it from there.
import { ask, search, type Path, type Schema } from '../../api/client';
import { param, to } from '../../state/route';

export type Figures = Schema<'InsightFigures'>;
export type Distribution = Schema<'InsightDistribution'>;
export type Dfg = Schema<'InsightDfg'>;
export type Variants = Schema<'InsightVariants'>;
export type Variant = Variants['variants'][number];
export type Waits = Schema<'InsightWaits'>;
export type Overlay = Schema<'InsightOverlay'>;
export type Definition = Schema<'ProcessDefinition'>;
export type Models = Schema<'PredictionModels'>;
export type Model = Models['items'][number];

export const RANGES = ['7', '30', '90', '365', 'all', 'own'] as const;
export type Range = (typeof RANGES)[number];
export const DEFAULT_RANGE: Range = '30';
const DAY_MS = 86_400_000;
export const TOPICS = ['insight']; // nobody tells of it: it is read again now and then, not at each change

export interface Scope {
  process: string;
  version: string;
  tenant: string;
  range: Range;
  since: string; // days in UTC; empty: no bound
  until: string; // exclusive
}

export const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const isDay = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));

export function daysBetween(since: string, until: string): number {
  return Math.round((Date.parse(until) - Date.parse(since)) / DAY_MS);
}

export function scopeOf(process: string): Scope {
  const wanted = param('range');
  const range = RANGES.find((one) => one === wanted) ?? DEFAULT_RANGE;
  const scope = { process, version: /^\d+$/.test(param('version')) ? param('version') : '', tenant: param('tenant'), range };
  if (range === 'all') return { ...scope, since: '', until: '' };
  if (range === 'own') return { ...scope, since: isDay(param('since')) ? param('since') : '', until: isDay(param('until')) ? param('until') : '' };
  const until = dayOf(Date.now() + DAY_MS); // today counts
  return { ...scope, since: dayOf(Date.parse(until) - Number(range) * DAY_MS), until };
}

/** As long a time, right before; null where there is no begin. */
export function scopeBefore(scope: Scope): Scope | null {
  if (!scope.since) return null;
  const until = scope.until || dayOf(Date.now() + DAY_MS);
  return { ...scope, since: dayOf(Date.parse(scope.since) - daysBetween(scope.since, until) * DAY_MS), until: scope.since };
}

export const keyOf = (scope: Scope) => JSON.stringify([scope.process, scope.version, scope.tenant, scope.since, scope.until]);

function pathOf(scope: Scope, what: string, more: Record<string, string> = {}): Path {
  const query = new URLSearchParams();
  const values = { version: scope.version, tenantId: scope.tenant, since: scope.since, until: scope.until, ...more };
  for (const [name, value] of Object.entries(values)) if (value) query.set(name, value);
  const text = query.toString();
  return `/v2/insight/processes/${encodeURIComponent(scope.process)}/${what}${text && `?${text}`}` as Path;
}

export function readInsight<Answer>(scope: Scope, what: string, more: Record<string, string> = {}, signalled?: AbortSignal): Promise<Answer> {
  return ask<Answer>({ method: 'GET', path: pathOf(scope, what, more) }, signalled);
}

export const modelsPath = (process: string) => `/v2/insight/prediction-models?processDefinitionId=${encodeURIComponent(process)}` as Path;

export const readFigures = async (scope: Scope, signalled?: AbortSignal) => (await readInsight<Schema<'InsightKpi'>>(scope, 'kpi', {}, signalled)).items[0] ?? null;

export type By = 'day' | 'week' | 'month' | 'version';
export const readFiguresBy = async (scope: Scope, by: By, signalled?: AbortSignal) => (await readInsight<Schema<'InsightKpi'>>(scope, 'kpi', { by }, signalled)).items;

/** So that a curve has enough points, and not too many. */
export function stepOf(days: number): By {
  return days <= 45 ? 'day' : days <= 270 ? 'week' : 'month';
}

/** Every version, the newest first. */
export async function readDefinitions(process: string): Promise<Definition[]> {
  const found = await search<Definition>('/v2/process-definitions/search', { filter: { processDefinitionId: process }, sort: [{ field: 'version', order: 'DESC' }], page: { limit: 500 } });
  return found.items;
}

// -- From a number to its cases -------------------------------------------------------------------

/** The list of instances, narrowed to those that a figure counts. */
export function listOf(scope: Scope, narrowed: Record<string, string>): string {
  const query = new URLSearchParams({ process: scope.process });
  const ended = scope.since || scope.until ? `${scope.since}..${scope.until}` : '';
  const isByEnd = !('started' in narrowed) && narrowed['state'] !== 'running';
  const values = { ...(scope.version && { version: scope.version }), ...(scope.tenant && { tenant: scope.tenant }), ...(isByEnd && ended && { ended }), ...narrowed };
  for (const [name, value] of Object.entries(values)) if (value) query.set(name, value);
  return `/instances?${query}`;
}

export const spanOf = (scope: Scope) => (scope.since || scope.until ? `${scope.since}..${scope.until}` : '');

export const insightOf = (process: string, query: Record<string, string> = {}) => {
  const text = new URLSearchParams(query).toString();
  return to('insight', process) + (text && `?${text}`);
};

/** A name for a way through the process that stays the same between readings. */
export function nameOf(variant: Pick<Variant, 'elements' | 'length'>): string {
  let hash = 0x811c9dc5;
  for (const letter of variant.elements.join('\u0000') + variant.length) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash.toString(36);
}
