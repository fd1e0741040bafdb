// SPDX-License-Identifier: Apache-2.0
// The figures of a process: how each is shown, and which cases stand behind it. One table says it for tiles, curves and comparisons.
import { showNumber, showShare, showSpan } from '../../state/look';
import type { Key } from '../../text';
import type { Distribution, Figures, Scope } from './data';
import { listOf, spanOf } from './data';

export type Unit = 'count' | 'span' | 'share' | 'number';

export interface Metric {
  id: string;
  unit: Unit;
  value: (figures: Figures) => number | null;
  second?: { label: Key; value: (figures: Figures) => number | null }; // a second curve
  distribution?: (figures: Figures) => Distribution;
  better?: 'less' | 'more';
  cases: { label: Key; href: (scope: Scope) => string; count?: (figures: Figures) => number }[];
}

/** The median of one value is that value. */
const median = (spread: Distribution) => (spread.n === 1 ? spread.mean : spread.p50);
const rounded = (value: number) => showNumber(Math.round(value * 100) / 100);

export function showUnit(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return '–';
  return unit === 'span' ? showSpan(value * 1000) : unit === 'share' ? showShare(value) : unit === 'count' ? showNumber(Math.round(value)) : rounded(value);
}

/** Cases that no filter of the list can name are found in the log: `?cases=` opens them over the page. */
export const inLog = (what: string) => (): string => `cases:${what}`;
const ended = (state: string, more: Record<string, string> = {}) => (scope: Scope) => listOf(scope, { state, ...more });

const share = (id: string, value: Metric['value'], good: string, bad: string, yes: Key, no: Key): Metric => ({
  id, unit: 'share', value, better: 'more', cases: [{ label: yes, href: inLog(good) }, { label: no, href: inLog(bad) }],
});

export const METRICS: Metric[] = [
  { id: 'cases', unit: 'count', value: (all) => all.cases, second: { label: 'insight.started', value: (all) => all.started }, cases: [
    { label: 'insight.cases.completed', href: ended('completed'), count: (all) => all.cases }, { label: 'insight.cases.canceled', href: ended('terminated'), count: (all) => all.terminated },
    { label: 'insight.cases.started', href: (scope) => listOf(scope, { state: 'any', started: spanOf(scope) }), count: (all) => all.started }] },
  { id: 'cycle', unit: 'span', value: (all) => median(all.cycleTime), second: { label: 'insight.p95', value: (all) => all.cycleTime.p95 }, distribution: (all) => all.cycleTime, better: 'less', cases: [] },
  { id: 'wait', unit: 'span', value: (all) => median(all.waitTime), second: { label: 'insight.p95', value: (all) => all.waitTime.p95 }, distribution: (all) => all.waitTime, better: 'less', cases: [] },
  { id: 'touch', unit: 'span', value: (all) => median(all.touchTime), second: { label: 'insight.p95', value: (all) => all.touchTime.p95 }, distribution: (all) => all.touchTime, better: 'less', cases: [] },
  { id: 'efficiency', unit: 'share', value: (all) => all.flowEfficiency, better: 'more', cases: [{ label: 'insight.cases.completed', href: ended('completed'), count: (all) => all.cases }] },
  { id: 'sla', unit: 'share', value: (all) => all.slaHitRate, better: 'more', cases: [{ label: 'insight.cases.kept', href: ended('completed', { sla: 'kept' }) }, { label: 'insight.cases.breached', href: ended('completed', { sla: 'breached' }) }] },
  share('through', (all) => all.straightThroughRate, 'through', 'human', 'insight.cases.through', 'insight.cases.human'),
  share('yield', (all) => all.firstPassYield, 'first', 'rework', 'insight.cases.first', 'insight.cases.rework'),
  share('incidents', (all) => all.incidentFreeRate, 'smooth', 'incident', 'insight.cases.smooth', 'insight.cases.incident'),
  { id: 'automation', unit: 'share', value: (all) => all.automationRate, better: 'more', cases: [{ label: 'insight.cases.human', href: inLog('human') }] },
  { id: 'cost', unit: 'number', value: (all) => all.costPerCase, better: 'less', cases: [{ label: 'insight.cases.completed', href: ended('completed', { columns: 'name,state,start,end,cost' }), count: (all) => all.cases }] },
  { id: 'wip', unit: 'number', value: (all) => all.workInProgress, second: { label: 'insight.littles', value: (all) => all.littlesLaw }, cases: [{ label: 'insight.cases.running', href: (scope) => listOf(scope, { state: 'running' }) }] },
];

export const metricOf = (id: string): Metric => METRICS.find((metric) => metric.id === id) ?? METRICS[1]!;
