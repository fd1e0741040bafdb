// SPDX-License-Identifier: Apache-2.0
// The session ended while somebody worked: they log in over the page, and what they had typed is still there.
import { useState } from 'preact/hooks';
import { loggedOut } from '../api/client';
import { Button, Dialog, Field, Notice } from '../design/parts';
import { changed } from '../state/live';
import { loginAddress, logIn, me } from '../state/session';
import { t } from '../text';

export function LogInAgain() {
  const [user, setUser] = useState(me.value?.username ?? '');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [refusal, setRefusal] = useState<{ text: string; wantsCode: boolean } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const refused = await logIn(user, password, code);
      setRefusal(refused);
      if (!refused) changed();
    } catch (error) {
      setRefusal({ text: String((error as Error).message || t('error.unreachable')), wantsCode: false });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={t('login.again')} onClose={() => (loggedOut.value = false)}>
      <p>{t('login.again.about')}</p>
      <form class="stack" onSubmit={(event) => void submit(event)}>
        <Field label={t('login.user')}>{(id) => <input id={id} class="input" autocomplete="username" required value={user} onInput={(event) => setUser(event.currentTarget.value)} />}</Field>
        <Field label={t('login.password')}>{(id) => <input id={id} class="input" type="password" autocomplete="current-password" required value={password} onInput={(event) => setPassword(event.currentTarget.value)} />}</Field>
        {refusal?.wantsCode && <Field label={t('login.code')}>{(id) => <input id={id} class="input" inputMode="numeric" autocomplete="one-time-code" value={code} onInput={(event) => setCode(event.currentTarget.value)} />}</Field>}
        {refusal && <Notice kind="bad">{refusal.text}</Notice>}
        <div class="row between wrap"><a data-server href={loginAddress()} class="small">{t('login.elsewhere')}</a><Button type="submit" look="main" disabled={isBusy}>{t('login')}</Button></div>
      </form>
    </Dialog>
  );
}
