// SPDX-License-Identifier: Apache-2.0
// The discovered map: what was done, what came after it, how often and how slowly; on a map of its own or on the model's diagram.
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Bones, Button, Empty, Failure, Notice, Panel, Scroll, Segments, type Choice } from '../../design/parts';
import { Icon } from '../../design/icon';
import { Diagram } from '../../diagram/diagram';
import type { Heat } from '../../diagram/viewer';
import { useLoad } from '../../state/load';
import { showNumber, showShare, showSpan } from '../../state/look';
import { param, setParams, withParams } from '../../state/route';
import { t, type Key } from '../../text';
import { casesOf } from './cases';
import { keyOf, listOf, nameOf, readFiguresBy, readInsight, TOPICS, type Definition, type Dfg, type Overlay, type Scope, type Variants } from './data';
import { NotYet } from './figures';
import { END, graphOf, graphOfVariants, pathsAtFirst, START, thinned, type Box, type Edge, type Graph } from './graph';
import { BOX_HEIGHT, BOX_WIDTH, curveOf, layOut, middleOf, wayKey, type Point } from './layout';

const MODES = ['frequency', 'p50', 'p95', 'wait'] as const;
type Mode = (typeof MODES)[number];
type ElementFigures = Overlay['elements'][string];
const LEVELS = 5;
const LEAST_SCALE = 0.6; // smaller nobody can read: then it is scrolled
const BESIDE_PX = 1180; // from here on what was clicked on stands beside the map

const seconds = (value: number | null | undefined) => (value === null || value === undefined ? '–' : showSpan(value * 1000));

function valueOf(mode: Mode, n: number, figures: ElementFigures | undefined): number | null {
  if (mode === 'frequency') return n;
  return figures ? (mode === 'wait' ? figures.wait : figures[mode]) : null;
}

const showValue = (mode: Mode, value: number | null) => (mode === 'frequency' ? showNumber(value ?? 0) : seconds(value));
const levelOf = (value: number | null, most: number) => (value === null || value <= 0 || most <= 0 ? 0 : Math.max(1, Math.ceil((value / most) * LEVELS)));

function edgeValue(mode: Mode, edge: Edge): number | null {
  if (mode === 'frequency') return edge.frequency;
  if (mode === 'wait') return edge.waiting?.mean ?? null;
  return edge.between?.[mode] ?? null;
}

const shorten = (text: string) => { const letters = [...text]; return letters.length > 21 ? `${letters.slice(0, 20).join('')}…` : text; };
const onEnter = (run: () => void) => (event: KeyboardEvent) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); run(); } };

// -- The drawing ----------------------------------------------------------------------------------

function Way({ edge, points, look, isChosen, label, choose }: { edge: Edge; points: Point[]; look: { width: number; level: number }; isChosen: boolean; label: string; choose: () => void }) {
  const middle = middleOf(points);
  const isEnd = edge.from === START || edge.to === END;
  const wide = label.length * 7 + 10;
  return (
    <g class={`way ${isEnd ? 'end' : ''} ${isChosen ? 'chosen' : ''}`} onClick={choose}>
      <path class="reach" d={curveOf(points)} />
      <path class="line" d={curveOf(points)} stroke-width={look.width} marker-end={isChosen ? 'url(#arrow-chosen)' : 'url(#arrow)'} />
      {label && <g><rect x={middle.x - wide / 2} y={middle.y - 10} width={wide} height="20" rx="10" /><text x={middle.x} y={middle.y + 4} text-anchor="middle">{label}</text></g>}
    </g>
  );
}

function Again({ at, label, isChosen, choose }: { at: Point; label: string; isChosen: boolean; choose: () => void }) {
  const x = at.x + BOX_WIDTH / 2;
  return (
    <g class={`way ${isChosen ? 'chosen' : ''}`} onClick={choose}>
      <path class="line" stroke-width="2" marker-end={isChosen ? 'url(#arrow-chosen)' : 'url(#arrow)'} d={`M${x} ${at.y - 10}C${x + 34} ${at.y - 16} ${x + 34} ${at.y + 16} ${x} ${at.y + 10}`} />
      <text x={x + 30} y={at.y - 14} text-anchor="middle">{label}</text>
    </g>
  );
}

