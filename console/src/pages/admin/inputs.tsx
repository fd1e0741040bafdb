// SPDX-License-Identifier: Apache-2.0
// The fields of the forms here.
import type { ComponentChildren } from 'preact';
import { Field } from '../../design/parts';
import { t } from '../../text';

interface TextProps { label: string; value: string; onInput: (value: string) => void; hint?: ComponentChildren; bad?: string | null; type?: string; disabled?: boolean; list?: string[] }

export function Text({ label, value, onInput, hint, bad, type = 'text', disabled = false, list }: TextProps) {
  return <Field label={label} hint={hint} bad={bad}>{(id) => <><input id={id} class="input" type={type} disabled={disabled} list={list ? `${id}-list` : undefined} autocomplete={type === 'password' ? 'new-password' : 'off'} value={value} onInput={(event) => onInput(event.currentTarget.value)} />{list && <datalist id={`${id}-list`}>{list.map((one) => <option key={one} value={one} />)}</datalist>}</>}</Field>;
}

export function Select({ label, value, choices, onChoose, hint, disabled = false }: { label: string; value: string; choices: { id: string; label: string }[]; onChoose: (id: string) => void; hint?: ComponentChildren; disabled?: boolean }) {
  return <Field label={label} hint={hint}>{(id) => <select id={id} class="input" disabled={disabled} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>{choices.map((choice) => <option key={choice.id} value={choice.id}>{choice.label}</option>)}</select>}</Field>;
}

/** "*": each. */
export const everyOr = (value: string | null | undefined) => (!value || value === '*' ? <span class="soft">{t('admin.each')}</span> : value);

export const listOf = (text: string) => text.split(/[\s,;]+/).filter(Boolean);
