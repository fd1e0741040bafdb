// SPDX-License-Identifier: Apache-2.0
// The variables of an instance by scope: in full, found, copied, changed.
import { useState } from 'preact/hooks';
import { ask, search } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Bones, Button, CopyButton, Dialog, Empty, Failure, Field, Json, pretty } from '../../design/parts';
import { hide, show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { t } from '../../text';
import { topicsOf, useSearch, type ElementInstance, type Variable } from './data';

async function whole(variable: Variable): Promise<string> {
  return variable.isTruncated ? (await ask<Variable>({ method: 'GET', path: `/v2/variables/${variable.variableKey}` })).value : variable.value;
}

function problemOf(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    return t('variable.notjson');
  }
}

function EditDialog({ instanceKey, scopeKey, name, value }: { instanceKey: string; scopeKey: string; name: string; value: string }) {
  const [newName, setName] = useState(name);
  const [text, setText] = useState(pretty(value));
  const problem = text.trim() === '' ? t('variable.empty') : problemOf(text);
  const isNew = name === '';
  const variables = () => ({ [newName || 'name']: problem ? null : (JSON.parse(text) as unknown) });
  return (
    <ActionDialog wide action={{
      title: isNew ? t('variable.add') : t('variable.edit', { name }), button: t('save'), done: t('variable.saved', { name: newName }), topics: topicsOf(instanceKey),
      why: newName.trim() === '' ? t('variable.noname') : problem, ask: { method: 'PUT', path: `/v2/element-instances/${scopeKey}/variables`, body: { variables: variables(), local: true } },
      undo: isNew ? undefined! : { label: t('undo'), ask: { method: 'PUT', path: `/v2/element-instances/${scopeKey}/variables`, body: { variables: { [name]: JSON.parse(value) as unknown }, local: true } } },
    }}>
      {isNew && <Field label={t('name')}>{(id) => <input id={id} class="input" value={newName} onInput={(event) => setName(event.currentTarget.value)} />}</Field>}
      <Field label={t('variable.value')} bad={text.trim() ? problem : null} hint={t('variable.json')}>
        {(id) => <textarea id={id} class="input mono" rows={12} spellcheck={false} value={text} aria-invalid={problem !== null} onInput={(event) => setText(event.currentTarget.value)} />}
      </Field>
    </ActionDialog>
  );
}

function WholeDialog({ variable }: { variable: Variable }) {
  const value = useLoad(variable.variableKey, () => whole(variable));
  return (
    <Dialog wide title={variable.name} onClose={hide} footer={value.value !== null && <><CopyButton text={value.value} /><Button onClick={hide}>{t('close')}</Button></>}>
      {value.value === null ? value.error !== null ? <Failure error={value.error} /> : <Bones /> : <Json value={value.value} />}
      <p class="small"><a href={`/instances?state=any&variable=${encodeURIComponent(`${variable.name}=${variable.value}`)}`} onClick={hide}>{t('variable.others')}</a></p>
    </Dialog>
  );
}

async function edit(instanceKey: string, variable: Variable) {
  const value = await whole(variable);
  show(<EditDialog instanceKey={instanceKey} scopeKey={variable.scopeKey} name={variable.name} value={value} />);
}

function Scope({ instanceKey, title, scopeKey, items, isOver }: { instanceKey: string; title: string; scopeKey: string; items: Variable[]; isOver: boolean }) {
  return (
    <>
      <tr class="scope"><td colSpan={3}><div class="row between"><strong>{title}</strong>{!isOver && <Button small look="plain" icon="plus" onClick={() => show(<EditDialog instanceKey={instanceKey} scopeKey={scopeKey} name="" value='""' />)}>{t('variable.add')}</Button>}</div></td></tr>
      {items.map((variable) => (
        <tr key={variable.variableKey}>
          <td class="mono"><button type="button" class="as-link" onClick={() => show(<WholeDialog variable={variable} />)}>{variable.name}</button></td>
          <td class="mono value"><button type="button" class="as-link cut" title={t('variable.open')} onClick={() => show(<WholeDialog variable={variable} />)}>{variable.value}{variable.isTruncated && '…'}</button></td>
          <td class="right"><CopyButton text={variable.value} label={t('variable.copy', { name: variable.name })} />{!isOver && <Button small look="plain" icon="edit" aria-label={t('variable.edit', { name: variable.name })} title={t('variable.edit', { name: variable.name })} onClick={() => void edit(instanceKey, variable)} />}</td>
        </tr>
      ))}
    </>
  );
}

export function Variables({ instanceKey, isOver }: { instanceKey: string; isOver: boolean }) {
  const [wanted, setWanted] = useState('');
  const found = useSearch<Variable>(instanceKey, 'variables', '/v2/variables/search', { processInstanceKey: instanceKey }, [{ field: 'name', order: 'ASC' }]);
  const scopes = useLoad(`scopes ${instanceKey}`, () => search<ElementInstance>('/v2/element-instances/search', { filter: { processInstanceKey: instanceKey }, page: { limit: 1000 } }), topicsOf(instanceKey));
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones />;
  const items = found.value.items.filter((variable) => `${variable.name} ${variable.value}`.toLowerCase().includes(wanted.toLowerCase()));
  const keys = [instanceKey, ...new Set(found.value.items.map((variable) => variable.scopeKey).filter((key) => key !== instanceKey))];
  const nameOf = (key: string) => {
    const element = scopes.value?.items.find((one) => one.elementInstanceKey === key);
    return key === instanceKey ? t('variable.global') : (element?.elementName || element?.elementId || key);
  };
  return (
    <>
      <div style={{ padding: '10px 14px' }}><input class="input" style={{ maxWidth: '300px' }} type="search" placeholder={t('variable.find')} aria-label={t('variable.find')} value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} /></div>
      {found.value.items.length === 0 && isOver ? <Empty icon="edit" title={t('variable.none')} /> : (
        <table class="table variables"><thead class="hidden-text"><tr><th scope="col">{t('name')}</th><th scope="col">{t('variable.value')}</th><th scope="col">{t('actions')}</th></tr></thead>
          <tbody>{keys.map((key) => <Scope key={key} instanceKey={instanceKey} scopeKey={key} title={nameOf(key)} isOver={isOver} items={items.filter((variable) => variable.scopeKey === key)} />)}</tbody></table>
      )}
    </>
  );
}
