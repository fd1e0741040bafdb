// SPDX-License-Identifier: Apache-2.0
// A list as a file: what is shown, as it is shown, up to what one search gives.
import { search } from '../api/client';
import { say, sayProblem } from '../state/toasts';
import { showNumber } from '../state/look';
import { t } from '../text';
import { filterOf, sortOf, type Column, type ListSpec } from './spec';

export const EXPORT_ROWS = 10_000;

// A spreadsheet would take what begins so for a formula.
const csvField = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

export function csvOf<Item>(columns: Column<Item>[], items: Item[]): string {
  const rows = [columns.map((column) => column.title), ...items.map((item) => columns.map((column) => column.text(item)))];
  return '\ufeff' + rows.map((row) => row.map(csvField).join(',')).join('\r\n') + '\r\n';
}

export function save(name: string, type: string, text: string) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = Object.assign(document.createElement('a'), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export async function exportList<Item>(spec: ListSpec<Item>, columns: Column<Item>[], kind: 'csv' | 'json') {
  try {
    const { items, page } = await search<Item>(spec.path, { filter: filterOf(spec), sort: [sortOf(spec)], page: { limit: EXPORT_ROWS } });
    const text = kind === 'csv' ? csvOf(columns, items) : JSON.stringify(items, null, 2);
    save(`${spec.name}.${kind}`, kind === 'csv' ? 'text/csv' : 'application/json', text);
    const isCut = page.hasMoreTotalItems || page.totalItems > items.length;
    say('done', t(isCut ? 'list.exported.cut' : 'list.exported', { count: showNumber(items.length) }));
  } catch (error) {
    sayProblem(t('list.export'), error);
  }
}
