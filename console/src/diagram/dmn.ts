// SPDX-License-Identifier: Apache-2.0
// bpmn.io's viewer of decisions: a graph, a table or an expression. Their mark stays as they draw it.
import 'dmn-js/dist/assets/diagram-js.css';
import 'dmn-js/dist/assets/dmn-js-shared.css';
import 'dmn-js/dist/assets/dmn-js-drd.css';
import 'dmn-js/dist/assets/dmn-js-decision-table.css';
import 'dmn-js/dist/assets/dmn-js-literal-expression.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression.css';
import './dmn.css';
import Viewer from 'dmn-js/lib/NavigatedViewer';

export interface View { id: string; name: string; type: string }

function setStyles() {
  for (const element of document.querySelectorAll<HTMLElement>('[data-style]')) {
    element.style.cssText = element.dataset['style'] ?? '';
    delete element.dataset['style'];
  }
}

export async function openDmn(container: HTMLElement, xml: string, decision: string): Promise<{ views: View[]; show(id: string): Promise<void>; hit(rules: string[]): void; close(): void }> {
  const viewer = new Viewer({ container });
  await viewer.importXML(xml);
  const views = viewer.getViews();
  const wanted = views.find((view) => view.element.id === decision && view.type !== 'drd') ?? views[0];
  if (wanted) await viewer.open(wanted);
  setStyles();
  container.addEventListener('click', setStyles); // their mark opens a dialog of theirs
  const hit = (rules: string[]) => {
    for (const cell of container.querySelectorAll<HTMLElement>('[data-row-id]')) {
      cell.closest('tr')?.classList.toggle('rule-hit', rules.includes(cell.dataset['rowId'] ?? ''));
      cell.closest('tr')?.classList.toggle('rule-other', rules.length > 0 && !rules.includes(cell.dataset['rowId'] ?? ''));
    }
  };
  return { views: views.map((view) => ({ id: view.element.id, name: view.name || view.element.id, type: view.type })), hit, close: () => viewer.destroy(),
    show: async (id) => { const view = viewer.getViews().find((one) => one.element.id === id); if (view) await viewer.open(view); setStyles(); } };
}
