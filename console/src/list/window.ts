// SPDX-License-Identifier: Apache-2.0
// Of a long table only the rows near what is seen are there; the space of the others is kept.
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export const ROW_PX = 44;
export const CARD_PX = 78;
const MARGIN = 12;
const SMALL = 120;

export const isPhone = () => innerWidth < 720;

export function useWindow(body: RefObject<HTMLElement>, count: number): { from: number; to: number; height: number } {
  const [seen, setSeen] = useState({ from: 0, to: SMALL });
  const height = isPhone() ? CARD_PX : ROW_PX;
  useEffect(() => {
    const look = () => {
      if (!body.current) return;
      const above = -Math.min(0, body.current.getBoundingClientRect().top);
      const scroller = body.current.closest('.scroll')?.scrollTop ?? 0;
      const first = Math.floor(Math.max(above, scroller) / height);
      const from = Math.max(0, first - MARGIN);
      const to = first + Math.ceil(innerHeight / height) + MARGIN;
      setSeen((old) => (Math.abs(old.from - from) < MARGIN / 2 && Math.abs(old.to - to) < MARGIN / 2 ? old : { from, to }));
    };
    look();
    document.addEventListener('scroll', look, { capture: true, passive: true });
    addEventListener('resize', look);
    return () => {
      document.removeEventListener('scroll', look, { capture: true });
      removeEventListener('resize', look);
    };
  }, [count, height]);
  return count <= SMALL ? { from: 0, to: count, height } : { from: Math.min(seen.from, count), to: Math.min(Math.max(seen.to, seen.from + 1), count), height };
}