function Node({ box, at, level, value, isChosen, choose }: { box: Box; at: Point; level: number; value: string; isChosen: boolean; choose: () => void }) {
  return (
    <g class={`node heat-${level} ${isChosen ? 'chosen' : ''}`} role="button" tabIndex={0} aria-pressed={isChosen} aria-label={`${box.name}: ${value}`} onClick={choose} onKeyDown={onEnter(choose)}>
      <title>{box.name}</title>
      <rect x={at.x - BOX_WIDTH / 2} y={at.y - BOX_HEIGHT / 2} width={BOX_WIDTH} height={BOX_HEIGHT} rx="9" />
      <text class="name" x={at.x} y={at.y - 3} text-anchor="middle">{shorten(box.name)}</text>
      <text class="value" x={at.x} y={at.y + 15} text-anchor="middle">{value}</text>
    </g>
  );
}

function Terminal({ at, label }: { at: Point; label: string }) {
  return <g class="terminal"><circle cx={at.x} cy={at.y} r="23" /><path d={label === START ? `M${at.x - 4} ${at.y - 6}l10 6l-10 6z` : `M${at.x - 5} ${at.y - 5}h10v10h-10z`} /><text x={at.x + 32} y={at.y + 4}>{t(label === START ? 'insight.begin' : 'insight.end')}</text></g>;
}

interface Drawing { graph: Graph; mode: Mode; elements: Overlay['elements'] | null; chosen: string; choose: (id: string | null) => void }

function Drawn({ graph, mode, elements, chosen, choose }: Drawing) {
  const ids = [START, ...graph.boxes.map((box) => box.id), END];
  const key = JSON.stringify([ids, graph.edges.map((edge) => [edge.from, edge.to, edge.frequency])]);
  const placed = useMemo(() => layOut(ids, graph.edges.map(({ from, to, frequency }) => ({ from, to, weight: frequency }))), [key]);
  const values = new Map(graph.boxes.map((box) => [box.id, valueOf(mode, box.n, elements?.[box.id])]));
  const most = Math.max(0, ...[...values.values()].map((value) => value ?? 0));
  const mostWay = Math.max(1, ...graph.edges.map((edge) => edgeValue(mode, edge) ?? 0));
  const toggle = (id: string) => choose(chosen === id ? null : id);
  const labelOf = (edge: Edge) => { const value = edgeValue(mode, edge); return value === null ? '' : showValue(mode, value); };
  return (
    <Scroll label={t('insight.map')}>
      <svg class={`map ${mode === 'frequency' ? 'often' : 'slow'}`} style={{ width: `min(${placed.width}px, max(100%, ${placed.width * LEAST_SCALE}px))` }} viewBox={`0 0 ${placed.width} ${placed.height}`} role="group" aria-label={t('insight.map')}>
        <defs>
          {['arrow', 'arrow-chosen'].map((id) => <marker key={id} id={id} viewBox="0 0 10 10" refX="8" refY="5" markerWidth="13" markerHeight="13" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class={id} d="M0 0L10 5L0 10z" /></marker>)}
        </defs>
        {graph.edges.map((edge) => {
          const id = `${edge.from}>${edge.to}`;
          const at = placed.boxes.get(edge.from);
          if (edge.from === edge.to) return at && <Again key={id} at={at} label={labelOf(edge)} isChosen={chosen === id} choose={() => toggle(id)} />;
          const points = placed.ways.get(wayKey(edge));
          const value = edgeValue(mode, edge) ?? 0;
          return points && <Way key={id} edge={edge} points={points} label={labelOf(edge)} isChosen={chosen === id} choose={() => toggle(id)} look={{ width: 1.4 + (value / mostWay) * 4.6, level: levelOf(value, mostWay) }} />;
        })}
        {graph.boxes.map((box) => { const at = placed.boxes.get(box.id); const value = values.get(box.id) ?? null; return at && <Node key={box.id} box={box} at={at} level={levelOf(value, most)} value={showValue(mode, value)} isChosen={chosen === box.id} choose={() => toggle(box.id)} />; })}
        {[START, END].map((id) => { const at = placed.boxes.get(id); return at && <Terminal key={id} at={at} label={id} />; })}
      </svg>
    </Scroll>
  );
}

