// SPDX-License-Identifier: Apache-2.0
// Ctrl-K: an instance, a task, a process or a decision by its key, business id, name or the value of a variable.
import { useEffect, useRef, useState } from 'preact/hooks';
import { search, type Path, type Schema } from '../api/client';
import { Icon, type IconName } from '../design/icon';
import { Dialog, State } from '../design/parts';
import { like } from '../list/spec';
import { hide } from '../state/dialog';
import { go, to } from '../state/route';
import { t } from '../text';

interface Hit { icon: IconName; title: string; about: string; href: string; state?: string }

const isKey = (text: string) => /^[1-9]\d{5,18}$/.test(text);

async function hits<Item>(path: Path, filter: Record<string, unknown>, make: (item: Item) => Hit): Promise<Hit[]> {
  try {
    return (await search<Item>(path, { filter, page: { limit: 5 } })).items.map(make);
  } catch {
    return []; // not allowed, or not such a field: the others still answer
  }
}

const ofInstance = (item: Schema<'ProcessInstance'>): Hit => ({ icon: 'instances', title: item.businessId || item.processDefinitionName || item.processDefinitionId, about: `${item.processDefinitionId} · ${item.processInstanceKey}`, href: to('instances', item.processInstanceKey), state: item.hasIncident ? 'INCIDENT' : item.state });
const ofTask = (item: Schema<'UserTask'>): Hit => ({ icon: 'tasks', title: item.name || item.elementId, about: `${item.processName || item.processDefinitionId} · ${item.assignee ?? t('task.unassigned')}`, href: to('tasks', item.userTaskKey), state: item.state });
const ofProcess = (item: Schema<'ProcessDefinition'>): Hit => ({ icon: 'process', title: item.name || item.processDefinitionId, about: `${item.processDefinitionId} · v${item.version}`, href: to('processes', item.processDefinitionKey) });
const ofDecision = (item: Schema<'DecisionDefinition'>): Hit => ({ icon: 'decision', title: item.name || item.decisionDefinitionId, about: `${item.decisionDefinitionId} · v${item.version}`, href: to('decisions', item.decisionDefinitionKey) });

/** "name=value" looks for a variable. */
async function find(text: string): Promise<Hit[]> {
  const variable = /^([\w.-]+)\s*=\s*(.+)$/.exec(text);
  const all: Promise<Hit[]>[] = [];
  const instances = (filter: Record<string, unknown>) => all.push(hits('/v2/process-instances/search', filter, ofInstance));
  if (variable?.[1] && variable[2]) {
    const value = variable[2];
    const isJson = /^(-?\d|"|true$|false$|null$|[[{])/.test(value);
    instances({ variables: [{ name: variable[1], value: isJson ? value : JSON.stringify(value) }] });
  } else if (isKey(text)) {
    instances({ processInstanceKey: text });
    all.push(hits('/v2/user-tasks/search', { userTaskKey: text }, ofTask));
    all.push(hits('/v2/element-instances/search', { elementInstanceKey: text }, (item: Schema<'ElementInstance'>): Hit => ({ icon: 'process', title: item.elementName || item.elementId, about: item.processInstanceKey, href: to('instances', item.processInstanceKey), state: item.state })));
    all.push(hits('/v2/process-definitions/search', { processDefinitionKey: text }, ofProcess));
  } else {
    instances({ businessId: like(text) });
    all.push(hits('/v2/process-definitions/search', { name: like(text), isLatestVersion: true }, ofProcess));
    all.push(hits('/v2/process-definitions/search', { processDefinitionId: like(text), isLatestVersion: true }, ofProcess));
    all.push(hits('/v2/user-tasks/search', { name: like(text), state: 'CREATED' }, ofTask));
    all.push(hits('/v2/user-tasks/search', { assignee: text, state: 'CREATED' }, ofTask));
    all.push(hits('/v2/decision-definitions/search', { name: like(text), isLatestVersion: true }, ofDecision));
  }
  const found = (await Promise.all(all)).flat();
  return found.filter((hit, i) => found.findIndex((other) => other.href === hit.href) === i);
}

export function Search() {
  const [text, setText] = useState('');
  const [found, setFound] = useState<Hit[] | null>(null);
  const [at, setAt] = useState(0);
  const latest = useRef('');
  useEffect(() => {
    const wanted = (latest.current = text.trim());
    if (wanted.length < 2) return setFound(null);
    const rest = setTimeout(() => void find(wanted).then((hits) => latest.current === wanted && (setFound(hits), setAt(0))), 160);
    return () => clearTimeout(rest);
  }, [text]);
  const open = (hit: Hit | undefined) => hit && (hide(), go(hit.href));
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (event.key === 'Enter') open(found?.[at]);
    if (!step || !found?.length) return;
    event.preventDefault();
    setAt((at + step + found.length) % found.length);
  };
  return (
    <Dialog title={t('search')} class="search" onClose={hide}>
      <input class="input" type="search" autofocus value={text} placeholder={t('search.hint')} aria-label={t('search')} role="combobox" aria-expanded={!!found?.length} aria-controls="hits"
        aria-activedescendant={found?.length ? `hit-${at}` : undefined} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={onKey} />
      <div id="hits" role="listbox" aria-label={t('search.hits')} class="hits">
        {found?.map((hit, i) => (
          <a key={hit.href} id={`hit-${i}`} role="option" aria-selected={i === at} href={hit.href} class="hit" tabIndex={-1} onClick={hide}>
            <Icon name={hit.icon} /><span class="grow"><span class="strong cut">{hit.title}</span><span class="small soft cut">{hit.about}</span></span>{hit.state && <State state={hit.state} />}
          </a>
        ))}
      </div>
      {found?.length === 0 && <p class="soft">{t('search.none')}</p>}
      {found === null && <p class="soft small">{t('search.about')}</p>}
    </Dialog>
  );
}
