// SPDX-License-Identifier: Apache-2.0
// Where the time goes: per step what it waits for, and how long it is worked on.
import { Bones, Failure, Panel } from '../../design/parts';
import { useLoad } from '../../state/load';
import { showShare, showSpan } from '../../state/look';
import { withParams } from '../../state/route';
import { t, type Key } from '../../text';
import { casesOf } from './cases';
import { keyOf, listOf, readInsight, TOPICS, type Scope, type Waits } from './data';
import { NotYet } from './figures';

const PARTS = ['queue', 'handling', 'external', 'work'] as const;
type Part = (typeof PARTS)[number];
type Split = Record<`${Part}Seconds`, number>;
type Activity = Waits['activities'][number];

const partOf = (split: Split, part: Part) => split[`${part}Seconds`];
const totalOf = (split: Split) => PARTS.reduce((sum, part) => sum + partOf(split, part), 0);
const waitOf = (split: Split) => totalOf(split) - split.workSeconds;
const seconds = (value: number | null) => (value === null ? '–' : showSpan(value * 1000));

function Bar({ split, most }: { split: Split; most: number }) {
  const text = PARTS.map((part) => `${t(`insight.part.${part}` as Key)}: ${seconds(partOf(split, part))}`).join(', ');
  return <div class="parts" role="img" aria-label={text} title={text}>{PARTS.map((part) => <span key={part} class={part} style={{ width: `${most > 0 ? (partOf(split, part) / most) * 100 : 0}%` }} />)}</div>;
}

/** The same in words: how long, and mostly for what. */
function sentenceOf(one: Activity): string {
  if (one.n === 0 || waitOf(one) < 0.001) return t('insight.nowait');
  const [most] = [...PARTS.slice(0, 3)].sort((a, b) => partOf(one, b) - partOf(one, a));
  return t('insight.waits.sentence', { wait: seconds(one.wait.mean), share: showShare(waitOf(one) / totalOf(one)), cause: t(`insight.cause.${most!}` as Key) });
}

function Step({ one, most, scope }: { one: Activity; most: number; scope: Scope }) {
  const slow = (value: number | null) => (value === null ? <span class="soft">–</span> : <a class="num strong" href={withParams({ cases: casesOf('waited', one.elementId, value) })}>{seconds(value)}</a>);
  return (
    <li>
      <div class="row between wrap"><a class="strong" href={withParams({ tab: 'map', element: one.elementId })}>{one.activity}</a><a class="small soft num" href={listOf(scope, { state: 'completed', passed: one.elementId })}>{t('insight.ntimes', { count: one.n })}</a></div>
      <Bar split={one} most={most} />
      <div class="row between wrap small"><span class="words-wait">{sentenceOf(one)}</span><span class="row wrap waitnumbers"><span class="soft">{t('insight.wait.short')}</span> P50 {slow(one.wait.p50)} P95 {slow(one.wait.p95)}<span class="soft">{t('insight.work.short')}</span> P50 <span class="num">{seconds(one.work.p50)}</span></span></div>
    </li>
  );
}

export function WaitsTab({ scope }: { scope: Scope }) {
  const found = useLoad(`waits ${keyOf(scope)}`, (signalled) => readInsight<Waits>(scope, 'waits', {}, signalled), TOPICS);
  if (found.error !== null && !found.value) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones rows={6} />;
  const { activities, waitSplit, cases } = found.value;
  if (cases === 0) return <NotYet scope={scope} />;
  const steps = [...activities].sort((a, b) => waitOf(b) - waitOf(a));
  const most = Math.max(...steps.map(totalOf), 0);
  const total = totalOf(waitSplit);
  return (
    <>
      <Panel title={t('insight.where')}>
        <div class="stack">
          <Bar split={waitSplit} most={total} />
          <ul class="partkey">{PARTS.map((part) => <li key={part}><i class={part} /><span class="grow"><span class="strong">{t(`insight.part.${part}` as Key)}</span><span class="small soft">{t(`insight.part.${part}.about` as Key)}</span></span><span class="num strong">{showShare(total > 0 ? partOf(waitSplit, part) / total : 0)}</span></li>)}</ul>
        </div>
      </Panel>
      <Panel flush title={t('insight.bystep')}><ul class="waits">{steps.map((one) => <Step key={one.elementId} one={one} most={most} scope={scope} />)}</ul></Panel>
    </>
  );
}
