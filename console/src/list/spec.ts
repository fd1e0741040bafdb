// SPDX-License-Identifier: Apache-2.0
// What a list is: where it comes from, how it is narrowed, what its columns are. The component beside this file shows any of them.
import type { ComponentChildren } from 'preact';
import type { Path } from '../api/client';
import type { IconName } from '../design/icon';
import type { Topic } from '../state/live';
import { param } from '../state/route';

export interface Column<Item> {
  id: string;
  title: string;
  sort?: string; // the API's field
  cell: (item: Item) => ComponentChildren;
  text: (item: Item) => string; // for exports
  look?: string; // on phones: "aside", "full", "wide-only"
  optional?: boolean; // shown when it is chosen
}

/** One control above a list; its value stands in the address under `id`. */
export interface Narrowing {
  id: string;
  label: string;
  choices?: { id: string; label: string }[]; // absent: a text
  initial?: string;
  rare?: boolean; // shown when it is asked for
  toFilter: (value: string) => Record<string, unknown> | null;
}

export interface Bulk<Item> {
  label: string;
  bad?: boolean;
  run: (chosen: Chosen<Item>) => void;
}

/** What was chosen: rows, or everything that the filter finds. */
export interface Chosen<Item> {
  items: Item[];
  all: boolean;
  filter: Record<string, unknown>;
  total: number;
  isMore: boolean;
  clear: () => void;
}

export interface ListSpec<Item> {
  name: string; // of exports, and of the columns that are remembered
  label: string;
  path: Path;
  base?: Record<string, unknown>; // always in the filter
  narrowings?: Narrowing[];
  columns: Column<Item>[];
  sort: { field: string; order: 'ASC' | 'DESC' };
  keyOf: (item: Item) => string;
  hrefOf?: (item: Item) => string;
  bulk?: Bulk<Item>[];
  topics: Topic[];
  empty: { icon: IconName; title: string; text: string; command?: string };
}

export const like = (text: string) => ({ $like: `*${text.replace(/[\\*?]/g, '\\$&')}*` });

export function filterOf<Item>(spec: ListSpec<Item>): Record<string, unknown> {
  const filter: Record<string, unknown> = { ...spec.base };
  for (const narrowing of spec.narrowings ?? []) {
    const value = param(narrowing.id) || narrowing.initial || '';
    Object.assign(filter, value ? narrowing.toFilter(value) : null);
  }
  return filter;
}

export function sortOf<Item>(spec: ListSpec<Item>): ListSpec<Item>['sort'] {
  const [field, order] = param('sort').split('.');
  const isKnown = spec.columns.some((column) => column.sort === field);
  return isKnown && field ? { field, order: order === 'desc' ? 'DESC' : 'ASC' } : spec.sort;
}

export const isNarrowed = <Item>(spec: ListSpec<Item>) => (spec.narrowings ?? []).some(({ id }) => param(id) !== '');
