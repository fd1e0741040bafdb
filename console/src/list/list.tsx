// SPDX-License-Identifier: Apache-2.0
// Any list of the console: narrowed and ordered by the address, windowed, live, exported.
import { useEffect, useRef, useState } from 'preact/hooks';
import { search } from '../api/client';
import { Icon } from '../design/icon';
import { Bones, Button, Empty, Failure, Menu } from '../design/parts';
import { useLoad } from '../state/load';
import { showNumber, showTime, zoneLabel } from '../state/look';
import { go, param, setParams, withParams } from '../state/route';
import { t } from '../text';
import { EXPORT_ROWS, exportList } from './export';
import { filterOf, isNarrowed, sortOf, type Chosen, type Column, type ListSpec, type Narrowing } from './spec';
import { useWindow } from './window';

const PAGE = 100;

function TextNarrowing({ narrowing }: { narrowing: Narrowing }) {
  const value = param(narrowing.id);
  const [text, setText] = useState(value);
  const rest = useRef(0);
  useEffect(() => setText(value), [value]);
  const onInput = (next: string) => {
    setText(next);
    clearTimeout(rest.current);
    rest.current = window.setTimeout(() => setParams({ [narrowing.id]: next.trim() }), 250);
  };
  return <input class="input search-field" type="search" aria-label={narrowing.label} placeholder={narrowing.label} value={text} onInput={(event) => onInput(event.currentTarget.value)} />;
}

function ChoiceNarrowing({ narrowing }: { narrowing: Narrowing }) {
  return (
    <select class="input" aria-label={narrowing.label} value={param(narrowing.id) || narrowing.initial || ''} onChange={(event) => setParams({ [narrowing.id]: event.currentTarget.value })}>
      {!narrowing.initial && <option value="">{narrowing.label}: {t('all')}</option>}
      {narrowing.choices?.map((choice) => <option key={choice.id} value={choice.id}>{narrowing.initial ? choice.label : `${narrowing.label}: ${choice.label}`}</option>)}
    </select>
  );
}

function Filters<Item>({ spec }: { spec: ListSpec<Item> }) {
  const [isMore, setMore] = useState(false);
  const all = spec.narrowings ?? [];
  if (all.length === 0) return <h2>{spec.label}</h2>;
  const shown = all.filter((narrowing) => !narrowing.rare || isMore || param(narrowing.id) !== '');
  return (
    <div class="filters">
      {shown.map((narrowing) => narrowing.choices ? <ChoiceNarrowing key={narrowing.id} narrowing={narrowing} /> : <TextNarrowing key={narrowing.id} narrowing={narrowing} />)}
      {shown.length < all.length && <Button look="plain" icon="filter" onClick={() => setMore(true)}>{t('list.morefilters')}</Button>}
      {isNarrowed(spec) && <a class="button plain" href={withParams(Object.fromEntries(all.map(({ id }) => [id, null])))}>{t('list.reset')}</a>}
    </div>
  );
}

/** Nothing under the list's first narrowing may still be something under a wider one. */
function Nothing<Item>({ spec }: { spec: ListSpec<Item> }) {
  const wider = spec.narrowings?.find((narrowing) => narrowing.initial && narrowing.choices?.some((choice) => choice.id === 'any'));
  const { icon, title, text, command } = spec.empty;
  return <Empty icon={icon} title={title} command={command}><p>{text}</p>{wider && <Button onClick={() => setParams({ [wider.id]: 'any' })}>{t('list.any')}</Button>}</Empty>;
}

