// SPDX-License-Identifier: Apache-2.0
// What says "3 minutes ago" says it anew from time to time.
import { signal } from '@preact/signals';

export const tickMinute = signal(0);
setInterval(() => document.visibilityState === 'visible' && tickMinute.value++, 10_000);
