// SPDX-License-Identifier: Apache-2.0
// What ran in an instance: as a tree of scopes, each with its bar in time.
import { Bones, Failure, State, Scroll } from '../../design/parts';
import { Icon, type IconName } from '../../design/icon';
import { showSpan, showTime } from '../../state/look';
import { t } from '../../text';
import { useSearch, type ElementInstance } from './data';

const ICONS: Record<string, IconName> = { USER_TASK: 'user', SERVICE_TASK: 'job', SEND_TASK: 'job', SCRIPT_TASK: 'job', RECEIVE_TASK: 'message', BUSINESS_RULE_TASK: 'decision', CALL_ACTIVITY: 'process', SUB_PROCESS: 'tree', EVENT_SUB_PROCESS: 'tree', PROCESS: 'process',
  START_EVENT: 'circle', END_EVENT: 'circle', BOUNDARY_EVENT: 'circle', INTERMEDIATE_CATCH_EVENT: 'clock', INTERMEDIATE_THROW_EVENT: 'message' };

interface Row { element: ElementInstance; depth: number }

function rowsOf(items: ElementInstance[], root: string): Row[] {
  const inside = new Map<string, ElementInstance[]>();
  for (const item of items) {
    const scope = item.elementInstanceScopeKey ?? root;
    inside.set(scope, [...(inside.get(scope) ?? []), item]);
  }
  const rows: Row[] = [];
  const add = (scope: string, depth: number) => {
    for (const element of inside.get(scope) ?? []) {
      if (element.elementInstanceKey === scope) continue;
      rows.push({ element, depth });
      if (depth < 30) add(element.elementInstanceKey, depth + 1);
    }
  };
  add(root, 0);
  return rows;
}

export function Elements({ instanceKey, selected, onSelect }: { instanceKey: string; selected: string | null; onSelect: (id: string | null) => void }) {
  const found = useSearch<ElementInstance>(instanceKey, 'elements', '/v2/element-instances/search', { processInstanceKey: instanceKey }, [{ field: 'startDate', order: 'ASC' }, { field: 'elementInstanceKey', order: 'ASC' }]);
  if (found.error !== null) return <Failure error={found.error} retry={found.reload} />;
  if (!found.value) return <Bones />;
  const rows = rowsOf(found.value.items, instanceKey).filter(({ element }) => element.type !== 'PROCESS');
  const begin = Math.min(...rows.map(({ element }) => Date.parse(element.startDate)));
  const now = Date.now();
  const end = Math.max(...rows.map(({ element }) => (element.endDate ? Date.parse(element.endDate) : now)), begin + 1);
  const place = (time: number) => ((time - begin) / (end - begin)) * 100;
  return (
    <Scroll label={t('instance.tab.elements')}>
      <table class="table gantt">
        <thead><tr><th scope="col">{t('element')}</th><th scope="col">{t('state')}</th><th scope="col">{t('duration')}</th><th scope="col" class="bars">{showTime(new Date(begin).toISOString())}<span style={{ float: 'right' }}>{showTime(new Date(end).toISOString())}</span></th></tr></thead>
        <tbody>
          {rows.map(({ element, depth }) => {
            const from = Date.parse(element.startDate);
            const to = element.endDate ? Date.parse(element.endDate) : now;
            return (
              <tr key={element.elementInstanceKey} aria-selected={selected === element.elementId} class="open" onClick={() => onSelect(selected === element.elementId ? null : element.elementId)}>
                <td><span style={{ paddingLeft: `${depth * 18}px` }} class="row"><Icon name={ICONS[element.type] ?? 'dot'} size={15} /><button type="button" class="as-link">{element.elementName || element.elementId}</button></span></td>
                <td><State state={element.hasIncident ? 'INCIDENT' : element.state} /></td>
                <td class="num">{showSpan(to - from)}</td>
                <td class="bars"><span class={`bar ${element.hasIncident ? 'bad' : element.state === 'ACTIVE' ? 'active' : element.state === 'TERMINATED' ? 'idle' : 'done'}`} title={`${showTime(element.startDate, true)} – ${showTime(element.endDate, true)}`} style={{ marginLeft: `${Math.min(place(from), 99)}%`, width: `max(4px, ${place(to) - place(from)}%)` }} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {found.value.page.totalItems > found.value.items.length && <p class="soft small" style={{ padding: '10px' }}>{t('list.shown', { shown: found.value.items.length, total: found.value.page.totalItems })}</p>}
    </Scroll>
  );
}
