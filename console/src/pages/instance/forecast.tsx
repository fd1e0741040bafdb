// SPDX-License-Identifier: Apache-2.0
// How a running instance goes on, as the prediction model of its process says, and which of its steps made it so.
import '../insight/insight.css';
import { ask, type Schema } from '../../api/client';
import { Icon } from '../../design/icon';
import { Failure, Panel, Time } from '../../design/parts';
import { useLoad } from '../../state/load';
import { showNumber, showShare, showSpan } from '../../state/look';
import { t } from '../../text';
import { insightOf, modelsPath, type Models } from '../insight/data';
import { topicsOf } from './data';

type Prediction = Schema<'InsightPrediction'>;
type Instance = Schema<'ProcessInstance'>;
const LEAST_SECONDS = 1; // what a step added is not worth a word below
const LEAST_POINTS = 0.005;

/** Null where no model is served: most processes have none. */
async function readForecast(instance: Instance, signalled: AbortSignal): Promise<Prediction | null> {
  const { items } = await ask<Models>({ method: 'GET', path: modelsPath(instance.processDefinitionId) }, signalled);
  if (!items.some((model) => model.tenantId === instance.tenantId)) return null;
  return ask<Prediction>({ method: 'GET', path: `/v2/insight/processes/${encodeURIComponent(instance.processDefinitionId)}/instances/${instance.processInstanceKey}/prediction` }, signalled);
}

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const signed = (value: number, text: string) => `${value < 0 ? '−' : '+'}${text}`;

function End({ told }: { told: Prediction }) {
  if (told.remainingSeconds === null) return <p>{t(told.waitedSeconds > 0 ? 'forecast.longest' : 'forecast.unknown', { waited: showSpan(told.waitedSeconds * 1000) })}</p>;
  return (
    <div class="stack" style={{ gap: '2px' }}>
      <p><strong class="big">{showSpan(told.remainingSeconds * 1000)}</strong></p>
      <p class="small soft">{t('forecast.at')} <Time time={inSeconds(told.remainingSeconds)} /></p>
      {told.lowSeconds !== null && told.highSeconds !== null && <p class="small soft">{t('forecast.between')} <Time time={inSeconds(told.lowSeconds)} /> – <Time time={inSeconds(told.highSeconds)} /></p>}
    </div>
  );
}

function Outcome({ told }: { told: Prediction }) {
  if (told.outcomeOf === null) return null;
  return (
    <section>
      <h3 class="small soft">{t('forecast.outcome', { outcome: told.outcomeOf })}</h3>
      {told.outcome === null ? <p>{t('forecast.unknown')}</p> : <>
        <p><strong class="big">{showShare(told.outcome)}</strong></p>
        <span class="meter" aria-hidden="true"><span class="active" style={{ width: `${told.outcome * 100}%` }} /></span>
        {told.outcomeAtBegin !== null && <p class="small soft">{t('forecast.atbegin', { share: showShare(told.outcomeAtBegin) })}</p>}
      </>}
    </section>
  );
}

function Next({ told }: { told: Prediction }) {
  return (
    <section>
      <h3 class="small soft">{t('forecast.next')}</h3>
      <ul class="chances">{told.next.filter((one) => one.probability >= LEAST_POINTS).map((one) => (
        <li key={one.activity ?? ''}><span class="cut">{one.activity ?? t('insight.end')}</span><span class="meter" aria-hidden="true"><span class="active" style={{ width: `${one.probability * 100}%` }} /></span><span class="num">{showShare(one.probability)}</span></li>))}
      </ul>
    </section>
  );
}

interface Reason { name: string; seconds: number | null; points: number | null }

function reasonsOf(told: Prediction): Reason[] {
  const steps = told.reasons.map((one) => ({ name: one.activity, seconds: one.addedSeconds, points: one.addedOutcome }));
  const waiting = { name: t('forecast.waiting', { waited: showSpan(told.waitedSeconds * 1000) }), seconds: told.waitingAddedSeconds, points: null };
  return [...steps, waiting].filter((one) => Math.abs(one.seconds ?? 0) >= LEAST_SECONDS || Math.abs(one.points ?? 0) >= LEAST_POINTS);
}

function Reasons({ told }: { told: Prediction }) {
  const reasons = reasonsOf(told);
  const begin = told.expectedAtBeginSeconds;
  return (
    <section class="reasons">
      <h3 class="small soft">{t('forecast.reasons')}</h3>
      {begin !== null && <p class="small">{t('forecast.expected', { span: showSpan(begin * 1000) })}</p>}
      {reasons.length === 0 && <p class="small">{t('forecast.usual')}</p>}
      <ul>{reasons.map((one, i) => (
        <li key={i}><span>{one.name}</span>
          <span class={`num small change ${(one.seconds ?? 0) > 0 ? 'worse' : 'good'}`}>{one.seconds !== null && Math.abs(one.seconds) >= LEAST_SECONDS && signed(one.seconds, showSpan(Math.abs(one.seconds) * 1000))}</span>
          <span class="num small">{one.points !== null && Math.abs(one.points) >= LEAST_POINTS && signed(one.points, t('insight.points', { points: showNumber(Math.round(Math.abs(one.points) * 100)) }))}</span>
        </li>))}
      </ul>
    </section>
  );
}

export function Forecast({ instance }: { instance: Instance }) {
  const found = useLoad(instance.endDate === null ? `forecast ${instance.processInstanceKey}` : null, (signalled) => readForecast(instance, signalled), topicsOf(instance.processInstanceKey));
  if (found.error !== null && found.value) return null; // it has just ended
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  const told = found.value;
  if (!told) return null;
  return (
    <Panel title={t('forecast.title')} actions={<a class="small" href={insightOf(instance.processDefinitionId, { tab: 'prediction' })}><Icon name="insight" size={14} /> {t('forecast.learned', { cases: showNumber(told.modelCases) })}</a>}>
      <div class="forecast">
        <section><h3 class="small soft">{t('forecast.remaining')}</h3><End told={told} /></section>
        <Outcome told={told} />
        <Next told={told} />
        <Reasons told={told} />
      </div>
    </Panel>
  );
}
