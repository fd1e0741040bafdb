// SPDX-License-Identifier: Apache-2.0
// One user, group, role, tenant or rule: made, changed, deleted, and who belongs to it.
import { useState } from 'preact/hooks';
import { ask, search, type Ask, type Path } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { Bones, Button, Facts, Failure, Panel } from '../../design/parts';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { changed } from '../../state/live';
import { setParams } from '../../state/route';
import { say, sayProblem } from '../../state/toasts';
import { t, type Key } from '../../text';
import { Field } from '../../design/parts';
import { MEMBER_KEYS, type KindOf, type Row } from './kinds';

export function EditDialog({ kind, item }: { kind: KindOf; item?: Row }) {
  const [values, setValues] = useState<Row>(item ?? {});
  const fields = kind.fields.filter((field) => !(item && field.once));
  const lacks = fields.find((field) => (field.required || (field.secret && !item)) && !values[field.id]);
  const body = Object.fromEntries(fields.filter((field) => values[field.id] !== undefined && (values[field.id] !== '' || !field.secret)).map((field) => [field.id, values[field.id]]));
  const id = item?.[kind.key] ?? values[kind.key] ?? '';
  const asked = (sent: Record<string, unknown>): Ask => (item ? { method: 'PUT', path: `/v2/${kind.path}/${encodeURIComponent(id)}` as Path, body: sent } : { method: 'POST', path: `/v2/${kind.path}` as Path, body: sent });
  return (
    <ActionDialog action={{ title: t(item ? 'admin.change' : 'admin.make', { what: t(kind.one) }), button: t('save'), done: t('admin.saved', { id }), topics: ['admin'], why: lacks ? t('admin.lacks', { field: t(lacks.label) }) : null,
      ask: asked(body), shown: asked(Object.fromEntries(Object.entries(body).map(([name, value]) => [name, fields.some((field) => field.id === name && field.secret) ? '…' : value]))) }}>
      {fields.map((field) => <Field key={field.id} label={t(field.label)} hint={field.secret ? t(item ? 'admin.password.keep' : 'admin.password.hint') : undefined}>{(input) => <input id={input} class="input" type={field.secret ? 'password' : 'text'} autocomplete={field.secret ? 'new-password' : 'off'} value={values[field.id] ?? ''} onInput={(event) => setValues({ ...values, [field.id]: event.currentTarget.value })} />}</Field>)}
    </ActionDialog>
  );
}

function remove(kind: KindOf, id: string) {
  show(<ActionDialog action={{ title: t('admin.delete', { what: t(kind.one) }), button: t('delete'), bad: true, done: t('admin.deleted', { id }), topics: ['admin'], ask: { method: 'DELETE', path: `/v2/${kind.path}/${encodeURIComponent(id)}` as Path }, after: () => setParams({ open: null }) }}><p>{t('admin.delete.about', { id })}</p></ActionDialog>);
}

function Members({ kind, id, members }: { kind: KindOf; id: string; members: string }) {
  const path = `/v2/${kind.path}/${encodeURIComponent(id)}/${members}`;
  const key = MEMBER_KEYS[members] ?? 'id';
  const [name, setName] = useState('');
  const found = useLoad(path, () => search<Row>(`${path}/search` as Path, { page: { limit: 500 } }), ['admin']);
  const change = async (method: 'PUT' | 'DELETE', member: string) => {
    try {
      await ask({ method, path: `${path}/${encodeURIComponent(member)}` as Path });
      say('done', t(method === 'PUT' ? 'admin.member.added' : 'admin.member.removed', { member, id }));
      setName('');
      changed('admin');
    } catch (error) {
      sayProblem(member, error);
    }
  };
  return (
    <div class="stack">
      <h3>{t(`admin.members.${members}` as Key)}</h3>
      {found.error !== null ? <Failure error={found.error} /> : !found.value ? <Bones rows={1} /> : (
        <div class="row wrap">{found.value.items.map((item) => <span key={item[key]} class="chip">{item[key]}<button type="button" aria-label={t('admin.member.remove', { member: item[key] ?? '' })} onClick={() => void change('DELETE', item[key] ?? '')}>×</button></span>)}{found.value.items.length === 0 && <span class="soft small">{t('admin.member.none')}</span>}</div>
      )}
      <form class="row" onSubmit={(event) => { event.preventDefault(); if (name.trim()) void change('PUT', name.trim()); }}><input class="input" style={{ maxWidth: '220px' }} aria-label={t('admin.member.add')} placeholder={t('admin.member.add')} value={name} onInput={(event) => setName(event.currentTarget.value)} /><Button type="submit" icon="plus">{t('add')}</Button></form>
    </div>
  );
}

export function One({ kind, id }: { kind: KindOf; id: string }) {
  const found = useLoad(`${kind.path}/${id}`, () => ask<Row>({ method: 'GET', path: `/v2/${kind.path}/${encodeURIComponent(id)}` as Path }), ['admin']);
  const item = found.value;
  return (
    <Panel title={id} actions={<>{item && <Button small icon="edit" onClick={() => show(<EditDialog kind={kind} item={item} />)}>{t('edit')}</Button>}<Button small icon="trash" look="bad" onClick={() => remove(kind, id)}>{t('delete')}</Button><Button small look="plain" icon="x" aria-label={t('close')} onClick={() => setParams({ open: null })} /></>}>
      {found.error !== null && <Failure error={found.error} />}
      {item && <div class="stack"><Facts facts={kind.fields.filter((field) => !field.secret).map((field) => [t(field.label), item[field.id] ?? '–'])} />{kind.members.map((members) => <Members key={members} kind={kind} id={id} members={members} />)}</div>}
    </Panel>
  );
}
