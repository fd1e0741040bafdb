// SPDX-License-Identifier: Apache-2.0
// A form of form-js, loaded when one is shown.
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Bones, Failure } from '../design/parts';
import type { Form as FormJs } from '@bpmn-io/form-js-viewer';

export interface FormHandle {
  /** What was filled in, or null when something is wrong, which then stands at its field. */
  submit(): Record<string, unknown> | null;
}

interface Props {
  schema: string;
  data: Record<string, unknown>;
  handle: RefObject<FormHandle>;
  readOnly?: boolean;
  onChange?: (data: Record<string, unknown>) => void;
}

export function Form({ schema, data, handle, readOnly = false, onChange }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const form = useRef<FormJs | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isReady, setReady] = useState(false);
  const changed = useRef(onChange);
  changed.current = onChange;
  useEffect(() => {
    let isOver = false;
    import('./formjs').then(async ({ Form: Made }) => {
      if (isOver || !box.current) return;
      const made = new Made({ container: box.current });
      form.current = made;
      await made.importSchema(JSON.parse(schema), data);
      if (readOnly) made.setProperty('readOnly', true);
      made.on('changed', (event) => changed.current?.(event.data));
      handle.current = { submit: () => {
        const { data: filled, errors } = made.submit();
        if (Object.keys(errors).length === 0) return filled;
        box.current?.querySelector<HTMLElement>('[aria-invalid="true"], .fjs-has-errors input, .fjs-has-errors select, .fjs-has-errors textarea')?.focus();
        return null;
      } };
      setReady(true);
    }).catch((failure: unknown) => !isOver && setError(failure));
    return () => {
      isOver = true;
      form.current?.destroy();
      form.current = null;
    };
  }, [schema]);
  useEffect(() => form.current?.setProperty('readOnly', readOnly), [readOnly, isReady]);
  return <>{error !== null && <Failure error={error} />}{!isReady && error === null && <Bones />}<div class="form" ref={box} /></>;
}
