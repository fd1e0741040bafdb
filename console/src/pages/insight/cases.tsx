// SPDX-License-Identifier: Apache-2.0
// The cases behind a figure that no filter of the list can name: looked for in the log, some thousands at a time.
import { useEffect, useState } from 'preact/hooks';
import { Bones, Button, Dialog, Empty, Failure, Scroll, Time } from '../../design/parts';
import type { Schema } from '../../api/client';
import { csvOf, save } from '../../list/export';
import { useLoad } from '../../state/load';
import { showNumber, showSpan } from '../../state/look';
import { param, setParams, to } from '../../state/route';
import { t } from '../../text';
import { keyOf, nameOf, readInsight, type Scope } from './data';

type Case = Schema<'InsightCase'>;
type Event = Schema<'InsightEvent'>;

const PAGE = 1000;
const SHOWN = 500;

const done = (one: Case): Event[] => one.events.filter((event) => !event.cancelled);
const cycleOf = (one: Case) => (one.endedMs ?? one.startedMs) - one.startedMs;

/** Time in which somebody works on it: what overlaps counts once. */
function touchOf(one: Case): number {
  let sum = 0;
  let until = 0;
  for (const event of [...done(one)].sort((a, b) => a.startedMs - b.startedMs)) {
    sum += Math.max(0, event.endedMs - Math.max(event.startedMs, until));
    until = Math.max(until, event.endedMs);
  }
  return sum;
}

function isRework(one: Case, element = ''): boolean {
  const ids = done(one).map((event) => event.elementId);
  return element ? ids.filter((id) => id === element).length > 1 : new Set(ids).size < ids.length;
}

const hasPerson = (one: Case) => done(one).some((event) => event.type === 'userTask');
const hasIncident = (one: Case) => one.events.some((event) => event.incidents > 0);
const follows = (one: Case, from: string, to: string) => {
  const ids = ['', ...done(one).map((event) => event.elementId), ''];
  return ids.some((id, i) => i > 0 && ids[i - 1] === from && id === to);
};
const wayOf = (one: Case) => ({ elements: done(one).map((event) => event.elementId).slice(0, 200), length: done(one).length });
// What was rounded on its way here must not lose the very case that the value is of.
const atLeast = (ms: number, seconds: string | undefined) => ms >= Number(seconds) * 1000 - 1;

type Test = (one: Case, ...values: string[]) => boolean;
const TESTS: Record<string, Test> = {
  cycle: (one, seconds) => atLeast(cycleOf(one), seconds), touch: (one, seconds) => atLeast(touchOf(one), seconds), wait: (one, seconds) => atLeast(cycleOf(one) - touchOf(one), seconds),
  rework: (one, element) => isRework(one, element), first: (one) => !isRework(one), human: (one) => hasPerson(one) || isRework(one), through: (one) => !hasPerson(one) && !isRework(one),
  incident: (one, element) => (element ? one.events.some((event) => event.elementId === element && event.incidents > 0) : hasIncident(one)), smooth: (one) => !hasIncident(one),
  edge: (one, from = '', to = '') => follows(one, from, to), variant: (one, name) => nameOf(wayOf(one)) === name,
  took: (one, element, seconds) => done(one).some((event) => event.elementId === element && atLeast(event.endedMs - event.enabledMs, seconds)),
  waited: (one, element, seconds) => done(one).some((event) => event.elementId === element && atLeast(event.startedMs - event.enabledMs, seconds)),
  breached: (one, element) => one.events.some((event) => event.elementId === element && event.breached),
};

/** "cycle:3600", "edge:a:b": what, and of what; parts of it are encoded. */
export const casesOf = (what: string, ...values: (string | number)[]) => [what, ...values.map((value) => encodeURIComponent(value))].join(':');

function wanted(text: string): { test: (one: Case) => boolean; title: string } | null {
  const [what = '', ...encoded] = text.split(':');
  const test = TESTS[what];
  if (!test || !Object.hasOwn(TESTS, what)) return null;
  const values = encoded.map((value) => { try { return decodeURIComponent(value); } catch { return value; } });
  const isSpanLast = ['cycle', 'wait', 'touch', 'took', 'waited'].includes(what);
  const shown = values.map((value, i) => (isSpanLast && i === values.length - 1 ? showSpan(Number(value) * 1000) : value || t('insight.edge.end')));
  return { test: (one) => test(one, ...values), title: t(`insight.which.${what}${what === 'rework' || what === 'incident' ? (values[0] ? '.at' : '') : ''}` as 'insight.which.cycle', { a: shown[0] ?? '', b: shown[1] ?? '' }) };
}

interface Read { cases: Case[]; next: string | null; read: number }

