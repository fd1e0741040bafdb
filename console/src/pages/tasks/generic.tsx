// SPDX-License-Identifier: Apache-2.0
// A task without a form: its variables, each by what it is, and room for more.
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { FormHandle } from '../../diagram/form';
import { Button, Field } from '../../design/parts';
import { t } from '../../text';

interface Entry { name: string; text: string; kind: 'text' | 'number' | 'truth' | 'json'; isNew: boolean }

function entryOf(name: string, value: unknown): Entry {
  const kind = typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'truth' : 'json';
  return { name, kind, text: kind === 'json' ? JSON.stringify(value, null, 2) : String(value), isNew: false };
}

function valueOf({ kind, text }: Entry): unknown {
  if (kind === 'text') return text;
  if (kind === 'truth') return text === 'true';
  if (kind === 'number') return text.trim() === '' ? null : Number(text);
  return JSON.parse(text) as unknown;
}

function problemOf(entry: Entry): string | null {
  if (entry.kind === 'number' && Number.isNaN(Number(entry.text))) return t('variable.notnumber');
  try {
    valueOf(entry);
    return null;
  } catch {
    return t('variable.notjson');
  }
}

function Input({ entry, id, disabled, onInput }: { entry: Entry; id: string; disabled: boolean; onInput: (text: string) => void }) {
  const bad = problemOf(entry) !== null;
  if (entry.kind === 'truth') return <label class="check"><input id={id} type="checkbox" disabled={disabled} checked={entry.text === 'true'} onChange={(event) => onInput(String(event.currentTarget.checked))} />{entry.text === 'true' ? t('yes') : t('no')}</label>;
  if (entry.kind === 'json') return <textarea id={id} class="input mono" rows={Math.min(8, entry.text.split('\n').length + 1)} disabled={disabled} aria-invalid={bad} value={entry.text} onInput={(event) => onInput(event.currentTarget.value)} />;
  return <input id={id} class="input" inputMode={entry.kind === 'number' ? 'decimal' : 'text'} disabled={disabled} aria-invalid={bad} value={entry.text} onInput={(event) => onInput(event.currentTarget.value)} />;
}

export function GenericForm({ data, handle, readOnly, onChange }: { data: Record<string, unknown>; handle: RefObject<FormHandle>; readOnly: boolean; onChange: (data: Record<string, unknown>) => void }) {
  const [entries, setEntries] = useState(() => Object.entries(data).map(([name, value]) => entryOf(name, value)));
  const [name, setName] = useState('');
  const values = () => Object.fromEntries(entries.filter((entry) => problemOf(entry) === null).map((entry) => [entry.name, valueOf(entry)]));
  useEffect(() => {
    handle.current = { submit: () => (entries.some((entry) => problemOf(entry) !== null) ? null : Object.fromEntries(entries.filter((entry) => entry.isNew || JSON.stringify(valueOf(entry)) !== JSON.stringify(data[entry.name])).map((entry) => [entry.name, valueOf(entry)]))) };
  }, [entries]);
  const change = (at: number, text: string) => {
    const next = entries.map((entry, i) => (i === at ? { ...entry, text } : entry));
    setEntries(next);
    onChange(values());
  };
  const add = () => {
    if (!name.trim() || entries.some((entry) => entry.name === name.trim())) return;
    setEntries([...entries, { ...entryOf(name.trim(), ''), isNew: true }]);
    setName('');
  };
  return (
    <div class="stack">
      <p class="soft small">{t('task.generic')}</p>
      {entries.map((entry, i) => <Field key={entry.name} label={entry.name} bad={problemOf(entry)}>{(id) => <Input id={id} entry={entry} disabled={readOnly} onInput={(text) => change(i, text)} />}</Field>)}
      {!readOnly && <div class="row"><input class="input" style={{ maxWidth: '240px' }} placeholder={t('task.generic.name')} aria-label={t('task.generic.name')} value={name} onInput={(event) => setName(event.currentTarget.value)} onKeyDown={(event) => event.key === 'Enter' && (event.preventDefault(), add())} /><Button icon="plus" onClick={add}>{t('task.generic.add')}</Button></div>}
    </div>
  );
}
