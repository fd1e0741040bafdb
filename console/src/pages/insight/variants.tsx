// SPDX-License-Identifier: Apache-2.0
// The ways through the process, most frequent first; those that are ticked make the map.
import { Bones, Failure, Panel } from '../../design/parts';
import { useLoad } from '../../state/load';
import { showNumber, showShare, showSpan } from '../../state/look';
import { param, setParams, withParams } from '../../state/route';
import { t } from '../../text';
import { casesOf } from './cases';
import { keyOf, nameOf, readInsight, TOPICS, type Scope, type Variant, type Variants } from './data';
import { NotYet } from './figures';

const STEPS_SHOWN = 14;
const TOP = [20, 100];

function Steps({ variant, usual }: { variant: Variant; usual: Set<string> }) {
  const seen = new Set<string>();
  const steps = variant.elements.map((id, i) => {
    const isAgain = seen.has(id);
    seen.add(id);
    return { id, name: variant.activities[i] ?? id, look: isAgain ? 'again' : usual.has(id) ? '' : 'other' };
  });
  const more = variant.length - Math.min(steps.length, STEPS_SHOWN);
  return (
    <ol class="steps" aria-label={t('insight.way')}>
      {steps.slice(0, STEPS_SHOWN).map((step, i) => <li key={i} class={step.look} title={step.look === 'again' ? t('insight.step.again') : step.look === 'other' ? t('insight.step.other') : undefined}>{step.look === 'again' && <span aria-hidden="true">↻ </span>}{step.name}</li>)}
      {more > 0 && <li class="rest">{t('more', { count: more })}</li>}
      {steps.length === 0 && <li class="rest">{t('insight.nosteps')}</li>}
    </ol>
  );
}

function Item({ variant, place, sum, usual, isPicked, pick }: { variant: Variant; place: number; sum: number; usual: Set<string>; isPicked: boolean; pick: () => void }) {
  const { p50, mean } = variant.cycleTime;
  const time = p50 ?? mean;
  const cases = withParams({ cases: casesOf('variant', nameOf(variant)) });
  return (
    <li class={isPicked ? 'picked' : ''}>
      <input type="checkbox" checked={isPicked} aria-label={t('insight.pick', { place })} onChange={pick} />
      <div class="grow stack">
        <div class="row between"><span class="strong">{place === 1 ? t('insight.usual') : t('insight.variant', { place })}</span>
          <span class="row variant-numbers"><a class="num strong" href={cases}>{t(variant.frequency === 1 ? 'insight.onecase' : 'insight.ncases', { count: showNumber(variant.frequency) })}</a><span class="num soft">{showShare(variant.share ?? 0)}</span><span class="num" title={t(p50 === null ? 'insight.mean' : 'insight.p50')}>{time === null ? '–' : showSpan(time * 1000)}</span></span></div>
        <div class="meter" title={t('insight.cumulated', { share: showShare(sum) })}><span class="active" style={{ width: `${(variant.share ?? 0) * 100}%` }} /></div>
        <Steps variant={variant} usual={usual} />
      </div>
    </li>
  );
}

export function VariantsTab({ scope }: { scope: Scope }) {
  const top = param('top') === '100' ? 100 : 20;
  const found = useLoad(`variants ${top} ${keyOf(scope)}`, (signalled) => readInsight<Variants>(scope, 'variants', { top: String(top) }, signalled), TOPICS);
  if (found.error !== null && !found.value) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones rows={6} />;
  const { variants, cases, count, otherCases, effectiveVariants } = found.value;
  if (cases === 0) return <NotYet scope={scope} />;
  const picked = param('variant').split(',').filter(Boolean);
  const toggle = (name: string) => setParams({ variant: (picked.includes(name) ? picked.filter((one) => one !== name) : [...picked, name]).join(',') });
  const usual = new Set(variants[0]?.elements);
  let sum = 0;
  return (
    <Panel flush title={t('insight.nvariants', { variants: showNumber(Math.round(count)), cases: showNumber(cases) })} actions={picked.length > 0 && <a class="button main small" href={withParams({ tab: 'map', view: null })}>{t('insight.onmap', { count: picked.length })}</a>}>
      <p class="soft small panel-text">{t('insight.variants.about')}{effectiveVariants !== null && ` ${t('insight.effective', { count: showNumber(Math.round(effectiveVariants * 10) / 10) })}`}</p>
      <ul class="variants">{variants.map((variant, i) => { sum += variant.share ?? 0; return <Item key={nameOf(variant)} variant={variant} place={i + 1} sum={sum} usual={usual} isPicked={picked.includes(nameOf(variant))} pick={() => toggle(nameOf(variant))} />; })}</ul>
      <div class="listfoot"><span>{t('insight.covered', { share: showShare(Math.min(1, sum)) })}{otherCases > 0 && ` · ${t('insight.othercases', { count: showNumber(otherCases) })}`}</span>{variants.length >= top && top < TOP[1]! && <a href={withParams({ top: '100' })}>{t('insight.top', { count: TOP[1]! })}</a>}</div>
    </Panel>
  );
}
