// SPDX-License-Identifier: Apache-2.0
// Where the boxes and ways of a discovered map lie: layers from top to bottom, few crossings, what goes back goes up.
export const BOX_WIDTH = 176;
export const BOX_HEIGHT = 48;
const LAYER_GAP = 58;
const SIDE_GAP = 34;
const BEND_WIDTH = 46;
const SWEEPS = 12;
const MARGIN = 16;

export interface Way { from: string; to: string; weight: number }
export interface Point { x: number; y: number }
export interface Placed {
  boxes: Map<string, Point>; // middles
  ways: Map<string, Point[]>; // by wayKey: from the one's edge to the other's
  width: number;
  height: number;
}

export const wayKey = (way: Pick<Way, 'from' | 'to'>) => `${way.from}\u0000${way.to}`;

interface Spot { id: string; isBox: boolean; layer: number; x: number }
interface Link { from: Spot; to: Spot }

/** An order in which little goes back: what only begins first, what only ends last, else where most more goes out than in (Eades, Lin, Smyth). */
function orderOf(ids: string[], ways: Way[]): Map<string, number> {
  const left = new Set(ids);
  const [head, tail]: [string[], string[]] = [[], []];
  const take = (id: string, list: string[]) => { left.delete(id); list.push(id); };
  while (left.size > 0) {
    const into = new Map<string, number>();
    const out = new Map<string, number>();
    for (const way of ways) {
      if (!left.has(way.from) || !left.has(way.to)) continue;
      out.set(way.from, (out.get(way.from) ?? 0) + way.weight);
      into.set(way.to, (into.get(way.to) ?? 0) + way.weight);
    }
    const first = [...left].find((id) => !into.has(id));
    const last = [...left].find((id) => !out.has(id));
    const more = (id: string) => (out.get(id) ?? 0) - (into.get(id) ?? 0);
    if (first !== undefined) take(first, head);
    else if (last !== undefined) take(last, tail);
    else take([...left].reduce((best, id) => (more(id) > more(best) ? id : best)), head);
  }
  return new Map([...head, ...tail.reverse()].map((id, place) => [id, place]));
}

function backWays(ids: string[], ways: Way[]): Set<string> {
  const place = orderOf(ids, ways);
  return new Set(ways.filter((way) => (place.get(way.from) ?? 0) > (place.get(way.to) ?? 0)).map(wayKey));
}

/** Each box below all that lead to it. */
function layersOf(ids: string[], ways: Way[]): Map<string, number> {
  const layers = new Map(ids.map((id) => [id, 0]));
  for (let round = 0, moved = true; moved && round <= ids.length; round++) {
    moved = false;
    for (const way of ways) {
      const least = (layers.get(way.from) ?? 0) + 1;
      if ((layers.get(way.to) ?? 0) >= least) continue;
      layers.set(way.to, least);
      moved = true;
    }
  }
  // What only ways back lead to stands right above what it leads to.
  const [root] = ids;
  for (const id of ids) {
    const below = ways.filter((way) => way.from === id).map((way) => layers.get(way.to) ?? 0);
    if (id !== root && below.length > 0 && !ways.some((way) => way.to === id)) layers.set(id, Math.max(0, Math.min(...below) - 1));
  }
  return layers;
}

const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const widthOf = (spot: Spot) => (spot.isBox ? BOX_WIDTH : BEND_WIDTH);

/** Beside each other without touching, each as near to where it wants to be as the others let it. */
function spread(row: Spot[], wanted: (spot: Spot) => number) {
  const apart = (i: number) => (widthOf(row[i - 1]!) + widthOf(row[i]!)) / 2 + SIDE_GAP;
  const right = row.map(wanted);
  const left = [...right];
  for (let i = 1; i < row.length; i++) right[i] = Math.max(right[i]!, right[i - 1]! + apart(i));
  for (let i = row.length - 2; i >= 0; i--) left[i] = Math.min(left[i]!, left[i + 1]! - apart(i + 1));
  for (const [i, spot] of row.entries()) spot.x = (right[i]! + left[i]!) / 2;
}

