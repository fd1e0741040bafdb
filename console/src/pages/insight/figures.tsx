// SPDX-License-Identifier: Apache-2.0
// Figures as tiles; the one that is chosen at large: over time, its spread, by version, and the cases behind it.
import { useState } from 'preact/hooks';
import { Button, Empty, Failure, Bones, Panel, Scroll } from '../../design/parts';
import { useLoad } from '../../state/load';
import { showDay, showNumber, showShare } from '../../state/look';
import { param, setParams, withParams } from '../../state/route';
import { t, type Key } from '../../text';
import { Chart, Spark, type Curve } from './chart';
import { dayOf, daysBetween, keyOf, listOf, readFigures, readFiguresBy, scopeBefore, stepOf, TOPICS, type Figures, type Scope } from './data';
import { METRICS, metricOf, showUnit, type Metric } from './metrics';

const nameOf = (metric: Metric) => t(`kpi.${metric.id}` as Key);
export const hrefOf = (href: string) => (href.startsWith('cases:') ? withParams({ cases: href.slice(6) }) : href);

/** More or less than in the time before, in words and by an arrow. */
function Change({ metric, now, before }: { metric: Metric; now: number | null; before: number | null }) {
  if (now === null || before === null || before === 0) return null;
  const change = metric.unit === 'share' ? now - before : now / before - 1;
  const isSame = Math.abs(change) < 0.005;
  const isGood = metric.better !== undefined && !isSame && change > 0 === (metric.better === 'more');
  const text = metric.unit === 'share' ? t('insight.points', { points: showNumber(Math.abs(Math.round(change * 1000) / 10)) }) : showShare(Math.abs(change));
  return <span class={`small change ${metric.better && !isSame ? (isGood ? 'good' : 'worse') : ''}`} title={t('insight.before', { value: showUnit(before, metric.unit) })}>{isSame ? '=' : change > 0 ? '▲' : '▼'} {isSame ? t('insight.same') : text}</span>;
}

function Tile({ metric, all, before, series, isChosen }: { metric: Metric; all: Figures; before: Figures | null; series: Figures[]; isChosen: boolean }) {
  const value = metric.value(all);
  const second = metric.second && metric.unit === 'span' ? `${t(metric.second.label)} ${showUnit(metric.second.value(all), 'span')}` : '';
  return (
    <button type="button" class="panel tile" aria-pressed={isChosen} onClick={() => setParams({ kpi: metric.id === METRICS[1]!.id ? null : metric.id })} title={t(`kpi.${metric.id}.about` as Key)}>
      <span class="row between"><span class="cut tile-name">{nameOf(metric)}</span>{before && <Change metric={metric} now={value} before={metric.value(before)} />}</span>
      <span class="row between tile-value"><strong class="num">{showUnit(value, metric.unit)}</strong><Spark values={series.map(metric.value)} /></span>
      <span class="small soft cut">{second || (value === null ? t('insight.toofew') : t(`kpi.${metric.id}.short` as Key, { cases: showNumber(all.cases), canceled: showNumber(all.terminated), people: showNumber(Math.round(all.people ?? 0)), running: showNumber(all.inProgress), rework: showUnit(all.reworkRate, 'share'), perCase: showUnit(all.incidentsPerCase, 'number') }))}</span>
    </button>
  );
}

const QUANTILES = ['min', 'p50', 'p75', 'p90', 'p95', 'p99', 'max'] as const;

/** Each value leads to the cases that took so long, or longer. */
function Spread({ metric, all }: { metric: Metric; all: Figures }) {
  const spread = metric.distribution?.(all);
  if (!spread) return null;
  const most = spread.max ?? 1;
  return (
    <ul class="spread" aria-label={t('insight.spread')}>
      {QUANTILES.map((name) => {
        const value = spread[name];
        const note = spread.notes.find((one) => one.startsWith(name));
        return (
          <li key={name}>
            <span class="soft small">{t(`insight.${name}` as Key)}</span>
            <span class="meter"><span style={{ width: `${value === null ? 0 : Math.max(1, (value / (most || 1)) * 100)}%` }} /></span>
            {value === null ? <span class="small soft" title={note}>{note ? t('insight.needs', { count: /needs (\d+)/.exec(note)?.[1] ?? '?' }) : '–'}</span>
              : <a class="num strong" href={withParams({ cases: `${metric.id}:${value}` })} title={t('insight.slower', { span: showUnit(value, 'span') })}>{showUnit(value, 'span')}</a>}
          </li>
        );
      })}
      <li><span class="soft small">{t('insight.mean')}</span><span /><span class="num">{showUnit(spread.mean, 'span')}</span></li>
    </ul>
  );
}

function Cases({ metric, all, scope }: { metric: Metric; all: Figures; scope: Scope }) {
  if (metric.cases.length === 0) return null;
  return <ul class="lines casesof">{metric.cases.map((link) => <li key={link.label}><a href={hrefOf(link.href(scope))}><span class="grow">{t(link.label)}</span>{link.count && <span class="num strong">{showNumber(link.count(all))}</span>}<span aria-hidden="true">→</span></a></li>)}</ul>;
}

function nextDay(items: Figures[], i: number, scope: Scope): string {
  return (items[i + 1]?.from ?? '').slice(0, 10) || scope.until || dayOf(Date.now() + 86_400_000);
}

