// SPDX-License-Identifier: Apache-2.0
// One instance: where it stands, why, and what can be done.
import { Diagram } from '../../diagram/diagram';
import { Icon } from '../../design/icon';
import { Ago, Bones, CopyButton, Failure, PageTitle, Panel, State, Tabs, Time, type Choice } from '../../design/parts';
import { param, parts, setParams, to } from '../../state/route';
import { showSpan } from '../../state/look';
import { t } from '../../text';
import { stateOf } from '../instances/spec';
import { InstanceActions } from './actions';
import { useHistory, useInstance, type Call } from './data';
import { Elements } from './elements';
import { Forecast } from './forecast';
import { History } from './history';
import { PartList } from './lists';
import { Travel, VariablesThen } from './time';
import { thenAt } from './travel';
import { Variables } from './variables';
import { Why } from './why';

const TABS = ['elements', 'variables', 'history', 'incidents', 'jobs', 'called', 'decisions', 'messages'] as const;
type Tab = (typeof TABS)[number];

function Calls({ calls }: { calls: Call[] }) {
  if (calls.length < 2) return null;
  return (
    <nav class="crumbs small" aria-label={t('instance.calls')} style={{ flexWrap: 'wrap' }}>
      {calls.map((call, i) => <>{i > 0 && <Icon name="right" size={13} />}{i < calls.length - 1 ? <a href={to('instances', call.processInstanceKey)}>{call.processDefinitionName}</a> : <span aria-current="page">{call.processDefinitionName}</span>}</>)}
    </nav>
  );
}

export function Instance() {
  const key = parts.value[1] ?? '';
  const found = useInstance(key);
  const at = Number(param('at')) || 0;
  const events = useHistory(key);
  const selected = param('element') || null;
  const wanted = param('tab') as Tab;
  const tab = TABS.includes(wanted) ? wanted : 'elements';
  const onSelect = (id: string | null) => setParams({ element: id });
  if (!found.value) return found.error !== null ? <Failure error={found.error} retry={found.reload} /> : <Bones rows={6} />;

  const { instance, counts, taken, calls } = found.value;
  const isOver = instance.endDate !== null;
  const then = at > 0 && events.value ? thenAt(events.value.items, at) : null;
  const incidents = counts.reduce((sum, count) => sum + count.incidents, 0);
  const tabs: Choice<Tab>[] = TABS.map((id) => ({ id, label: t(`instance.tab.${id}`), ...(id === 'incidents' && incidents > 0 ? { count: incidents, bad: true } : {}) }));
  return (
    <>
      {found.error !== null && <Failure error={found.error} retry={found.reload} />}
      <Calls calls={calls} />
      <PageTitle title={instance.businessId || instance.processDefinitionName || instance.processDefinitionId} state={<State state={stateOf(instance)} />}
        about={<span class="row wrap" style={{ columnGap: '14px' }}>
          <a href={to('processes', instance.processDefinitionKey)}>{instance.processDefinitionName || instance.processDefinitionId} v{instance.processDefinitionVersion}</a>
          <span class="row" style={{ gap: 0 }}><code>{key}</code><CopyButton text={key} label={t('copy.key')} /></span>
          <span>{t('started')} <Ago time={instance.startDate} /></span>
          {isOver && <span>{t('ended')} <Time time={instance.endDate} /> ({showSpan(Date.parse(instance.endDate ?? '') - Date.parse(instance.startDate))})</span>}
          {instance.slaBreaches > 0 && <span class="state bad"><Icon name="clock" size={13} />{t('instance.sla', { count: instance.slaBreaches })}</span>}
          {instance.tags.map((tag) => <span key={tag} class="tag">{tag}</span>)}
        </span>}>
        <InstanceActions instance={instance} counts={counts} />
      </PageTitle>
      {then && events.value && <Travel instanceKey={key} events={events.value.items} then={then} />}
      <div class="split">
        <section class="panel" aria-label={t('diagram.label')} style={{ overflow: 'hidden' }}>
          <Diagram definitionKey={instance.processDefinitionKey} counts={then?.counts ?? counts} taken={then?.taken ?? taken} selected={selected} onSelect={onSelect} />
        </section>
        {!then && <Why instance={instance} selected={selected} onSelect={onSelect} />}
        {then && events.value && <VariablesThen then={then} events={events.value.items} instanceKey={key} />}
      </div>
      {!then && <Forecast instance={instance} />}
      {['incidents', 'jobs', 'called', 'decisions', 'messages'].includes(tab) ? (
        <>
          <section class="panel"><Tabs label={t('instance.tabs')} choices={tabs} value={tab} onChoose={(id) => setParams({ tab: id === 'elements' ? null : id })} /></section>
          <PartList which={tab as 'incidents'} instance={instance} />
        </>
      ) : (
        <Panel flush class="tabbed">
          <Tabs label={t('instance.tabs')} choices={tabs} value={tab} onChoose={(id) => setParams({ tab: id === 'elements' ? null : id })} />
          <div role="tabpanel" aria-label={t(`instance.tab.${tab}`)}>
            {tab === 'elements' && <Elements instanceKey={key} selected={selected} onSelect={onSelect} />}
            {tab === 'variables' && <Variables instanceKey={key} isOver={isOver} />}
            {tab === 'history' && <History instanceKey={key} />}
          </div>
        </Panel>
      )}
    </>
  );
}