/** The same for whoever cannot or will not read a picture. */
function AsTable({ graph, mode, choose }: Drawing) {
  const names = new Map(graph.boxes.map((box) => [box.id, box.name]));
  const nameAt = (id: string) => (id === START ? t('insight.begin') : id === END ? t('insight.end') : (names.get(id) ?? id));
  return (
    <Scroll label={t('insight.ways')} style={{ maxHeight: '560px' }}><table class="table"><thead><tr><th scope="col">{t('insight.from')}</th><th scope="col">{t('insight.to')}</th><th scope="col" class="right">{t('insight.frequency')}</th><th scope="col" class="right">{t('insight.between')}</th></tr></thead>
      <tbody>{graph.edges.map((edge) => <tr key={wayKey(edge)}><td>{nameAt(edge.from)}</td><td>{nameAt(edge.to)}</td><td class="right num"><button type="button" class="as-link" onClick={() => choose(`${edge.from}>${edge.to}`)}>{showNumber(edge.frequency)}</button></td><td class="right num">{mode === 'frequency' ? seconds(edge.between?.p50) : showValue(mode, edgeValue(mode, edge))}</td></tr>)}</tbody></table></Scroll>
  );
}

// -- What was clicked on --------------------------------------------------------------------------

function Row({ label, value, href }: { label: string; value: string; href?: string | undefined }) {
  return <li>{href ? <a href={href}><span class="grow">{label}</span><span class="num strong">{value}</span><span aria-hidden="true">→</span></a> : <span class="plain"><span class="grow">{label}</span><span class="num strong">{value}</span></span>}</li>;
}

function ElementPanel({ scope, id, name, figures, cases }: { scope: Scope; id: string; name: string; figures: ElementFigures | undefined; cases: number | undefined }) {
  const at = (what: string, value: number | null | undefined) => (value === null || value === undefined ? undefined : withParams({ cases: casesOf(what, id, value) }));
  return (
    <Panel flush title={<span class="cut">{name}</span>} actions={<Button small look="plain" icon="x" aria-label={t('close')} onClick={() => setParams({ element: null })} />}>
      <ul class="lines casesof">
        <Row label={t('insight.times')} value={showNumber(figures?.n ?? 0)} href={listOf(scope, { state: 'completed', passed: id })} />
        {cases !== undefined && <Row label={t('insight.cases')} value={showNumber(cases)} href={listOf(scope, { state: 'completed', passed: id })} />}
        {figures && <>
          <Row label={t('insight.p50')} value={seconds(figures.p50)} href={at('took', figures.p50)} /><Row label={t('insight.p95')} value={seconds(figures.p95)} href={at('took', figures.p95)} />
          <Row label={t('insight.wait')} value={seconds(figures.wait)} href={at('waited', figures.wait)} /><Row label={t('insight.work')} value={seconds(figures.work)} />
          <Row label={t('insight.rework')} value={showNumber(figures.rework)} href={figures.rework > 0 ? withParams({ cases: casesOf('rework', id) }) : undefined} />
          <Row label={t('insight.breaches')} value={showNumber(figures.breached)} href={figures.breached > 0 ? withParams({ cases: casesOf('breached', id) }) : undefined} />
          <Row label={t('insight.incidents')} value={showNumber(figures.incidents)} href={figures.incidents > 0 ? withParams({ cases: casesOf('incident', id) }) : undefined} />
          <Row label={t('insight.costsum')} value={showNumber(Math.round(figures.cost * 100) / 100)} />
        </>}
      </ul>
    </Panel>
  );
}

function WayPanel({ edge, names, cases }: { edge: Edge; names: Map<string, string>; cases: number }) {
  const nameAt = (id: string) => (id === START ? t('insight.begin') : id === END ? t('insight.end') : (names.get(id) ?? id));
  const href = withParams({ cases: casesOf('edge', edge.from === START ? '' : edge.from, edge.to === END ? '' : edge.to) });
  return (
    <Panel flush title={<span class="cut">{nameAt(edge.from)} → {nameAt(edge.to)}</span>} actions={<Button small look="plain" icon="x" aria-label={t('close')} onClick={() => setParams({ element: null })} />}>
      <ul class="lines casesof">
        <Row label={t('insight.times')} value={showNumber(edge.frequency)} href={href} /><Row label={t('insight.ofcases')} value={showShare(cases > 0 ? Math.min(1, edge.frequency / cases) : 0)} href={href} />
        {edge.between && <><Row label={t('insight.between.p50')} value={seconds(edge.between.p50)} /><Row label={t('insight.between.p95')} value={seconds(edge.between.p95)} /><Row label={t('insight.waiting.p50')} value={seconds(edge.waiting?.p50)} /></>}
      </ul>
    </Panel>
  );
}

