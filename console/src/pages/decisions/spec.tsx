// SPDX-License-Identifier: Apache-2.0
import type { Schema } from '../../api/client';
import { Ago, State } from '../../design/parts';
import { like, type ListSpec } from '../../list/spec';
import { to } from '../../state/route';
import { t } from '../../text';

export type DecisionInstance = Schema<'DecisionInstance'>;
type Definition = Schema<'DecisionDefinition'>;

export function decisionInstancesSpec(base: Record<string, unknown> = {}): ListSpec<DecisionInstance> {
  return {
    name: 'evaluations', label: t('decisions.evaluations'), path: '/v2/decision-instances/search', base, topics: ['decisions'], sort: { field: 'evaluationDate', order: 'DESC' },
    keyOf: (item) => item.decisionEvaluationInstanceKey, hrefOf: (item) => `${to('decisions', item.decisionDefinitionKey)}?evaluation=${item.decisionEvaluationInstanceKey}`,
    empty: { icon: 'decision', title: t('decisions.evaluations.none'), text: t('decisions.evaluations.none.text'), command: 'baton dmn eval approver --variables \'{"amount": 500}\'' },
    narrowings: [
      { id: 'outcome', label: t('state'), choices: [{ id: 'EVALUATED', label: t('state.EVALUATED') }, { id: 'FAILED', label: t('state.FAILED') }], toFilter: (value) => ({ state: value }) },
      { id: 'decision', label: t('decisions.id'), toFilter: (value) => ({ decisionDefinitionId: value }) },
      { id: 'business', label: t('instances.businessid'), toFilter: (value) => ({ businessId: like(value) }) },
    ],
    columns: [
      { id: 'name', title: t('decision'), sort: 'decisionDefinitionName', cell: (item) => <a class="strong" href={`${to('decisions', item.decisionDefinitionKey)}?evaluation=${item.decisionEvaluationInstanceKey}`}>{item.decisionDefinitionName || item.decisionDefinitionId}</a>, text: (item) => item.decisionDefinitionId },
      { id: 'state', title: t('state'), sort: 'state', look: 'aside', cell: (item) => <State state={item.state} />, text: (item) => item.state },
      { id: 'result', title: t('decisions.result'), cell: (item) => <span class="mono" title={item.result}>{item.evaluationFailure ?? item.result}</span>, text: (item) => item.result },
      { id: 'time', title: t('decisions.when'), sort: 'evaluationDate', look: 'aside', cell: (item) => <Ago time={item.evaluationDate} />, text: (item) => item.evaluationDate },
      { id: 'version', title: t('version'), sort: 'decisionDefinitionVersion', look: 'wide-only', cell: (item) => `v${item.decisionDefinitionVersion}`, text: (item) => String(item.decisionDefinitionVersion) },
      { id: 'instance', title: t('instance'), look: 'wide-only', cell: (item) => item.processInstanceKey ? <a class="mono" href={to('instances', item.processInstanceKey)}>{item.businessId || item.processInstanceKey}</a> : <span class="soft">–</span>, text: (item) => item.processInstanceKey ?? '' },
    ],
  };
}

export function decisionsSpec(): ListSpec<Definition> {
  return {
    name: 'decisions', label: t('nav.decisions'), path: '/v2/decision-definitions/search', topics: ['deployments'], sort: { field: 'name', order: 'ASC' },
    keyOf: (item) => item.decisionDefinitionKey, hrefOf: (item) => to('decisions', item.decisionDefinitionKey),
    empty: { icon: 'decision', title: t('decisions.none'), text: t('decisions.none.text'), command: 'baton deploy rules.dmn' },
    narrowings: [
      { id: 'versions', label: t('version'), initial: 'latest', choices: [{ id: 'latest', label: t('versions.latest') }, { id: 'every', label: t('versions.every') }], toFilter: (value) => (value === 'latest' ? { isLatestVersion: true } : null) },
      { id: 'q', label: t('name'), toFilter: (value) => ({ $or: [{ name: like(value) }, { decisionDefinitionId: like(value) }] }) },
    ],
    columns: [
      { id: 'name', title: t('name'), sort: 'name', cell: (item) => <a class="strong" href={to('decisions', item.decisionDefinitionKey)}>{item.name || item.decisionDefinitionId}</a>, text: (item) => item.name },
      { id: 'version', title: t('version'), sort: 'version', look: 'aside', cell: (item) => <span class="tag">v{item.version}</span>, text: (item) => String(item.version) },
      { id: 'id', title: t('id'), sort: 'decisionDefinitionId', cell: (item) => <span class="mono soft">{item.decisionDefinitionId}</span>, text: (item) => item.decisionDefinitionId },
      { id: 'graph', title: t('decisions.graph'), look: 'wide-only', cell: (item) => item.decisionRequirementsName || item.decisionRequirementsId, text: (item) => item.decisionRequirementsId },
      { id: 'key', title: t('key'), look: 'wide-only', cell: (item) => <span class="mono soft">{item.decisionDefinitionKey}</span>, text: (item) => item.decisionDefinitionKey },
    ],
  };
}
