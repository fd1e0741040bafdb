// SPDX-License-Identifier: Apache-2.0
// At most one dialog is open; whoever wants one puts it here.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

export const dialog = signal<ComponentChildren>(null);
export const show = (content: ComponentChildren) => void (dialog.value = content);
export const hide = () => void (dialog.value = null);