async function readCases(scope: Scope, test: (one: Case) => boolean, after: string, signalled?: AbortSignal): Promise<Read> {
  const page = await readInsight<Schema<'InsightLog'>>(scope, 'log', { cases: 'completed', limit: String(PAGE), ...(after && { after }) }, signalled);
  return { cases: page.cases.filter(test), next: page.next, read: page.cases.length };
}

function exportCases(cases: Case[]) {
  const columns = [
    { id: 'name', title: t('instance'), cell: () => null, text: (one: Case) => one.businessId ?? one.processInstanceKey }, { id: 'key', title: t('key'), cell: () => null, text: (one: Case) => one.processInstanceKey },
    { id: 'started', title: t('started'), cell: () => null, text: (one: Case) => new Date(one.startedMs).toISOString() }, { id: 'ended', title: t('ended'), cell: () => null, text: (one: Case) => (one.endedMs ? new Date(one.endedMs).toISOString() : '') },
    { id: 'seconds', title: t('duration'), cell: () => null, text: (one: Case) => String(cycleOf(one) / 1000) }, { id: 'way', title: t('insight.way'), cell: () => null, text: (one: Case) => done(one).map((event) => event.activity).join(' > ') }];
  save('cases.csv', 'text/csv', csvOf(columns, cases));
}

function Table({ cases }: { cases: Case[] }) {
  const longest = Math.max(1, ...cases.map(cycleOf));
  return (
    <Scroll label={t('insight.cases')} style={{ maxHeight: '52vh' }}><table class="table cards"><thead><tr><th scope="col">{t('instance')}</th><th scope="col">{t('duration')}</th><th scope="col">{t('ended')}</th><th scope="col">{t('insight.way')}</th></tr></thead>
      <tbody>{cases.slice(0, SHOWN).map((one) => (
        <tr key={one.processInstanceKey}>
          <td><a class="strong" href={to('instances', one.processInstanceKey)}>{one.businessId || one.processInstanceKey}</a> <span class="soft small">v{one.processDefinitionVersion}</span></td>
          <td class="aside"><span class="row"><span class="meter only-wide" style={{ width: '70px', minWidth: '70px' }}><span style={{ width: `${(cycleOf(one) / longest) * 100}%` }} /></span><span class="num nowrap">{showSpan(cycleOf(one))}</span></span></td>
          <td class="wide-only"><Time time={one.endedMs ? new Date(one.endedMs).toISOString() : null} /></td>
          <td class="full" title={done(one).map((event) => event.activity).join(' › ')}><span class="small soft">{done(one).map((event) => event.activity).join(' › ')}</span></td>
        </tr>
      ))}</tbody></table></Scroll>
  );
}

function Found({ scope, test }: { scope: Scope; test: (one: Case) => boolean }) {
  const [found, setFound] = useState<Read | null>(null);
  const [isReading, setReading] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const first = useLoad(`cases ${keyOf(scope)}`, (signalled) => readCases(scope, test, '', signalled));
  useEffect(() => { if (first.value) setFound(first.value); }, [first.value]);
  const readOn = async () => {
    if (!found?.next) return;
    setReading(true);
    setError(null);
    try {
      const more = await readCases(scope, test, found.next);
      setFound({ cases: [...found.cases, ...more.cases], next: more.next, read: found.read + more.read });
    } catch (failure) {
      setError(failure);
    } finally {
      setReading(false);
    }
  };
  if (first.error !== null) return <Failure error={first.error} retry={first.reload} />;
  if (!found) return <Bones rows={4} />;
  const cases = [...found.cases].sort((a, b) => cycleOf(b) - cycleOf(a));
  return (
    <>
      {cases.length > 0 ? <Table cases={cases} /> : <Empty icon="search" title={t('insight.nocases')}><p>{t('insight.nocases.text')}</p></Empty>}
      {error !== null && <Failure error={error} />}
      <div class="row wrap between">
        <span class="small soft">{t('insight.found', { found: showNumber(cases.length), read: showNumber(found.read) })}{cases.length > SHOWN && ` · ${t('list.shown', { shown: SHOWN, total: showNumber(cases.length) })}`}{!found.next && ` · ${t('insight.allread')}`}</span>
        <span class="row">{found.next && <Button small disabled={isReading} onClick={() => void readOn()}>{isReading ? t('working') : t('insight.readon')}</Button>}{cases.length > 0 && <Button small icon="download" onClick={() => exportCases(cases)}>CSV</Button>}</span>
      </div>
    </>
  );
}

export function CasesDialog({ scope }: { scope: Scope }) {
  const text = param('cases');
  const what = text ? wanted(text) : null;
  if (!what) return null;
  return <Dialog wide key={text} title={what.title} onClose={() => setParams({ cases: null })}><Found scope={scope} test={what.test} /></Dialog>;
}
