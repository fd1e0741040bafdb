// SPDX-License-Identifier: Apache-2.0
// Who waits for which message, what arrived, and which topics of others are listened to.
import { useState } from 'preact/hooks';
import { ask, type Schema } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Bones, Button, Empty, Failure, Field, Json, PageTitle, Panel, State, Tabs } from '../../design/parts';
import { List } from '../../list/list';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { param, setParams } from '../../state/route';
import { t } from '../../text';
import { correlatedSpec, subscriptionsSpec } from './spec';

type Topic = Schema<'TopicSubscription'>;

function Topics() {
  const found = useLoad('topics', () => ask<{ items: Topic[] } | Topic[]>({ method: 'GET', path: '/v2/topic-subscriptions' }), ['topics']);
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones />;
  const topics = Array.isArray(found.value) ? found.value : found.value.items;
  if (topics.length === 0) return <Empty icon="message" title={t('topics.none')} command={'baton topics add orders --topic shop.orders --settings \'{"message": "order", "correlationKey": "=data.id"}\''}><p>{t('topics.none.text')}</p></Empty>;
  return <div class="stack" style={{ padding: '14px' }}>{topics.map((topic) => <Panel key={topic.name} title={<span class="row wrap">{topic.name}<span class="tag mono">{topic.topic}</span><State state={topic.enabled === false ? 'SUSPENDED' : 'ACTIVE'} /></span>}><Json value={JSON.stringify(topic.settings ?? {})} /></Panel>)}</div>;
}

function PublishDialog() {
  const [name, setName] = useState('');
  const [key, setKey] = useState('');
  const [text, setText] = useState('{}');
  let variables: unknown;
  try {
    variables = JSON.parse(text);
  } catch {
    variables = undefined;
  }
  const isObject = typeof variables === 'object' && variables !== null && !Array.isArray(variables);
  const body = { name, correlationKey: key, timeToLive: 3_600_000, variables: isObject ? variables : {} };
  return (
    <ActionDialog action={{ title: t('messages.publish'), button: t('messages.publish'), done: t('messages.published', { name }), topics: ['messages', 'instances'], why: !name ? t('messages.noname') : !isObject ? t('variable.notobject') : null,
      ask: { method: 'POST', path: '/v2/messages/publication', body }, cli: `baton publish ${name || 'NAME'} --key '${key}' --variables '${text}'` }}>
      <p>{t('messages.publish.about')}</p>
      <Field label={t('messages.name')}>{(id) => <input id={id} class="input" value={name} onInput={(event) => setName(event.currentTarget.value)} />}</Field>
      <Field label={t('messages.key')}>{(id) => <input id={id} class="input" value={key} onInput={(event) => setKey(event.currentTarget.value)} />}</Field>
      <Field label={t('variables')} bad={isObject ? null : t('variable.notobject')}>{(id) => <textarea id={id} class="input mono" rows={6} value={text} onInput={(event) => setText(event.currentTarget.value)} />}</Field>
    </ActionDialog>
  );
}

export function Messages() {
  const tab = (param('tab') || 'waiting') as 'waiting' | 'correlated' | 'topics';
  return (
    <>
      <PageTitle title={t('nav.messages')} about={t('messages.about')}><Button icon="message" onClick={() => show(<PublishDialog />)}>{t('messages.publish')}</Button></PageTitle>
      <section class="panel"><Tabs label={t('nav.messages')} value={tab} onChoose={(id) => setParams({ tab: id === 'waiting' ? null : id, state: null })} choices={[{ id: 'waiting', label: t('messages.waiting') }, { id: 'correlated', label: t('messages.correlated') }, { id: 'topics', label: t('topics.label') }]} />{tab === 'topics' && <Topics />}</section>
      {tab === 'waiting' && <List spec={subscriptionsSpec()} />}
      {tab === 'correlated' && <List spec={correlatedSpec()} />}
    </>
  );
}
