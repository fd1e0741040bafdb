// SPDX-License-Identifier: Apache-2.0
// bpmn.io's viewer, loaded when a diagram is shown. Their mark stays as they draw it.
import 'bpmn-js/dist/assets/diagram-js.css';
import './viewer.css';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';

/** How often or how slow, by element: a colour, and the value beside it. */
export interface Heat { kind: 'often' | 'slow'; values: Record<string, { level: number; text: string }> }

export interface Marks {
  counts: { elementId: string; active: number; incidents: number; completed: number; canceled: number }[];
  taken?: string[]; // sequence flows
  selected?: string | null;
  heat?: Heat | undefined;
  diff?: Record<string, { kind: 'added' | 'removed' | 'changed'; sign: string }> | undefined;
}

export interface Opened {
  mark(marks: Marks): void;
  fit(): void;
  zoom(factor: number): void;
  close(): void;
  elements: { id: string; name: string; type: string }[];
  laidOut: boolean; // the model had no drawing
}

const HIDDEN = new Set(['bpmn:Process', 'bpmn:Collaboration', 'label', 'bpmn:SequenceFlow', 'bpmn:Association', 'bpmn:DataInputAssociation', 'bpmn:DataOutputAssociation']);
const READABLE = 0.62;
const MARKERS = ['is-active', 'is-incident', 'is-done', 'is-taken', 'is-selected'];

function badge(look: string, text: string, title: string): HTMLElement {
  const mark = document.createElement('span');
  mark.className = `mark ${look}`;
  mark.textContent = text;
  mark.title = title;
  return mark;
}

/** A layout follows what elements say of their flows, and many models say it at the flows alone. */
function withEnds(xml: string): string {
  const document = new DOMParser().parseFromString(xml, 'application/xml');
  const byId = new Map([...document.querySelectorAll('[id]')].map((node) => [node.id, node]));
  const add = (node: Element | undefined, name: 'incoming' | 'outgoing', flow: string) => {
    if (!node || [...node.children].some((child) => child.localName === name && child.textContent?.trim() === flow)) return;
    const prefix = node.prefix ? `${node.prefix}:` : '';
    const end = document.createElementNS(node.namespaceURI, prefix + name);
    end.textContent = flow;
    const after = [...node.children].find((child) => !['documentation', 'extensionElements', 'incoming', 'outgoing'].includes(child.localName));
    node.insertBefore(end, after ?? null);
  };
  for (const flow of document.getElementsByTagNameNS('*', 'sequenceFlow')) {
    add(byId.get(flow.getAttribute('sourceRef') ?? ''), 'outgoing', flow.id);
    add(byId.get(flow.getAttribute('targetRef') ?? ''), 'incoming', flow.id);
  }
  return new XMLSerializer().serializeToString(document);
}

async function drawn(xml: string): Promise<{ xml: string; laidOut: boolean }> {
  if (/<(\w+:)?BPMNShape\b/.test(xml)) return { xml, laidOut: false };
  const { layoutProcess } = await import('bpmn-auto-layout');
  return { xml: await layoutProcess(withEnds(xml)), laidOut: true };
}

export async function open(container: HTMLElement, source: string, onSelect: (id: string | null) => void, titles: { active: string; incidents: string; completed: string }): Promise<Opened> {
  const look = getComputedStyle(container);
  const viewer = new NavigatedViewer({ container, bpmnRenderer: { defaultFillColor: look.getPropertyValue('--diagram').trim(), defaultStrokeColor: look.getPropertyValue('--diagram-ink').trim(), defaultLabelColor: look.getPropertyValue('--diagram-ink').trim() } });
  const { xml, laidOut } = await drawn(source);
  await viewer.importXML(xml);
  const canvas = viewer.get('canvas');
  const registry = viewer.get('elementRegistry');
  const overlays = viewer.get('overlays');
  const shapes = registry.filter((shape) => !HIDDEN.has(shape.type) && !shape.id.endsWith('_label'));
  let marked: [string, string][] = [];

  let focus: string | null = null; // where something happens
  const fit = () => {
    canvas.resized();
    canvas.zoom('fit-viewport', 'auto');
    if (canvas.zoom('fit-viewport', 'auto') > 1.15) canvas.zoom(1.15, 'auto');
    // On a phone a whole process is too small to read: begin where something happens.
    const isNarrow = container.clientWidth < 520;
    if (!isNarrow || (canvas as unknown as { zoom(): number }).zoom() > READABLE) return;
    canvas.zoom(READABLE, 'auto');
    const first = focus ?? shapes[0]?.id;
    if (first) canvas.scrollToElement(first, container.clientWidth / 3);
  };
  const marker = (id: string, name: string) => {
    if (!name || !registry.get(id)) return;
    canvas.addMarker(id, name);
    marked.push([id, name]);
  };
  const mark = ({ counts, taken = [], selected, heat, diff }: Marks) => {
    for (const [id, name] of marked) canvas.removeMarker(id, name);
    marked = [];
    overlays.remove({ type: 'count' });
    for (const { elementId: id, active, incidents, completed } of counts) {
      if (!registry.get(id)) continue;
      marker(id, incidents > 0 ? MARKERS[1]! : active > 0 ? MARKERS[0]! : completed > 0 ? MARKERS[2]! : '');
      const add = (position: Record<string, number>, html: HTMLElement) => overlays.add(id, 'count', { position, html });
      if (active - incidents > 0) add({ bottom: 11, left: -9 }, badge('active', String(active - incidents), titles.active));
      if (incidents > 0) add({ top: -11, right: 13 }, badge('bad', `! ${incidents}`, titles.incidents));
      if (completed > 0) add({ bottom: 11, right: 16 }, badge('done', `✓ ${completed}`, titles.completed));
    }
    for (const [id, { level, text }] of Object.entries(heat?.values ?? {})) {
      if (!registry.get(id)) continue;
      marker(id, `${heat?.kind}-${level}`);
      overlays.add(id, 'count', { position: { bottom: 11, left: 12 }, html: badge('heat', text, text) });
    }
    for (const [id, { kind, sign }] of Object.entries(diff ?? {})) {
      const shape = registry.get(id);
      marker(id, `diff-${kind}`);
      if (shape && !HIDDEN.has(shape.type)) overlays.add(id, 'count', { position: { top: -10, right: 12 }, html: badge(kind, sign, kind) });
    }
    for (const id of taken) marker(id, MARKERS[3]!);
    if (selected) marker(selected, MARKERS[4]!);
    const before = focus;
    const hot = Object.entries(heat?.values ?? {}).sort(([, a], [, b]) => b.level - a.level).map(([id]) => id);
    const drawn = [...Object.keys(diff ?? {}), ...hot].find((id) => shapes.some((shape) => shape.id === id));
    focus = (counts.find((count) => count.incidents > 0) ?? counts.find((count) => count.active > 0))?.elementId ?? drawn ?? null;
    if (focus !== before) fit();
  };
  viewer.get('eventBus').on('element.click', ({ element }) => {
    const id = element.id.replace(/_label$/, '');
    onSelect(HIDDEN.has(element.type) && element.type !== 'label' ? null : id);
  });
  fit();
  return { mark, fit, laidOut, zoom: (factor) => canvas.zoom((canvas as unknown as { zoom(): number }).zoom() * factor, "auto"), close: () => viewer.destroy(),
    elements: shapes.map((shape) => ({ id: shape.id, name: shape.businessObject.name ?? shape.id, type: shape.type.replace('bpmn:', '') })) };
}
