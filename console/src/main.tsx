// SPDX-License-Identifier: Apache-2.0
import './design/tokens.css';
import './design/base.css';
import './design/parts.css';
import './design/shell.css';
import { effect } from '@preact/signals';
import { render } from 'preact';
import { loggedOut } from './api/client';
import { Failure } from './design/parts';
import { App } from './shell/app';
import { startLive } from './state/live';
import { startLook } from './state/look';
import { startRouting } from './state/route';
import { loginAddress, me, readMe } from './state/session';
import { readTexts } from './text';

const root = document.getElementById('app') as HTMLElement;

async function start() {
  startLook();
  await readTexts();
  effect(() => void readTexts());
  startRouting();
  try {
    await readMe();
  } catch (error) {
    if (loggedOut.value) return location.replace(loginAddress());
    return render(<div class="page"><Failure error={error} retry={() => location.reload()} /></div>, root);
  }
  startLive();
  effect(() => void (me.value && render(<App />, root)));
}

void start();
