// SPDX-License-Identifier: Apache-2.0
// The pieces that pages are made of; what they look like is in parts.css.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { tickMinute } from '../state/clock';
import { showAgo, showTime } from '../state/look';
import { explain, say } from '../state/toasts';
import { t, tOf } from '../text';
import { Icon, type IconName } from './icon';

type ButtonProps = Omit<JSX.IntrinsicElements['button'], 'size' | 'icon'> & { look?: 'main' | 'plain' | 'bad' | 'bad main'; icon?: IconName; small?: boolean; why?: string | null | undefined };

/** `why`: what forbids it; the button stays to be found and says so. */
export function Button({ look, icon, small, why, children, class: extra, onClick, ...rest }: ButtonProps) {
  const classes = ['button', look, small && 'small', !children && 'icon', extra].filter(Boolean).join(' ');
  return (
    <button type="button" {...rest} class={classes} aria-disabled={why ? 'true' : undefined} title={why ?? rest.title}
      onClick={why ? (event) => { event.preventDefault(); say('bad', why); } : onClick}>
      {icon && <Icon name={icon} size={16} />}{children}
    </button>
  );
}

// -- States ---------------------------------------------------------------------------------------

const STATES: Record<string, [string, IconName]> = {
  ACTIVE: ['active', 'play'], COMPLETED: ['done', 'check'], TERMINATED: ['', 'ban'], SUSPENDED: ['warn', 'pause'], INCIDENT: ['bad', 'incident'], CREATED: ['active', 'circle'],
  FAILED: ['bad', 'x'], CANCELED: ['', 'ban'], ERROR_THROWN: ['bad', 'incident'], TIMED_OUT: ['warn', 'clock'], RESOLVED: ['done', 'check'], PENDING: ['warn', 'clock'],
  EVALUATED: ['done', 'check'], CORRELATED: ['done', 'check'], PARTIALLY_COMPLETED: ['warn', 'incident'], SKIPPED: ['', 'right'], DRAINING: ['warn', 'clock'], DELETED: ['', 'trash'],
  ASSIGNING: ['active', 'clock'], CREATING: ['active', 'clock'], UPDATING: ['active', 'clock'], COMPLETING: ['active', 'clock'], CANCELING: ['', 'clock'], HEALTHY: ['done', 'check'], DONE: ['done', 'check'], REFUSED: ['bad', 'ban'], UNHEALTHY: ['bad', 'x'],
};

export function State({ state }: { state: string }) {
  const [look, icon] = STATES[state] ?? ['', 'dot'];
  return <span class={`state ${look}`}><Icon name={icon} size={13} />{tOf('state', state)}</span>;
}

// -- Times and keys -------------------------------------------------------------------------------

/** Relative, with the full time on hover. */
export function Ago({ time }: { time: string | null | undefined }) {
  tickMinute.value; // read, so that it is told anew
  return time ? <time dateTime={time} title={showTime(time, true)} class="nowrap">{showAgo(time)}</time> : <span class="soft">–</span>;
}

export function Time({ time }: { time: string | null | undefined }) {
  return time ? <time dateTime={time} title={showTime(time, true)} class="nowrap num">{showTime(time)}</time> : <span class="soft">–</span>;
}

export async function copyText(text: string) {
  try {
    await navigator.clipboard.writeText(text);
    say('done', t('copied'));
  } catch {
    say('bad', t('copy.failed'));
  }
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  return <Button small look="plain" icon="copy" aria-label={label ?? t('copy')} title={label ?? t('copy')} onClick={(event) => { event.stopPropagation(); void copyText(text); }} />;
}

export function Command({ text }: { text: string }) {
  return (
    <div class="command">
      <code tabIndex={0} role="group" aria-label={t('command')}>{text}</code>
      <button type="button" aria-label={t('copy')} title={t('copy')} onClick={() => void copyText(text)}><Icon name="copy" size={15} /></button>
    </div>
  );
}

// -- Saying something -----------------------------------------------------------------------------

export function Notice({ kind = 'info', children, action }: { kind?: 'info' | 'bad' | 'warn' | 'done'; children: ComponentChildren; action?: ComponentChildren }) {
  const icon: IconName = kind === 'bad' || kind === 'warn' ? 'incident' : kind === 'done' ? 'check' : 'info';
  return <div class={`notice ${kind}`} role={kind === 'bad' ? 'alert' : undefined}><Icon name={icon} /><div class="grow">{children}</div>{action}</div>;
}