function Aside(props: { scope: Scope; graph: Graph; elements: Overlay['elements'] | null; chosen: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => { if (props.chosen && innerWidth <= BESIDE_PX) box.current?.scrollIntoView({ block: 'nearest' }); }, [props.chosen]);
  return <div ref={box}><ClickedOn {...props} /></div>;
}

function ClickedOn({ scope, graph, elements, chosen }: { scope: Scope; graph: Graph; elements: Overlay['elements'] | null; chosen: string }) {
  const names = new Map(graph.boxes.map((box) => [box.id, box.name]));
  const edge = graph.edges.find((one) => `${one.from}>${one.to}` === chosen);
  if (edge) return <WayPanel edge={edge} names={names} cases={graph.cases} />;
  const box = graph.boxes.find((one) => one.id === chosen);
  if (box || elements?.[chosen]) return <ElementPanel scope={scope} id={chosen} name={box?.name ?? chosen} figures={elements?.[chosen]} cases={box?.cases} />;
  return <section class="panel"><Empty icon="insight" title={t('insight.click')}><p>{t('insight.click.text')}</p></Empty></section>;
}

// -- The tab --------------------------------------------------------------------------------------

function Slider({ id, label, value, initial }: { id: string; label: string; value: number; initial: number }) {
  return <label class="slider small"><span>{label}</span><input type="range" min="5" max="100" step="5" value={value} onInput={(event) => setParams({ [id]: Number(event.currentTarget.value) === initial ? null : event.currentTarget.value })} /><output class="num">{value} %</output></label>;
}

const percent = (id: string, initial: number) => Math.min(100, Math.max(5, Number(param(id)) || initial));

function heatOf(elements: Overlay['elements'], mode: Mode): Heat {
  const values = Object.entries(elements).map(([id, figures]) => [id, valueOf(mode, figures.n, figures)] as const);
  const most = Math.max(0, ...values.map(([, value]) => value ?? 0));
  return { kind: mode === 'frequency' ? 'often' : 'slow', values: Object.fromEntries(values.flatMap(([id, value]) => (value ? [[id, { level: levelOf(value, most), text: showValue(mode, value) }]] : []))) };
}

function OnDiagram({ definition, elements, mode, chosen, choose }: { definition: Definition; elements: Overlay['elements']; mode: Mode; chosen: string; choose: (id: string | null) => void }) {
  return <Diagram definitionKey={definition.processDefinitionKey} counts={[]} heat={heatOf(elements, mode)} selected={chosen || null} onSelect={choose} height="clamp(320px, 56vh, 640px)" />;
}

function Chosen({ variants, all }: { variants: Variants['variants']; all: boolean }) {
  if (all) return null;
  const count = variants.reduce((sum, one) => sum + one.frequency, 0);
  return <span class="chip">{t('insight.onlyvariants', { variants: variants.length, cases: showNumber(count) })}<button type="button" aria-label={t('list.reset')} onClick={() => setParams({ variant: null })}><Icon name="x" size={13} /></button></span>;
}

/** Of the newest version that has cases, where its diagram is shown and none was chosen. */
async function versionOf(scope: Scope, signalled: AbortSignal): Promise<string> {
  if (scope.version) return scope.version;
  const counted = (await readFiguresBy(scope, 'version', signalled)).filter((one) => one.cases > 0).map((one) => one.version ?? 0);
  return counted.length > 0 ? String(Math.max(...counted)) : '';
}

