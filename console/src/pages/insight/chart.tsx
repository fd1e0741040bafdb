// SPDX-License-Identifier: Apache-2.0
// Curves over time: a small one in a tile, a large one whose points lead to their cases.
import { useEffect, useRef, useState } from 'preact/hooks';
import { showDay } from '../../state/look';
import { showUnit, type Unit } from './metrics';

type Value = number | null;

/** Pieces between gaps: what nobody knows is not drawn. */
function linesOf(values: Value[], at: (i: number, value: number) => string): string {
  return values.map((value, i) => (value === null ? '' : `${i > 0 && values[i - 1] !== null ? 'L' : 'M'}${at(i, value)}`)).join('');
}

export function Spark({ values, width = 108, height = 30 }: { values: Value[]; width?: number; height?: number }) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return <svg width={width} height={height} aria-hidden="true" />;
  const most = Math.max(...known);
  const least = Math.min(0, ...known);
  const x = (i: number) => 2 + (i / (values.length - 1)) * (width - 6);
  const y = (value: number) => height - 3 - ((value - least) / (most - least || 1)) * (height - 6);
  const last = values.findLastIndex((value) => value !== null);
  return (
    <svg class="spark" width={width} height={height} aria-hidden="true" focusable="false">
      <path d={linesOf(values, (i, value) => `${x(i).toFixed(1)} ${y(value).toFixed(1)}`)} />
      <circle cx={x(last)} cy={y(values[last]!)} r="2.4" />
    </svg>
  );
}

export interface Curve { label: string; values: Value[]; look: 'first' | 'second' }
interface Props { label: string; unit: Unit; days: string[]; curves: Curve[]; hrefOf: (i: number) => string }

const HEIGHT = 220;
const LEFT = 64;
const BOTTOM = 24;
const TOP = 12;
const STEPS: Record<Unit, number[]> = {
  span: [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000, 1_728_000, 4_320_000],
  share: [0.05, 0.1, 0.25], count: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000], number: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000],
};

/** Lines to read values at: few, and round ones. */
function ticksOf(most: number, unit: Unit): number[] {
  const step = STEPS[unit].find((one) => most / one <= 5) ?? most / 4;
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}

function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const read = () => box.current && setWidth(Math.max(240, box.current.clientWidth));
    read();
    const watch = new ResizeObserver(read);
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return { box, width };
}

export function Chart({ label, unit, days, curves, hrefOf }: Props) {
  const { box, width } = useWidth();
  const known = curves.flatMap((curve) => curve.values).filter((value) => value !== null);
  const most = unit === 'share' ? 1 : Math.max(...known, unit === 'count' ? 4 : 0) * 1.06 || 1;
  const gap = (width - LEFT - 8) / Math.max(1, days.length);
  const x = (i: number) => LEFT + gap * (i + 0.5);
  const y = (value: number) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - BOTTOM - TOP);
  const every = Math.max(1, Math.ceil(days.length / Math.max(2, Math.floor((width - LEFT) / 84))));
  const titleOf = (i: number) => [showDay(days[i]!), ...curves.map((curve) => `${curve.label}: ${showUnit(curve.values[i], unit)}`)].join('\n');
  return (
    <div class="chart" ref={box}>
      <svg width={width} height={HEIGHT} role="group" aria-label={label}>
        {ticksOf(most, unit).map((tick) => <g key={tick}><line class="grid" x1={LEFT} x2={width - 4} y1={y(tick)} y2={y(tick)} /><text x={LEFT - 8} y={y(tick) + 4} text-anchor="end">{tick === 0 ? '0' : showUnit(tick, unit)}</text></g>)}
        {days.map((day, i) => i % every === 0 && <text key={day} x={x(i)} y={HEIGHT - 6} text-anchor="middle">{showDay(day)}</text>)}
        {curves.map((curve) => (
          <g key={curve.label} class={`curve ${curve.look}`}>
            <path d={linesOf(curve.values, (i, value) => `${x(i).toFixed(1)} ${y(value).toFixed(1)}`)} />
            {curve.values.map((value, i) => value !== null && (days.length <= 62 || curve.values[i - 1] === null) && <circle key={i} cx={x(i)} cy={y(value)} r="3" />)}
          </g>
        ))}
        {days.map((day, i) => <a key={day} href={hrefOf(i)} tabIndex={-1} aria-label={titleOf(i)}><rect class="hit" x={x(i) - gap / 2} y={TOP} width={gap} height={HEIGHT - BOTTOM - TOP}><title>{titleOf(i)}</title></rect></a>)}
      </svg>
      {curves.length > 1 && <p class="legend small">{curves.map((curve) => <span key={curve.label} class={curve.look}><i />{curve.label}</span>)}</p>}
    </div>
  );
}