function arrange(rows: Spot[][], links: Link[]) {
  const above = new Map<Spot, Spot[]>();
  const below = new Map<Spot, Spot[]>();
  for (const { from, to } of links) {
    below.set(from, [...(below.get(from) ?? []), to]);
    above.set(to, [...(above.get(to) ?? []), from]);
  }
  for (const row of rows) spread(row, () => 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0;
    const near = (spot: Spot) => (isDown ? above : below).get(spot) ?? [];
    const wanted = (spot: Spot) => (near(spot).length > 0 ? meanOf(near(spot).map((other) => other.x)) : spot.x);
    for (const row of isDown ? rows : [...rows].reverse()) {
      if (sweep < SWEEPS - 4) row.sort((a, b) => wanted(a) - wanted(b));
      spread(row, wanted);
    }
  }
}

/** `ids`: in the order in which they are begun with. */
export function layOut(ids: string[], all: Way[]): Placed {
  const known = new Set(ids);
  const ways = all.filter((way) => known.has(way.from) && known.has(way.to) && way.from !== way.to);
  const back = backWays(ids, ways);
  const down = ways.map((way) => (back.has(wayKey(way)) ? { from: way.to, to: way.from, weight: way.weight } : way));
  const layers = layersOf(ids, down);
  const rows: Spot[][] = Array.from({ length: Math.max(0, ...layers.values()) + 1 }, () => []);
  const put = (id: string, layer: number, isBox: boolean): Spot => {
    const spot = { id, isBox, layer, x: 0 };
    rows[layer]?.push(spot);
    return spot;
  };
  const boxes = new Map(ids.map((id) => [id, put(id, layers.get(id) ?? 0, true)]));
  const links: Link[] = [];
  const chains = new Map<string, Spot[]>();
  for (const [i, way] of ways.entries()) {
    const [top, bottom] = [boxes.get(down[i]!.from)!, boxes.get(down[i]!.to)!];
    const chain = [top];
    for (let layer = top.layer + 1; layer < bottom.layer; layer++) chain.push(put(`${i} ${layer}`, layer, false));
    chain.push(bottom);
    for (let j = 1; j < chain.length; j++) links.push({ from: chain[j - 1]!, to: chain[j]! });
    chains.set(wayKey(way), back.has(wayKey(way)) ? [...chain].reverse() : chain);
  }
  arrange(rows, links);
  return measured(rows, boxes, chains);
}

function measured(rows: Spot[][], boxes: Map<string, Spot>, chains: Map<string, Spot[]>): Placed {
  const spots = rows.flat();
  const least = Math.min(0, ...spots.map((spot) => spot.x - widthOf(spot) / 2));
  const most = Math.max(0, ...spots.map((spot) => spot.x + widthOf(spot) / 2));
  const yOf = (spot: Spot) => MARGIN + BOX_HEIGHT / 2 + spot.layer * (BOX_HEIGHT + LAYER_GAP);
  const at = (spot: Spot): Point => ({ x: spot.x - least + MARGIN, y: yOf(spot) });
  const ways = new Map<string, Point[]>();
  for (const [key, chain] of chains) {
    const points = chain.map(at);
    const isUp = points[0]!.y > points.at(-1)!.y;
    const edge = isUp ? -BOX_HEIGHT / 2 : BOX_HEIGHT / 2;
    const aside = isUp ? BOX_WIDTH / 4 : 0; // beside the way down
    points[0] = { x: points[0]!.x + aside, y: points[0]!.y + edge };
    points[points.length - 1] = { x: points.at(-1)!.x + aside, y: points.at(-1)!.y - edge };
    ways.set(key, points);
  }
  return { boxes: new Map([...boxes].map(([id, spot]) => [id, at(spot)])), ways, width: most - least + MARGIN * 2 + 40, height: rows.length * (BOX_HEIGHT + LAYER_GAP) - LAYER_GAP + MARGIN * 2 };
}

/** A smooth line that leaves and arrives upright. */
export function curveOf(points: Point[]): string {
  const [first, ...rest] = points;
  let line = `M${first!.x} ${first!.y}`;
  let before = first!;
  for (const point of rest) {
    const half = (point.y - before.y) / 2;
    line += `C${before.x} ${before.y + half} ${point.x} ${point.y - half} ${point.x} ${point.y}`;
    before = point;
  }
  return line;
}

export function middleOf(points: Point[]): Point {
  if (points.length % 2 === 1) return points[(points.length - 1) / 2]!;
  const [a, b] = [points[points.length / 2 - 1]!, points[points.length / 2]!];
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
