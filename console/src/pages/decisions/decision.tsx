// SPDX-License-Identifier: Apache-2.0
// One decision: its table or graph, a bench to try it on, and what it has decided, with the rules that matched.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, askText, Problem, type Schema } from '../../api/client';
import { Bones, Button, Failure, Field, Json, Notice, PageTitle, Panel, Segments } from '../../design/parts';
import { List } from '../../list/list';
import { useLoad } from '../../state/load';
import { param, parts, setParams } from '../../state/route';
import { t } from '../../text';
import type { View } from '../../diagram/dmn';
import { decisionInstancesSpec } from './spec';

type Definition = Schema<'DecisionDefinition'>;
type Detail = Schema<'DecisionInstanceDetail'>;
interface Evaluated { output: string; failureMessage?: string | null; evaluatedDecisions?: { decisionDefinitionId: string; matchedRules?: { ruleId: string }[] }[] }

type Dmn = Awaited<ReturnType<typeof import('../../diagram/dmn')['openDmn']>>;

function Table({ definition, hits }: { definition: Definition; hits: string[] }) {
  const box = useRef<HTMLDivElement>(null);
  const [dmn, setDmn] = useState<Dmn | null>(null);
  const [views, setViews] = useState<View[]>([]);
  const [view, setView] = useState(definition.decisionDefinitionId);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let isOver = false;
    let mine: Dmn | null = null;
    Promise.all([import('../../diagram/dmn'), askText(`/v2/decision-definitions/${definition.decisionDefinitionKey}/xml`)])
      .then(([{ openDmn }, xml]) => (box.current && !isOver ? openDmn(box.current, xml, definition.decisionDefinitionId) : null))
      .then((made) => {
        if (isOver || !made) return made?.close();
        mine = made;
        setDmn(made);
        setViews(made.views);
      })
      .catch((failure: unknown) => !isOver && setError(failure));
    return () => { isOver = true; mine?.close(); box.current?.replaceChildren(); };
  }, [definition.decisionDefinitionKey]);
  useEffect(() => {
    if (!dmn) return;
    void dmn.show(view).then(() => dmn.hit(hits));
  }, [dmn, view, hits.join()]);
  return (
    <Panel flush title={t('decisions.model')} actions={views.length > 1 && <Segments label={t('decisions.views')} value={view} onChoose={setView} choices={views.map(({ id, name, type }) => ({ id, label: type === 'drd' ? t('decisions.graph') : name }))} />}>
      {error !== null && <Failure error={error} />}
      {!dmn && error === null && <div style={{ padding: '16px' }}><Bones rows={5} /></div>}
      <div class="dmn" ref={box} tabIndex={0} role="group" aria-label={t('decisions.model')} />
    </Panel>
  );
}

function Bench({ definition, onHits }: { definition: Definition; onHits: (rules: string[]) => void }) {
  const [text, setText] = useState('{\n  "amount": 500\n}');
  const [result, setResult] = useState<Evaluated | null>(null);
  const [error, setError] = useState<unknown>(null);
  const run = async () => {
    setError(null);
    setResult(null);
    try {
      const variables = JSON.parse(text) as unknown;
      const answer = await ask<Evaluated>({ method: 'POST', path: '/v2/decision-definitions/evaluation', body: { decisionDefinitionKey: definition.decisionDefinitionKey, variables } });
      setResult(answer);
      onHits(answer.evaluatedDecisions?.find((one) => one.decisionDefinitionId === definition.decisionDefinitionId)?.matchedRules?.map((rule) => rule.ruleId) ?? []);
    } catch (failure) {
      setError(failure instanceof SyntaxError ? new Problem(400, 'JSON', t('variable.notjson'), '–') : failure);
    }
  };
  return (
    <Panel title={t('decisions.bench')} actions={<Button small look="main" icon="play" onClick={() => void run()}>{t('decisions.evaluate')}</Button>}>
      <div class="stack">
        <Field label={t('decisions.inputs')} hint={t('decisions.bench.about')}>{(id) => <textarea id={id} class="input mono" rows={7} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />}</Field>
        {error !== null && <Failure error={error} />}
        {result && (result.failureMessage ? <Notice kind="bad">{result.failureMessage}</Notice> : <><h3>{t('decisions.result')}</h3><Json value={result.output} /></>)}
      </div>
    </Panel>
  );
}

function Evaluation({ id, onHits }: { id: string; onHits: (rules: string[]) => void }) {
  const found = useLoad(id, () => ask<Detail>({ method: 'GET', path: `/v2/decision-instances/${id}` }));
  useEffect(() => onHits(found.value?.matchedRules?.map((rule) => rule.ruleId ?? '') ?? []), [found.value]);
  if (found.error !== null) return <Failure error={found.error} />;
  if (!found.value) return <Bones />;
  const detail = found.value;
  return (
    <Panel title={t('decisions.evaluation')} actions={<Button small look="plain" icon="x" aria-label={t('close')} onClick={() => setParams({ evaluation: null })} />}>
      <div class="stack">
        {detail.evaluationFailure && <Notice kind="bad">{detail.evaluationFailure}</Notice>}
        <h3>{t('decisions.inputs')}</h3>
        <dl class="facts">{detail.evaluatedInputs?.flatMap((input) => [<dt key={input.inputId}>{input.inputName}</dt>, <dd key={`${input.inputId}=`} class="mono">{input.inputValue}</dd>])}</dl>
        <h3>{t('decisions.result')}</h3><Json value={detail.result ?? 'null'} />
        {detail.matchedRules && detail.matchedRules.length > 0 && <p class="small soft">{t('decisions.rules', { rules: detail.matchedRules.map((rule) => rule.ruleIndex).join(', ') })}</p>}
      </div>
    </Panel>
  );
}

export function Decision() {
  const key = parts.value[1] ?? '';
  const evaluation = param('evaluation');
  const [hits, setHits] = useState<string[]>([]);
  const found = useLoad(key, () => ask<Definition>({ method: 'GET', path: `/v2/decision-definitions/${key}` }));
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones rows={6} />;
  const definition = found.value;
  return (
    <>
      <PageTitle title={definition.name || definition.decisionDefinitionId} state={<span class="tag">v{definition.version}</span>} about={<span class="mono">{definition.decisionDefinitionId}</span>} />
      <div class="split loose"><Table definition={definition} hits={hits} />{evaluation ? <Evaluation key={evaluation} id={evaluation} onHits={setHits} /> : <Bench definition={definition} onHits={setHits} />}</div>
      <List spec={{ ...decisionInstancesSpec({ decisionDefinitionKey: key }), narrowings: [] }} />
    </>
  );
}
