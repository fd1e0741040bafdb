// SPDX-License-Identifier: Apache-2.0
// Everything that changes something is asked for here: what it will do, to what, and how a program would do the same.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ask, asCurl, type Ask } from '../api/client';
import { Button, Command, Dialog, Failure } from '../design/parts';
import { hide } from '../state/dialog';
import { changed, type Topic } from '../state/live';
import { say } from '../state/toasts';
import { t } from '../text';

export interface Action {
  title: string;
  button: string;
  ask: Ask;
  shown?: Ask; // the command for programs, where what is sent has something that nobody should read or copy
  cli?: string | undefined; // the same with the `baton` command
  done: string;
  bad?: boolean;
  why?: string | null; // what is missing before it can be done
  topics: Topic[];
  undo?: { label: string; ask: Ask };
  after?: (answer: unknown) => void;
}

export function AsCommand({ request, cli }: { request: Ask; cli?: string | undefined }) {
  return (
    <details>
      <summary class="small soft" style={{ cursor: 'pointer' }}>{t('action.command')}</summary>
      <div class="stack" style={{ marginTop: '8px' }}>
        {cli && <Command text={cli} />}
        <Command text={asCurl(request)} />
      </div>
    </details>
  );
}

export async function perform(action: Pick<Action, 'ask' | 'done' | 'topics' | 'undo' | 'after'>): Promise<void> {
  const answer = await ask(action.ask);
  const undo = action.undo;
  say('done', action.done, undo ? { action: { label: undo.label, run: () => void ask(undo.ask).then(() => changed()) } } : {});
  changed(...action.topics);
  action.after?.(answer);
}

export function ActionDialog({ action, children, wide }: { action: Action; children?: ComponentChildren; wide?: boolean }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      await perform({ ...action, after: (answer) => { hide(); action.after?.(answer); } });
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={action.title} wide={wide ?? false} onClose={hide} footer={<>
      <Button onClick={hide}>{t('cancel')}</Button>
      <Button look={action.bad ? 'bad main' : 'main'} disabled={isBusy} why={action.why} onClick={() => void run()}>{isBusy ? t('working') : action.button}</Button>
    </>}>
      {children}
      {error !== null && <Failure error={error} />}
      <AsCommand request={action.shown ?? action.ask} cli={action.cli} />
    </Dialog>
  );
}
