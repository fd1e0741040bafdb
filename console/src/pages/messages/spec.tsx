// SPDX-License-Identifier: Apache-2.0
import type { Schema } from '../../api/client';
import { Ago, State } from '../../design/parts';
import type { ListSpec } from '../../list/spec';
import { to } from '../../state/route';
import { t } from '../../text';

type Subscription = Schema<'MessageSubscription'>;
type Correlated = Schema<'CorrelatedMessageSubscription'>;

export function subscriptionsSpec(base: Record<string, unknown> = {}): ListSpec<Subscription> {
  return {
    name: 'subscriptions', label: t('messages.waiting'), path: '/v2/message-subscriptions/search', base, topics: ['messages'], sort: { field: 'lastUpdatedDate', order: 'DESC' },
    keyOf: (item) => `${item.messageSubscriptionKey} ${item.elementInstanceKey}`,
    empty: { icon: 'message', title: t('messages.none'), text: t('messages.none.text'), command: 'baton publish document-received --key 4711' },
    narrowings: [
      { id: 'state', label: t('state'), initial: 'CREATED', choices: [{ id: 'CREATED', label: t('messages.open') }, { id: 'CORRELATED', label: t('state.CORRELATED') }, { id: 'any', label: t('all') }], toFilter: (value) => (value === 'any' ? null : { messageSubscriptionState: value }) },
      { id: 'name', label: t('messages.name'), toFilter: (value) => ({ messageName: value }) },
      { id: 'correlation', label: t('messages.key'), toFilter: (value) => ({ correlationKey: value }) },
    ],
    columns: [
      { id: 'name', title: t('messages.name'), sort: 'messageName', cell: (item) => <span class="strong mono">{item.messageName}</span>, text: (item) => item.messageName },
      { id: 'state', title: t('state'), look: 'aside', cell: (item) => <State state={item.messageSubscriptionState === 'CREATED' ? 'PENDING' : item.messageSubscriptionState} />, text: (item) => item.messageSubscriptionState },
      { id: 'key', title: t('messages.key'), sort: 'correlationKey', cell: (item) => <span class="mono">{item.correlationKey ?? '–'}</span>, text: (item) => item.correlationKey ?? '' },
      { id: 'time', title: t('messages.since'), sort: 'lastUpdatedDate', look: 'aside', cell: (item) => <Ago time={item.lastUpdatedDate} />, text: (item) => item.lastUpdatedDate },
      { id: 'where', title: t('process'), look: 'wide-only', cell: (item) => <>{item.processDefinitionName || item.processDefinitionId} <span class="soft">· {item.elementId}</span></>, text: (item) => `${item.processDefinitionId} ${item.elementId}` },
      { id: 'instance', title: t('instance'), look: 'wide-only', cell: (item) => item.messageSubscriptionType === 'START_EVENT' ? <span class="soft">{t('messages.start')}</span> : <a class="mono" href={to('instances', item.processInstanceKey)}>{item.businessId || item.processInstanceKey}</a>, text: (item) => item.processInstanceKey },
    ],
  };
}

export function correlatedSpec(): ListSpec<Correlated> {
  return {
    name: 'correlated', label: t('messages.correlated'), path: '/v2/correlated-message-subscriptions/search', topics: ['messages'], sort: { field: 'correlationTime', order: 'DESC' },
    keyOf: (item) => `${item.messageKey} ${item.subscriptionKey}`, hrefOf: (item) => to('instances', item.processInstanceKey),
    empty: { icon: 'message', title: t('messages.correlated.none'), text: t('messages.none.text') },
    narrowings: [{ id: 'name', label: t('messages.name'), toFilter: (value) => ({ messageName: value }) }],
    columns: [
      { id: 'name', title: t('messages.name'), sort: 'messageName', cell: (item) => <a class="strong mono" href={to('instances', item.processInstanceKey)}>{item.messageName}</a>, text: (item) => item.messageName },
      { id: 'time', title: t('messages.at'), sort: 'correlationTime', look: 'aside', cell: (item) => <Ago time={item.correlationTime} />, text: (item) => item.correlationTime },
      { id: 'key', title: t('messages.key'), cell: (item) => <span class="mono">{item.correlationKey ?? '–'}</span>, text: (item) => item.correlationKey ?? '' },
      { id: 'where', title: t('process'), look: 'wide-only', cell: (item) => <>{item.processDefinitionId} <span class="soft">· {item.elementId}</span></>, text: (item) => `${item.processDefinitionId} ${item.elementId}` },
      { id: 'instance', title: t('instance'), look: 'wide-only', cell: (item) => <span class="mono soft">{item.businessId || item.processInstanceKey}</span>, text: (item) => item.processInstanceKey },
    ],
  };
}
