// SPDX-License-Identifier: Apache-2.0
// What a page reads: once when it is shown, again when something of it has changed, and never twice at a time.
import { useEffect, useRef, useState } from 'preact/hooks';
import { onChange, type Topic } from './live';

export interface Loaded<Value> {
  value: Value | null; // the last that was read, also while it is read again
  error: unknown;
  at: number;
  reload: () => void;
}

/** `key` says what is read: when it changes, what was read before is forgotten. Null: nothing yet. */
export function useLoad<Value>(key: string | null, read: (signalled: AbortSignal) => Promise<Value>, topics: Topic[] = []): Loaded<Value> {
  const [state, setState] = useState<{ key: string | null; value: Value | null; error: unknown; at: number }>({ key: null, value: null, error: null, at: 0 });
  const reading = useRef<AbortController | null>(null);
  const again = useRef(false);
  const latest = useRef(read);
  latest.current = read;
  const run = useRef<() => void>(() => {});
  useEffect(() => {
    if (key === null) return;
    let isOver = false;
    run.current = () => {
      if (reading.current) {
        again.current = true;
        return;
      }
      const controller = (reading.current = new AbortController());
      latest.current(controller.signal)
        .then((value) => !isOver && setState({ key, value, error: null, at: Date.now() }),
              (error: unknown) => !isOver && setState((state) => ({ key, value: state.key === key ? state.value : null, error, at: Date.now() })))
        .finally(() => {
          if (reading.current !== controller) return;
          reading.current = null;
          if (again.current && !isOver) {
            again.current = false;
            run.current();
          }
        });
    };
    run.current();
    const stop = onChange(topics, () => run.current());
    return () => {
      isOver = true;
      again.current = false;
      reading.current?.abort();
      reading.current = null;
      stop();
    };
  }, [key]);
  const isCurrent = state.key === key;
  return { value: isCurrent ? state.value : null, error: isCurrent ? state.error : null, at: state.at, reload: () => run.current() };
}
