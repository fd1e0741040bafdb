// SPDX-License-Identifier: Apache-2.0
// What differs between two models: by element and by what it says. Where things are drawn is no difference.
export interface Change { what: string; before: string | null; after: string | null }
export interface Difference { id: string; name: string; type: string; kind: 'added' | 'removed' | 'changed'; changes: Change[] }

interface Part { id: string; name: string; type: string; facts: Map<string, string> }

const BPMN = 'http://www.omg.org/spec/BPMN/20100524/MODEL';
const FLOW = /(^(task|subProcess|adHocSubProcess|transaction|callActivity|sequenceFlow|messageFlow|lane|participant|textAnnotation|association|dataObjectReference|dataStoreReference|process|message|error|signal|escalation)$)|(Task|Event|Gateway)$/;
const SAID_ELSEWHERE = new Set(['incoming', 'outgoing', 'flowNodeRef']); // by flows and lanes
const MOST_DEEP = 40;

const isPart = (node: Element) => node.namespaceURI === BPMN && node.id !== '' && FLOW.test(node.localName);

/** Everything that an element says, each under its way: "taskDefinition.type". */
function factsOf(node: Element, path: string, facts: Map<string, string>, depth = 0) {
  for (const { name, value } of node.attributes) {
    if (name === 'id' || name.startsWith('xmlns')) continue;
    facts.set(path ? `${path}.${name}` : name, value);
  }
  const children = [...node.children].filter((child) => !isPart(child) && !SAID_ELSEWHERE.has(child.localName));
  const counts = new Map<string, number>();
  for (const child of children) {
    const name = child.localName === 'extensionElements' ? '' : nameAt(child, counts);
    if (depth < MOST_DEEP) factsOf(child, [path, name].filter(Boolean).join('.'), facts, depth + 1);
  }
  const text = children.length === 0 ? (node.textContent ?? '').trim() : '';
  if (path && (text || node.attributes.length === 0) && node.children.length === 0) facts.set(path, text);
}

/** Siblings of one name are told apart by what names them, else by their place. */
function nameAt(child: Element, counts: Map<string, number>): string {
  const own = child.getAttribute('target') ?? child.getAttribute('key') ?? child.getAttribute('name') ?? '';
  const base = own ? `${child.localName}[${own}]` : child.localName;
  const count = (counts.get(base) ?? 0) + 1;
  counts.set(base, count);
  return count > 1 ? `${base} ${count}` : base;
}

function partsOf(xml: string): Map<string, Part> {
  const model = new DOMParser().parseFromString(xml, 'application/xml');
  const parts = new Map<string, Part>();
  for (const node of model.getElementsByTagNameNS(BPMN, '*')) {
    if (!isPart(node)) continue;
    const facts = new Map<string, string>();
    factsOf(node, '', facts);
    parts.set(node.id, { id: node.id, name: node.getAttribute('name') || node.id, type: node.localName, facts });
  }
  return parts;
}

function changesOf(before: Part, after: Part): Change[] {
  const changes: Change[] = before.type === after.type ? [] : [{ what: 'type', before: before.type, after: after.type }];
  for (const what of new Set([...before.facts.keys(), ...after.facts.keys()])) {
    const [old, now] = [before.facts.get(what) ?? null, after.facts.get(what) ?? null];
    if (old !== now) changes.push({ what, before: old, after: now });
  }
  return changes;
}

const ORDER = { removed: 0, added: 1, changed: 2 };

export function differences(before: string, after: string): Difference[] {
  const [old, now] = [partsOf(before), partsOf(after)];
  const found: Difference[] = [];
  for (const part of old.values()) {
    const same = now.get(part.id);
    if (!same) found.push({ ...part, kind: 'removed', changes: [] });
    else {
      const changes = changesOf(part, same);
      if (changes.length > 0) found.push({ id: part.id, name: same.name, type: same.type, kind: 'changed', changes });
    }
  }
  for (const part of now.values()) if (!old.has(part.id)) found.push({ ...part, kind: 'added', changes: [] });
  const isFlow = (one: Difference) => (/Flow$|^association$/.test(one.type) ? 1 : 0);
  return found.sort((a, b) => isFlow(a) - isFlow(b) || ORDER[a.kind] - ORDER[b.kind] || a.name.localeCompare(b.name));
}
