// SPDX-License-Identifier: Apache-2.0
// A process as its picture, with what runs in it; beside it the same as a list, for whoever cannot or will not read a picture.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../design/icon';
import { Bones, Button, Failure } from '../design/parts';
import { isDark } from '../state/look';
import { t } from '../text';
import { processXml } from './models';
import type { Marks, Opened } from './viewer';

interface Props extends Marks {
  definitionKey: string;
  onSelect?: (id: string | null) => void;
  onOpen?: (opened: Opened) => void;
  height?: string;
}

export function Diagram({ definitionKey, counts, taken, selected, heat, diff, onSelect, onOpen, height = 'clamp(260px, 42vh, 460px)' }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isList, setList] = useState(false);
  const select = useRef(onSelect);
  select.current = onSelect;
  const dark = isDark.value;

  useEffect(() => {
    let isOver = false;
    let mine: Opened | null = null;
    setOpened(null);
    setError(null);
    Promise.all([import('./viewer'), processXml(definitionKey)])
      .then(([viewer, xml]) => isOver || !box.current ? null : viewer.open(box.current, xml, (id) => select.current?.(id), { active: t('diagram.active'), incidents: t('diagram.incidents'), completed: t('diagram.completed') }))
      .then((made) => {
        if (isOver || !made) return made?.close();
        mine = made;
        setOpened(made);
        onOpen?.(made);
      })
      .catch((failure: unknown) => !isOver && setError(failure));
    return () => {
      isOver = true;
      mine?.close();
      box.current?.replaceChildren();
    };
  }, [definitionKey, dark]);

  useEffect(() => opened?.mark({ counts, taken: taken ?? [], selected: selected ?? null, heat, diff }), [opened, JSON.stringify([counts, heat, diff]), taken?.join(), selected]);
  useEffect(() => {
    if (!opened || !box.current) return;
    let width = box.current.clientWidth;
    const watch = new ResizeObserver(() => {
      if (!box.current || Math.abs(box.current.clientWidth - width) < 8 || box.current.clientWidth === 0) return;
      width = box.current.clientWidth;
      opened.fit();
    });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, [opened]);

  const byId = new Map(counts.map((count) => [count.elementId, count]));
  return (
    <div class="diagram-box">
      <div class="diagram-tools">
        <Button small icon="tree" aria-pressed={isList} onClick={() => setList(!isList)}>{t(isList ? 'diagram.picture' : 'diagram.list')}</Button>
        {!isList && <><Button small icon="plus" aria-label={t('diagram.in')} title={t('diagram.in')} onClick={() => opened?.zoom(1.25)} /><Button small aria-label={t('diagram.out')} title={t('diagram.out')} onClick={() => opened?.zoom(0.8)}>−</Button><Button small onClick={() => opened?.fit()}>{t('diagram.fit')}</Button></>}
      </div>
      {error !== null && <Failure error={error} />}
      <div class="diagram" ref={box} style={{ height, display: isList || error !== null ? 'none' : 'block' }} role="group" aria-label={t("diagram.label")} />
      {!opened && error === null && <div class="diagram-wait"><Bones rows={3} /></div>}
      {opened?.laidOut && !isList && <p class="diagram-note small soft"><Icon name="info" size={14} /> {t('diagram.laidout')}</p>}
      {isList && opened && (
        <ul class="outline" style={{ maxHeight: height }}>
          {opened.elements.map((element) => {
            const count = byId.get(element.id);
            return (
              <li key={element.id}>
                <button type="button" aria-pressed={selected === element.id} onClick={() => onSelect?.(selected === element.id ? null : element.id)}>
                  <span class="strong">{element.name}</span><span class="soft small">{element.type}</span><span class="grow" />
                  {diff?.[element.id] && <span class="strong">{diff[element.id]?.sign} {t(`compare.${diff[element.id]!.kind}`)}</span>}
                  {heat?.values[element.id] && <span class="num strong">{heat.values[element.id]?.text}</span>}
                  {count && count.active - count.incidents > 0 && <span class="state active"><Icon name="play" size={12} />{count.active - count.incidents} {t('diagram.active')}</span>}
                  {count && count.incidents > 0 && <span class="state bad"><Icon name="incident" size={12} />{count.incidents} {t('diagram.incidents')}</span>}
                  {count && count.completed > 0 && <span class="state done"><Icon name="check" size={12} />{count.completed} {t('diagram.completed')}</span>}
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}
