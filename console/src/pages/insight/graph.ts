// SPDX-License-Identifier: Apache-2.0
// The discovered map as boxes and ways: of all cases, or of some variants; the rare ones left out as the sliders say.
import type { Dfg, Distribution, Variant } from './data';
import { wayKey } from './layout';

export const START = '\u0001start';
export const END = '\u0001end';

export interface Box { id: string; name: string; type: string; n: number; cases: number }
export interface Edge { from: string; to: string; frequency: number; between: Distribution | null; waiting: Distribution | null }
export interface Graph { boxes: Box[]; edges: Edge[]; cases: number }

export function graphOf(dfg: Dfg): Graph {
  const boxes = dfg.activities.map((one): Box => ({ id: one.elementId, name: one.activity, type: one.type, n: one.n, cases: one.cases }));
  const ends = dfg.activities.flatMap((one): Edge[] => [
    ...(one.first > 0 ? [{ from: START, to: one.elementId, frequency: one.first, between: null, waiting: null }] : []), ...(one.last > 0 ? [{ from: one.elementId, to: END, frequency: one.last, between: null, waiting: null }] : [])]);
  return { boxes, edges: [...dfg.edges.map(({ from, to, frequency, between, waiting }) => ({ from, to, frequency, between, waiting })), ...ends], cases: dfg.cases };
}

/** Counted from the ways themselves; how long steps took, they do not say. */
export function graphOfVariants(variants: Variant[], dfg: Dfg): Graph {
  const types = new Map(dfg.activities.map((one) => [one.elementId, one.type]));
  const boxes = new Map<string, Box>();
  const edges = new Map<string, Edge>();
  const follow = (from: string, to: string, frequency: number) => {
    const edge = edges.get(wayKey({ from, to })) ?? { from, to, frequency: 0, between: null, waiting: null };
    edges.set(wayKey({ from, to }), { ...edge, frequency: edge.frequency + frequency });
  };
  for (const { elements, activities, frequency, length } of variants) {
    for (const [i, id] of elements.entries()) {
      const box = boxes.get(id) ?? { id, name: activities[i] ?? id, type: types.get(id) ?? '', n: 0, cases: 0 };
      boxes.set(id, { ...box, n: box.n + frequency, cases: box.cases + (elements.indexOf(id) === i ? frequency : 0) });
      follow(elements[i - 1] ?? START, id, frequency);
    }
    if (elements.length > 0 && elements.length === length) follow(elements.at(-1)!, END, frequency);
  }
  return { boxes: [...boxes.values()], edges: [...edges.values()].sort((a, b) => b.frequency - a.frequency), cases: variants.reduce((sum, one) => sum + one.frequency, 0) };
}

/** The busiest until they are so much of all; at least one. */
function busiest<Item>(items: Item[], weightOf: (item: Item) => number, percent: number): Set<Item> {
  const sorted = [...items].sort((a, b) => weightOf(b) - weightOf(a));
  const total = sorted.reduce((sum, item) => sum + weightOf(item), 0);
  const kept = new Set<Item>();
  let sum = 0;
  for (const item of sorted) {
    if (kept.size > 0 && sum >= (total * percent) / 100) break;
    kept.add(item);
    sum += weightOf(item);
  }
  return kept;
}

/** Takes in the busiest ways that are wanting until everything that could be reached is. `edges`: the most frequent first. */
function connect(kept: Set<Edge>, edges: Edge[], root: string, endsOf: (edge: Edge) => [string, string]) {
  const reached = new Set([root]);
  const spread = (known: Iterable<Edge>) => {
    for (let grew = true; grew;) {
      grew = false;
      for (const edge of known) {
        const [near, far] = endsOf(edge);
        if (!reached.has(near) || reached.has(far)) continue;
        reached.add(far);
        grew = true;
      }
    }
  };
  for (;;) {
    spread(kept);
    const next = edges.find((edge) => { const [near, far] = endsOf(edge); return reached.has(near) && !reached.has(far); });
    if (!next) return;
    kept.add(next);
  }
}

const MOST_WAYS = 400; // a map of more is a ball of wool, and slow to lay out
const READABLE_WAYS = 60; // or so many for each box
const READABLE_PER_BOX = 1.6;
const STEP = 5;

/** As many as can be read, as long as nobody has moved the slider. */
export function pathsAtFirst(graph: Graph, activities: number): number {
  const most = Math.max(READABLE_WAYS, graph.boxes.length * READABLE_PER_BOX);
  let percent = 100;
  while (percent > STEP && thinned(graph, activities, percent).edges.length > most) percent -= STEP;
  return percent;
}

/** Percent of all passages that are shown. No box stands alone: a way leads to each from the begin, and from each to the end. */
export function thinned(graph: Graph, activities: number, paths: number): Graph {
  const boxes = activities >= 100 ? new Set(graph.boxes) : busiest(graph.boxes, (box) => box.n, activities);
  const ids = new Set([...[...boxes].map((box) => box.id), START, END]);
  const edges = graph.edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to)).sort((a, b) => b.frequency - a.frequency);
  const kept = paths >= 100 ? new Set(edges) : busiest(edges, (edge) => edge.frequency, paths);
  connect(kept, edges, START, (edge) => [edge.from, edge.to]);
  connect(kept, edges, END, (edge) => [edge.to, edge.from]);
  const shown = edges.filter((edge) => kept.has(edge)).slice(0, MOST_WAYS);
  return { ...graph, boxes: graph.boxes.filter((box) => boxes.has(box)), edges: shown };
}
