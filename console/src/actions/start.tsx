// SPDX-License-Identifier: Apache-2.0
// A new instance: by the process's start form, by its variables, or like one that was there before.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask, search, type Schema } from '../api/client';
import { Bones, Button, Dialog, Failure, Field } from '../design/parts';
import { Form, type FormHandle } from '../diagram/form';
import { hide } from '../state/dialog';
import { useLoad } from '../state/load';
import { changed } from '../state/live';
import { say } from '../state/toasts';
import { go, to } from '../state/route';
import { t } from '../text';
import { AsCommand } from './action';

type Definition = Schema<'ProcessDefinition'>;

async function variablesOf(instance: Schema<'ProcessInstance'>): Promise<Record<string, unknown>> {
  const key = instance.processInstanceKey;
  const history = await ask<{ items: Schema<'HistoryEvent'>[] }>({ method: 'GET', path: `/v2/process-instances/${key}/history` });
  const first = history.items.filter((event) => event.sequence === history.items[0]?.sequence && event.event === 'VARIABLE_SET' && event.scopeKey === key);
  return Object.fromEntries(first.map((event) => [event.name ?? '', JSON.parse(event.value ?? 'null') as unknown]));
}

export function StartDialog({ definition, like }: { definition?: Definition; like?: Schema<'ProcessInstance'> }) {
  const definitions = useLoad('startable', () => search<Definition>('/v2/process-definitions/search', { filter: { isLatestVersion: true, state: 'ACTIVE' }, sort: [{ field: 'name', order: 'ASC' }], page: { limit: 1000 } }));
  const [key, setKey] = useState(definition?.processDefinitionKey ?? like?.processDefinitionKey ?? '');
  const [business, setBusiness] = useState('');
  const [text, setText] = useState('{}');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const form = useRef<FormHandle>(null);
  const chosen = definitions.value?.items.find((one) => one.processDefinitionKey === key) ?? (definition?.processDefinitionKey === key ? definition : undefined);
  const schema = useLoad(chosen?.hasStartForm && !like ? key : null, async () => (await ask<Schema<'Form'> | null>({ method: 'GET', path: `/v2/process-definitions/${key}/form` }))?.schema ?? null);
  useEffect(() => {
    if (like) void variablesOf(like).then((variables) => setText(JSON.stringify(variables, null, 2)), () => {});
  }, []);
  const usesForm = !!schema.value;
  const isReading = chosen?.hasStartForm && !like && !schema.value && schema.error === null;
  let parsed: Record<string, unknown> | null = null;
  try {
    parsed = JSON.parse(text || '{}') as Record<string, unknown>;
  } catch { /* said at the field */ }
  const body = (variables: Record<string, unknown>) => ({ processDefinitionKey: key, variables, ...(business && { businessId: business }) });
  const start = async () => {
    const variables = usesForm ? form.current?.submit() : parsed;
    if (!variables) return;
    setBusy(true);
    setError(null);
    try {
      const made = await ask<{ processInstanceKey: string }>({ method: 'POST', path: '/v2/process-instances', body: body(variables) });
      hide();
      say('done', t('start.done'), { action: { label: t('start.open'), run: () => go(to('instances', made.processInstanceKey)) } });
      changed('instances', 'tasks');
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog wide title={like ? t('start.like') : t('start')} onClose={hide} footer={<><Button onClick={hide}>{t('cancel')}</Button><Button look="main" icon="play" disabled={isBusy} why={!key ? t('start.choose.first') : parsed === null && !usesForm ? t('variable.notobject') : null} onClick={() => void start()}>{t('start.button')}</Button></>}>
      {definitions.error !== null && <Failure error={definitions.error} />}
      <div class="row wrap" style={{ alignItems: 'flex-start' }}>
        <div class="grow"><Field label={t('process')}>{(id) => <select id={id} class="input" value={key} onChange={(event) => setKey(event.currentTarget.value)}><option value="">{t('choose')}</option>{key && !chosen && <option value={key}>{like?.processDefinitionName || key}</option>}{definition && !definitions.value?.items.some((one) => one.processDefinitionKey === definition.processDefinitionKey) && <option value={definition.processDefinitionKey}>{definition.name} v{definition.version}</option>}{definitions.value?.items.map((one) => <option key={one.processDefinitionKey} value={one.processDefinitionKey}>{one.name || one.processDefinitionId} v{one.version}</option>)}</select>}</Field></div>
        <div class="grow"><Field label={t('instances.businessid')} hint={t('start.business')}>{(id) => <input id={id} class="input" value={business} onInput={(event) => setBusiness(event.currentTarget.value)} />}</Field></div>
      </div>
      {isReading && <Bones />}
      {usesForm && schema.value && <Form key={key} schema={schema.value} data={{}} handle={form} />}
      {!usesForm && !isReading && <Field label={t('variables')} hint={t('start.variables')} bad={parsed === null ? t('variable.notobject') : null}>{(id) => <textarea id={id} class="input mono" rows={10} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />}</Field>}
      {error !== null && <Failure error={error} />}
      {key && !usesForm && <AsCommand request={{ method: 'POST', path: '/v2/process-instances', body: body(parsed ?? {}) }} cli={`baton start ${chosen?.processDefinitionId ?? like?.processDefinitionId ?? ''} --variables '${JSON.stringify(parsed ?? {})}'`} />}
    </Dialog>
  );
}