function Head<Item>({ spec, columns, pick }: { spec: ListSpec<Item>; columns: Column<Item>[]; pick: preact.ComponentChildren }) {
  const sort = sortOf(spec);
  return (
    <thead>
      <tr>
        {pick}
        {columns.map((column) => {
          const isSorted = column.sort === sort.field;
          const next = isSorted && sort.order === 'ASC' ? 'desc' : 'asc';
          return (
            <th key={column.id} scope="col" aria-sort={isSorted ? (sort.order === 'ASC' ? 'ascending' : 'descending') : undefined}>
              {column.sort
                ? <button type="button" onClick={() => setParams({ sort: `${column.sort}.${next}` })}>{column.title}{isSorted && <Icon name={sort.order === 'ASC' ? 'up' : 'down'} size={13} />}</button>
                : column.title}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function Foot({ shown, total, isMore, at }: { shown: number; total: number; isMore: boolean; at: number }) {
  const of = `${showNumber(total)}${isMore ? '+' : ''}`;
  return (
    <div class="listfoot">
      <span>{shown < total || isMore ? t('list.shown', { shown: showNumber(shown), total: of }) : t('list.total', { total: of })}{shown >= EXPORT_ROWS && ` · ${t('list.narrow')}`}</span>
      <span>{t('list.asof', { time: showTime(new Date(at).toISOString()), zone: zoneLabel.value })}</span>
    </div>
  );
}

function useColumns<Item>(spec: ListSpec<Item>) {
  const chosen = param('columns');
  const ids = chosen ? chosen.split(',') : spec.columns.filter((column) => !column.optional).map((column) => column.id);
  const toggle = (id: string) => setParams({ columns: (ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]).join(',') });
  return { columns: spec.columns.filter((column) => ids.includes(column.id)), ids, toggle };
}

function SelectBar<Item>({ spec, chosen, everything, chooseEverything }: { spec: ListSpec<Item>; chosen: Chosen<Item>; everything: boolean; chooseEverything: () => void }) {
  const total = `${showNumber(chosen.total)}${chosen.isMore ? '+' : ''}`;
  return (
    <div class="selectbar" role="toolbar" aria-label={t('list.selected.label')}>
      <strong class="num">{t('list.selected', { count: everything ? total : showNumber(chosen.items.length) })}</strong>
      {!everything && chosen.total > chosen.items.length && <Button small look="plain" onClick={chooseEverything}>{t('list.select.all', { total })}</Button>}
      <span class="grow" />
      {spec.bulk?.map((bulk) => <Button key={bulk.label} small look={bulk.bad ? 'bad' : undefined!} onClick={() => bulk.run(chosen)}>{bulk.label}</Button>)}
      <Button small look="plain" icon="x" aria-label={t('list.select.none')} onClick={chosen.clear} />
    </div>
  );
}

export function List<Item>({ spec, tools }: { spec: ListSpec<Item>; tools?: preact.ComponentChildren }) {
  const filter = filterOf(spec);
  const sort = sortOf(spec);
  const limit = useRef(PAGE);
  const key = JSON.stringify([spec.path, filter, sort]);
  const found = useLoad(key, (signalled) => search<Item>(spec.path, { filter, sort: [sort], page: { limit: limit.current } }, signalled), spec.topics);
  const { columns, ids, toggle } = useColumns(spec);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [everything, setEverything] = useState(false);
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    limit.current = PAGE;
    setPicked(new Set());
    setEverything(false);
  }, [key]);

  const items = found.value?.items ?? [];
  const total = found.value?.page.totalItems ?? 0;
  const isMore = found.value?.page.hasMoreTotalItems ?? false;
  const seen = useWindow(body, items.length);
  useEffect(() => {
    if (found.value && seen.to >= items.length - 20 && items.length >= limit.current && items.length < EXPORT_ROWS) {
      limit.current = Math.min(EXPORT_ROWS, limit.current * 4);
      found.reload();
    }
  }, [seen.to, items.length]);

  const clear = () => { setPicked(new Set()); setEverything(false); };
  const chosen: Chosen<Item> = { items: items.filter((item) => picked.has(spec.keyOf(item))), all: everything, filter, total, isMore, clear };
  const pick = (keys: string[], on: boolean) => {
    const next = new Set(picked);
    for (const one of keys) if (on) next.add(one); else next.delete(one);
    setPicked(next);
    setEverything(false);
  };
  const allPicked = items.length > 0 && items.every((item) => picked.has(spec.keyOf(item)));
  const hasBulk = (spec.bulk?.length ?? 0) > 0;

  return (
    <section class="panel" aria-label={spec.label}>
      <div class="row wrap between" style={{ padding: '10px 14px', borderBottom: '1px solid var(--line)' }}>
        <Filters spec={spec} />
        <div class="row">
          {tools}
          <span class="only-wide"><Menu label={t('list.columns')} button={<Icon name="columns" />} items={spec.columns.map((column) => ({ label: column.title, icon: ids.includes(column.id) ? 'check' : 'plus', run: () => toggle(column.id) }))} /></span>
          <Menu label={t('list.export')} button={<Icon name="download" />} items={[{ label: 'CSV', run: () => void exportList(spec, columns, 'csv') }, { label: 'JSON', run: () => void exportList(spec, columns, 'json') }]} />
        </div>
      </div>
      {picked.size > 0 && hasBulk && <SelectBar spec={spec} chosen={chosen} everything={everything} chooseEverything={() => setEverything(true)} />}
      {found.error !== null && <div style={{ padding: '14px' }}><Failure error={found.error} retry={found.reload} /></div>}
      {found.value === null && found.error === null && <div style={{ padding: '16px' }}><Bones rows={6} /></div>}
      {found.value && items.length === 0 && (isNarrowed(spec)
        ? <Empty icon="search" title={t('list.none')}><p>{t('list.none.text')}</p></Empty>
        : <Nothing spec={spec} />)}
      {items.length > 0 && (
        <div class="scroll list-scroll" tabIndex={0} role="group" aria-label={spec.label}>
          <table class="table cards">
            <caption class="hidden-text">{spec.label}</caption>
            <Head spec={spec} columns={columns} pick={hasBulk && <th class="pick" scope="col"><input type="checkbox" aria-label={t('list.select.shown')} checked={allPicked} onChange={(event) => pick(items.map(spec.keyOf), event.currentTarget.checked)} /></th>} />
            <tbody ref={body}>
              {seen.from > 0 && <tr class="space" aria-hidden="true"><td style={{ height: `${seen.from * seen.height}px` }} /></tr>}
              {items.slice(seen.from, seen.to).map((item) => {
                const id = spec.keyOf(item);
                const href = spec.hrefOf?.(item);
                return (
                  <tr key={id} class={`${href ? 'open' : ''} ${hasBulk ? 'picks' : ''}`} aria-selected={hasBulk ? picked.has(id) : undefined}
                    onClick={(event) => href && !(event.target as Element).closest('a,button,input,select') && !getSelection()?.toString() && go(href)}>
                    {hasBulk && <td class="pick"><input type="checkbox" aria-label={t('list.select.row')} checked={picked.has(id)} onChange={(event) => pick([id], event.currentTarget.checked)} /></td>}
                    {columns.map((column) => <td key={column.id} class={column.look}>{column.cell(item)}</td>)}
                  </tr>
                );
              })}
              {seen.to < items.length && <tr class="space" aria-hidden="true"><td style={{ height: `${(items.length - seen.to) * seen.height}px` }} /></tr>}
            </tbody>
          </table>
        </div>
      )}
      {found.value && items.length > 0 && <Foot shown={items.length} total={total} isMore={isMore} at={found.at} />}
    </section>
  );
}