async function readMap(wanted: Scope, isOnDiagram: boolean, signalled: AbortSignal) {
  const scope = isOnDiagram ? { ...wanted, version: await versionOf(wanted, signalled) } : wanted;
  const [dfg, overlay, variants] = await Promise.all([readInsight<Dfg>(scope, 'dfg', {}, signalled), readInsight<Overlay>(scope, 'overlay', {}, signalled), readInsight<Variants>(scope, 'variants', { top: '100' }, signalled)]);
  return { scope, dfg, overlay, variants };
}

export function MapTab({ scope, definitions }: { scope: Scope; definitions: Definition[] }) {
  const view = param('view') === 'diagram' ? 'diagram' : param('view') === 'table' ? 'table' : 'map';
  const found = useLoad(`map ${view === 'diagram'} ${keyOf(scope)}`, (signalled) => readMap(scope, view === 'diagram', signalled), TOPICS);
  if (found.error !== null && !found.value) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones rows={8} />;
  const { scope: asked, dfg, overlay, variants } = found.value;
  const definition = definitions.find((one) => String(one.version) === asked.version) ?? definitions[0];
  if (dfg.cases === 0) return <NotYet scope={scope} />;
  const wanted = param('variant').split(',').filter(Boolean);
  const picked = variants.variants.filter((one) => wanted.includes(nameOf(one)));
  const isAll = picked.length === 0;
  const mode = isAll || view === 'diagram' ? (MODES.find((one) => one === param('mode')) ?? 'frequency') : 'frequency';
  const whole = isAll ? graphOf(dfg) : graphOfVariants(picked, dfg);
  const activities = percent('activities', 100);
  const pathsFirst = pathsAtFirst(whole, activities);
  const paths = percent('paths', pathsFirst);
  const graph = thinned(whole, activities, paths);
  const chosen = param('element').replace('begin>', `${START}>`).replace(/>end$/, `>${END}`);
  const choose = (id: string | null) => setParams({ element: id?.replace(`${START}>`, 'begin>').replace(`>${END}`, '>end') ?? null });
  const modes: Choice<Mode>[] = MODES.map((id) => ({ id, label: t(`insight.mode.${id}` as Key) }));
  const views: Choice<'map' | 'diagram' | 'table'>[] = [{ id: 'map', label: t('insight.map') }, ...(definition ? [{ id: 'diagram' as const, label: t('insight.diagram') }] : []), { id: 'table', label: t('diagram.list') }];
  const drawing = { graph, mode, elements: isAll ? overlay.elements : null, chosen, choose };
  return (
    <>
      {view === 'diagram' && definition && !scope.version && definitions.length > 1 && <Notice>{t('insight.oneversion', { version: definition.version })}</Notice>}
      <div class="withaside">
        <section class="panel" aria-label={t('insight.map')}>
          <header class="tools"><Segments label={t('insight.view')} value={view} choices={views} onChoose={(id) => setParams({ view: id === 'map' ? null : id })} />
            {(isAll || view === 'diagram') && <Segments label={t('insight.mode')} value={mode} choices={modes} onChoose={(id) => setParams({ mode: id === 'frequency' ? null : id })} />}
            {view !== 'diagram' && <Chosen variants={picked} all={isAll} />}</header>
          {view !== 'diagram' && <div class="sliders"><Slider id="activities" label={t('insight.activities')} value={activities} initial={100} /><Slider id="paths" label={t('insight.paths')} value={paths} initial={pathsFirst} /><span class="small soft">{t('insight.thinned', { boxes: graph.boxes.length, of: whole.boxes.length, ways: graph.edges.length, all: whole.edges.length })}</span></div>}
          {view === 'map' && <Drawn {...drawing} />}
          {view === 'table' && <AsTable {...drawing} />}
          {view === 'diagram' && definition && <OnDiagram definition={definition} elements={overlay.elements} mode={mode} chosen={chosen} choose={choose} />}
          <p class={`heatkey small ${mode === 'frequency' ? 'often' : 'slow'}`}><span>{t(mode === 'frequency' ? 'insight.rare' : 'insight.fast')}</span>{[1, 2, 3, 4, 5].map((level) => <i key={level} class={`heat-${level}`} />)}<span>{t(mode === 'frequency' ? 'insight.often' : 'insight.slow')}</span></p>
        </section>
        <Aside scope={asked} graph={isAll ? graphOf(dfg) : graph} elements={overlay.elements} chosen={chosen} />
      </div>
    </>
  );
}