export function Failure({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const { text, detail } = explain(error);
  return (
    <Notice kind="bad" action={retry && <Button small onClick={retry}>{t('again')}</Button>}>
      <p>{text}</p>{detail && <p class="small soft mono">{detail}</p>}
    </Notice>
  );
}

/** What this is, and the one thing that fills it. */
export function Empty({ icon, title, children, command }: { icon: IconName; title: string; children?: ComponentChildren; command?: string | undefined }) {
  return (
    <div class="empty">
      <div class="badge"><Icon name={icon} size={24} /></div>
      <h2>{title}</h2>
      {children}
      {command && <Command text={command} />}
    </div>
  );
}

export function Bones({ rows = 4 }: { rows?: number }) {
  return (
    <div class="stack body" aria-busy="true" aria-label={t('loading')} role="status">
      {Array.from({ length: rows }, (_, i) => <span key={i} class="bone" style={{ width: `${88 - ((i * 23) % 50)}%` }} />)}
    </div>
  );
}

export function Panel({ title, actions, children, flush, label, class: extra }: { title?: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren; flush?: boolean; label?: string; class?: string }) {
  return (
    <section class={`panel ${extra ?? ''}`} aria-label={label}>
      {title && <header><h2>{title}</h2>{actions && <div class="row">{actions}</div>}</header>}
      <div class={`body ${flush ? 'flush' : ''}`}>{children}</div>
    </section>
  );
}

export function Facts({ facts }: { facts: [string, ComponentChildren][] }) {
  return <dl class="facts">{facts.flatMap(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}=`}>{value}</dd>])}</dl>;
}

/** What may be wider than its place; the keyboard reaches it. */
export function Scroll({ label, children, style }: { label: string; children: ComponentChildren; style?: JSX.CSSProperties }) {
  return <div class="scroll" tabIndex={0} role="group" aria-label={label} style={style}>{children}</div>;
}

export function Json({ value }: { value: string }) {
  return <pre class="json" tabIndex={0} role="group" aria-label={t('value')}>{pretty(value)}</pre>;
}

export function pretty(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}

// -- Choosing -------------------------------------------------------------------------------------

export interface Choice<Id extends string = string> {
  id: Id;
  label: string;
  count?: number | string | undefined;
  bad?: boolean;
}

export function Segments<Id extends string>({ label, choices, value, onChoose }: { label: string; choices: Choice<Id>[]; value: Id; onChoose: (id: Id) => void }) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {choices.map((choice) => (
        <button key={choice.id} type="button" aria-pressed={choice.id === value} onClick={() => onChoose(choice.id)}>
          {choice.label}{choice.count !== undefined && <span class={`count ${choice.bad ? 'bad' : ''}`}>{choice.count}</span>}
        </button>
      ))}
    </div>
  );
}

export function Tabs<Id extends string>({ label, choices, value, onChoose }: { label: string; choices: Choice<Id>[]; value: Id; onChoose: (id: Id) => void }) {
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = choices[(choices.findIndex((choice) => choice.id === value) + step + choices.length) % choices.length];
    if (!step || !next) return;
    event.preventDefault();
    onChoose(next.id);
    requestAnimationFrame(() => (event.target as HTMLElement).parentElement?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {choices.map((choice) => (
        <button key={choice.id} type="button" role="tab" aria-selected={choice.id === value} tabIndex={choice.id === value ? 0 : -1} onClick={() => onChoose(choice.id)}>
          {choice.label}{choice.count !== undefined && <span class={`count ${choice.bad ? 'bad' : ''}`}>{choice.count}</span>}
        </button>
      ))}
    </div>
  );
}

export function Field({ label, hint, bad, children }: { label: string; hint?: ComponentChildren; bad?: string | null | undefined; children: (id: string) => ComponentChildren }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id)}
      {hint && !bad && <span class="hint">{hint}</span>}
      {bad && <span class="hint bad" role="alert">{bad}</span>}
    </div>
  );
}

// -- Dialogs and menus ----------------------------------------------------------------------------

export function Dialog({ title, wide, children, footer, onClose, class: extra }: { title: string; wide?: boolean; children: ComponentChildren; footer?: ComponentChildren; onClose: () => void; class?: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => opener?.focus?.();
  }, []);
  return (
    <dialog ref={dialog} class={`${wide ? 'wide' : ''} ${extra ?? ''}`} aria-labelledby={id} onCancel={(event) => { event.preventDefault(); onClose(); }}>
      <header><h2 id={id}>{title}</h2><Button look="plain" icon="x" aria-label={t('close')} onClick={onClose} /></header>
      <div class="body">{children}</div>
      {footer && <footer>{footer}</footer>}
    </dialog>
  );
}

export interface MenuItem {
  label: string;
  icon?: IconName;
  bad?: boolean;
  run?: () => void;
  href?: string;
}

export function Menu({ label, button, items, left, header }: { label: string; button: ComponentChildren; items: (MenuItem | 'line')[]; left?: boolean; header?: ComponentChildren }) {
  const [isOpen, open] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    box.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
    const close = (event: Event) => !box.current?.contains(event.target as Node) && open(false);
    addEventListener('pointerdown', close);
    return () => removeEventListener('pointerdown', close);
  }, [isOpen]);
  const onKey = (event: KeyboardEvent) => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (event.key === 'Escape' && isOpen) {
      event.stopPropagation();
      open(false);
      box.current?.querySelector<HTMLElement>('button')?.focus();
    }
    if (!step || !isOpen) return;
    event.preventDefault();
    all[(all.indexOf(document.activeElement as HTMLElement) + step + all.length) % all.length]?.focus();
  };
  return (
    <div class="menu" ref={box} onKeyDown={onKey}>
      <button type="button" class={typeof button === 'string' ? 'button' : 'button plain icon'} aria-haspopup="menu" aria-expanded={isOpen} aria-label={label} title={label} onClick={() => open(!isOpen)}>{button}</button>
      {isOpen && (
        <div class={`list fade ${left ? 'left' : ''}`}>
          {header && <div class="label">{header}</div>}
          <div role="menu" aria-label={label} style={{ display: 'contents' }}>
            {items.map((item, i) => item === 'line' ? <hr key={i} /> : item.href
              ? <a key={i} role="menuitem" href={item.href} class={item.bad ? 'bad' : ''} onClick={() => open(false)}>{item.icon && <Icon name={item.icon} size={16} />}{item.label}</a>
              : <button key={i} type="button" role="menuitem" class={item.bad ? 'bad' : ''} onClick={() => { open(false); item.run?.(); }}>{item.icon && <Icon name={item.icon} size={16} />}{item.label}</button>)}
          </div>
        </div>
      )}
    </div>
  );
}

export function PageTitle({ title, about, children, state }: { title: ComponentChildren; about?: ComponentChildren; children?: ComponentChildren; state?: ComponentChildren }) {
  return (
    <header class="title">
      <div class="grow"><div class="row wrap"><h1>{title}</h1>{state}</div>{about && <p>{about}</p>}</div>
      {children && <div class="row wrap">{children}</div>}
    </header>
  );
}
