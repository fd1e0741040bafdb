// SPDX-License-Identifier: Apache-2.0
// What the prediction models of a process are worth: each figure beside that of the baseline, which knows nothing of a case.
import { ask } from '../../api/client';
import { Bones, Empty, Failure, Notice, Panel, Time } from '../../design/parts';
import { useLoad } from '../../state/load';
import { showNumber, showShare, showSpan } from '../../state/look';
import { t, type Key } from '../../text';
import { listOf, modelsPath, TOPICS, type Model, type Models, type Scope } from './data';

interface Score { name: Key; value: string; about: string; baseline: string; isBaseline: boolean; method: string }

const shareOf = (value: number | null) => (value === null ? '–' : showShare(value));
const spanOf = (seconds: number | null) => (seconds === null ? '–' : showSpan(seconds * 1000));
const digitsOf = (value: number | null) => (value === null ? '–' : showNumber(Math.round(value * 1000) / 1000));

function scoresOf({ nextActivity, remainingTime, outcome }: Model): Score[] {
  const scores: Score[] = [];
  if (nextActivity) scores.push({ ...nextActivity, name: 'prediction.next', value: shareOf(nextActivity.accuracy), about: t('prediction.next.about'), baseline: shareOf(nextActivity.baselineAccuracy) });
  if (remainingTime) scores.push({ ...remainingTime, name: 'prediction.remaining', value: `± ${spanOf(remainingTime.meanErrorSeconds)}`,
    about: remainingTime.intervalHeld === null ? t('prediction.nointerval') : t('prediction.interval', { held: shareOf(remainingTime.intervalHeld), span: spanOf(remainingTime.intervalSeconds) }), baseline: `± ${spanOf(remainingTime.baselineMeanErrorSeconds)}` });
  if (outcome) scores.push({ ...outcome, name: 'prediction.outcome', value: digitsOf(outcome.areaUnderCurve), about: t('prediction.outcome.about', { brier: digitsOf(outcome.brier), baseline: digitsOf(outcome.baselineBrier) }), baseline: digitsOf(0.5) });
  return scores;
}

function ModelPanel({ model, scope }: { model: Model; scope: Scope }) {
  const scores = scoresOf(model);
  return (
    <Panel title={model.outcomeOf ? t('prediction.of', { outcome: model.outcomeOf }) : t('prediction.model')} actions={<code class="small">{model.version}</code>}>
      <div class="stack">
        <p class="soft">{t('prediction.learned', { cases: showNumber(model.cases) })}{model.until && <> {t('prediction.until')} <Time time={model.until} /></>}. {t('prediction.served')} <Time time={model.changeTime} />{model.changedBy && ` (${model.changedBy})`}.</p>
        {scores.length === 0 && <Notice>{t('prediction.noscores')}</Notice>}
        <div class="tiles">{scores.map((one) => (
          <div key={one.name} class="tile panel"><span class="tile-name">{t(one.name)}</span><strong class="num">{one.value}</strong>
            <span class="small soft">{t('prediction.baseline', { value: one.baseline })}</span><span class="small">{one.about}</span>
            <span class="small soft">{one.isBaseline ? t('prediction.isbaseline') : <code>{one.method}</code>}</span></div>))}
        </div>
        <p class="small soft">{t('prediction.measured')}</p>
        <div><a class="button plain small" href={listOf(scope, { state: 'running' })}>{t('prediction.running')}</a></div>
      </div>
    </Panel>
  );
}

export function PredictionTab({ scope }: { scope: Scope }) {
  const found = useLoad(`models ${scope.process}`, (signalled) => ask<Models>({ method: 'GET', path: modelsPath(scope.process) }, signalled), TOPICS);
  if (found.error !== null && !found.value) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones rows={4} />;
  const models = found.value.items.filter((model) => !scope.tenant || model.tenantId === scope.tenant);
  if (models.length === 0)
    return <section class="panel"><Empty icon="insight" title={t('prediction.none')} command={`baton predict train ${scope.process} --out ${scope.process}.model && baton predict publish ${scope.process}.model ${scope.process}`}><p>{t('prediction.none.text')}</p></Empty></section>;
  return <>{models.map((model) => <ModelPanel key={model.tenantId} model={model} scope={scope} />)}</>;
}