function OverTime({ metric, series, scope }: { metric: Metric; series: Figures[]; scope: Scope }) {
  const [isTable, setTable] = useState(false);
  const days = series.map((one) => (one.from ?? '').slice(0, 10));
  const curves: Curve[] = [{ label: metric.unit === 'span' ? t('insight.p50') : nameOf(metric), look: 'first', values: series.map(metric.value) }];
  if (metric.second && series.some((one) => metric.second?.value(one) !== null)) curves.push({ label: t(metric.second.label), look: 'second', values: series.map(metric.second.value) });
  const listAt = (i: number) => listOf(scope, { state: 'completed', ended: `${days[i]}..${nextDay(series, i, scope)}` });
  return (
    <div class="stack">
      <div class="row between"><h3>{t('insight.overtime')}</h3><Button small icon="columns" aria-pressed={isTable} onClick={() => setTable(!isTable)}>{t(isTable ? 'insight.ascurve' : 'insight.astable')}</Button></div>
      {!isTable && <Chart label={`${nameOf(metric)}, ${t('insight.overtime')}`} unit={metric.unit} days={days} curves={curves} hrefOf={listAt} />}
      {isTable && (
        <Scroll label={t('insight.overtime')} style={{ maxHeight: '260px' }}><table class="table"><thead><tr><th scope="col">{t('insight.from')}</th>{curves.map((curve) => <th key={curve.label} scope="col" class="right">{curve.label}</th>)}<th scope="col" class="right">{t('insight.cases')}</th></tr></thead>
          <tbody>{series.map((one, i) => <tr key={days[i]}><td>{showDay(days[i]!)}</td>{curves.map((curve) => <td key={curve.label} class="right num">{showUnit(curve.values[i], metric.unit)}</td>)}<td class="right num"><a href={listAt(i)}>{showNumber(one.cases)}</a></td></tr>)}</tbody></table></Scroll>
      )}
    </div>
  );
}

const COMPARED = ['cases', 'cycle', 'wait', 'efficiency', 'sla', 'yield', 'cost'];

function Versions({ scope }: { scope: Scope }) {
  const found = useLoad(`versions ${keyOf(scope)}`, (signalled) => readFiguresBy({ ...scope, version: '' }, 'version', signalled), TOPICS);
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value || found.value.length === 0) return null;
  const compared = COMPARED.map(metricOf);
  return (
    <Panel title={t('insight.byversion')} flush>
      <Scroll label={t('insight.byversion')}><table class="table"><thead><tr><th scope="col">{t('version')}</th>{compared.map((metric) => <th key={metric.id} scope="col" class="right">{nameOf(metric)}</th>)}</tr></thead>
        <tbody>{found.value.map((one) => (
          <tr key={one.version} aria-selected={scope.version === String(one.version)}>
            <td><a class="strong" href={withParams({ version: scope.version === String(one.version) ? null : String(one.version) })}>v{one.version}</a></td>
            {compared.map((metric) => <td key={metric.id} class="right num">{metric.id === 'cases' ? <a href={listOf({ ...scope, version: String(one.version) }, { state: 'completed' })}>{showNumber(one.cases)}</a> : showUnit(metric.value(one), metric.unit)}</td>)}
          </tr>
        ))}</tbody></table></Scroll>
    </Panel>
  );
}

async function readAll(scope: Scope, signalled: AbortSignal) {
  const earlier = scopeBefore(scope);
  const [all, before] = await Promise.all([readFigures(scope, signalled), earlier ? readFigures(earlier, signalled) : null]);
  const days = all?.from ? daysBetween(all.from.slice(0, 10), (all.to ?? '').slice(0, 10)) : 30;
  return { all, before, series: await readFiguresBy(scope, stepOf(days), signalled) };
}

/** There is something to say from one completed case on; what needs more says how many. */
export function NotYet({ scope }: { scope: Scope }) {
  return (
    <section class="panel"><Empty icon="insight" title={t('insight.none')} command={`baton mine ${scope.process} kpi`}>
      <p>{t('insight.none.text')}</p>
      <div class="row wrap">{scope.range !== 'all' && <a class="button main" href={withParams({ range: 'all', since: null, until: null })}>{t('insight.range.all')}</a>}<a class="button" href={listOf(scope, { state: 'running' })}>{t('insight.cases.running')}</a></div>
    </Empty></section>
  );
}

export function FiguresTab({ scope }: { scope: Scope }) {
  const found = useLoad(`figures ${keyOf(scope)}`, (signalled) => readAll(scope, signalled), TOPICS);
  if (found.error !== null && !found.value) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones rows={6} />;
  const { all, before, series } = found.value;
  if (!all || all.cases + all.terminated === 0) return <NotYet scope={scope} />;
  const metric = metricOf(param('kpi'));
  return (
    <>
      <div class="tiles">{METRICS.map((one) => <Tile key={one.id} metric={one} all={all} before={before && before.cases > 0 ? before : null} series={series} isChosen={one === metric} />)}</div>
      <Panel title={nameOf(metric)}>
        <p class="soft">{t(`kpi.${metric.id}.about` as Key)}</p>
        <div class="figure">
          <OverTime metric={metric} series={series} scope={scope} />
          <div class="stack"><h3>{t(metric.distribution ? 'insight.spread' : 'insight.behind')}</h3><Spread metric={metric} all={all} /><Cases metric={metric} all={all} scope={scope} /></div>
        </div>
      </Panel>
      <Versions scope={scope} />
    </>
  );
}
