// SPDX-License-Identifier: Apache-2.0
// Separation of duties by policy: who did one of these tasks of an instance does not do another one of it.
import { useState } from 'preact/hooks';
import { ask, search, type Path, type Schema } from '../../api/client';
import { ActionDialog } from '../../actions/action';
import { processXml } from '../../diagram/models';
import { Ago, Bones, Button, Empty, Failure, Notice, Panel, Scroll } from '../../design/parts';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { t } from '../../text';
import { everyOr, listOf, Select, Text } from './inputs';

type Separation = Required<Schema<'Separations'>['items'][number]>;
type Definition = Schema<'ProcessDefinition'>;

const pathOf = (name: string) => `/v2/separations/${encodeURIComponent(name)}` as Path;
const KEPT_APART = ['userTask', 'startEvent'];

/** What can be kept apart in a model: its user tasks and start events. */
async function readTasks(definition: Definition): Promise<{ id: string; name: string }[]> {
  const model = new DOMParser().parseFromString(await processXml(definition.processDefinitionKey), 'application/xml');
  return KEPT_APART.flatMap((type) => [...model.getElementsByTagNameNS('*', type)]).map((node) => ({ id: node.id, name: node.getAttribute('name') || node.id })).filter((task) => task.id);
}

function Tasks({ definition, chosen, choose }: { definition: Definition; chosen: string[]; choose: (ids: string[]) => void }) {
  const found = useLoad(definition.processDefinitionKey, () => readTasks(definition));
  if (found.error !== null) return <Failure error={found.error} />;
  if (!found.value) return <Bones rows={2} />;
  return (
    <fieldset class="tasks-apart"><legend class="small">{t('separations.tasks')}</legend>
      {found.value.map((task) => <label key={task.id} class="check"><input type="checkbox" checked={chosen.includes(task.id)} onChange={(event) => choose(event.currentTarget.checked ? [...chosen, task.id] : chosen.filter((id) => id !== task.id))} />{task.name}<code class="soft">{task.id}</code></label>)}
    </fieldset>
  );
}

function EditDialog({ one }: { one?: Separation }) {
  const [name, setName] = useState(one?.name ?? '');
  const [process, setProcess] = useState(one?.processDefinitionId ?? '*');
  const [tenant, setTenant] = useState(one?.tenantId ?? '*');
  const [role, setRole] = useState(one?.roleId ?? '*');
  const [elements, setElements] = useState<string[]>(one?.elementIds ?? []);
  const [text, setText] = useState(elements.join(', '));
  const definitions = useLoad('latest', async () => (await search<Definition>('/v2/process-definitions/search', { filter: { isLatestVersion: true }, sort: [{ field: 'name', order: 'ASC' }], page: { limit: 1000 } })).items);
  const definition = definitions.value?.find((item) => item.processDefinitionId === process);
  const choose = (ids: string[]) => { setElements(ids); setText(ids.join(', ')); };
  const body = { elementIds: elements, processDefinitionId: process, tenantId: tenant || '*', roleId: role || '*' };
  const more = [process !== '*' && `--process '${process}'`, body.tenantId !== '*' && `--tenant '${tenant}'`, body.roleId !== '*' && `--role '${role}'`].filter(Boolean).join(' ');
  return (
    <ActionDialog action={{ title: t(one ? 'separations.change' : 'separations.make'), button: t('save'), done: t('separations.done'), topics: ['admin'], ask: { method: 'PUT', path: pathOf(name), body }, cli: `baton separation set '${name || 'NAME'}' --elements '${elements.join(',')}' ${more}`.trim(),
      why: !name ? t('admin.lacks', { field: t('name') }) : elements.length < 2 ? t('separations.two') : null }}>
      <Text label={t('name')} value={name} disabled={one !== undefined} onInput={setName} />
      <Select label={t('process')} value={process} choices={[{ id: '*', label: t('admin.each') }, ...(definition || process === '*' ? [] : [{ id: process, label: process }]), ...(definitions.value ?? []).map((item) => ({ id: item.processDefinitionId, label: item.name || item.processDefinitionId }))]} onChoose={setProcess} />
      {definition && <Tasks key={definition.processDefinitionKey} definition={definition} chosen={elements} choose={choose} />}
      <Text label={t('separations.elements')} value={text} hint={t('separations.elements.hint')} onInput={(next) => { setText(next); setElements(listOf(next)); }} />
      <div class="fields"><Text label={t('tenant')} value={tenant} hint={t('separations.every')} onInput={setTenant} /><Text label={t('separations.role')} value={role} hint={t('separations.every')} onInput={setRole} /></div>
    </ActionDialog>
  );
}

const remove = (one: Separation) => show(<ActionDialog action={{ title: t('separations.remove'), button: t('delete'), bad: true, done: t('admin.deleted', { id: one.name }), topics: ['admin'], ask: { method: 'DELETE', path: pathOf(one.name) }, cli: `baton separation remove '${one.name}'` }}><p>{t('separations.remove.about', { name: one.name })}</p></ActionDialog>);

export function Separations() {
  const found = useLoad('separations', async () => (await ask<{ items: Separation[] }>({ method: 'GET', path: '/v2/separations' })).items, ['admin']);
  return (
    <>
      <Notice>{t('separations.about')}</Notice>
      <Panel flush title={t('admin.separations')} actions={<Button icon="plus" onClick={() => show(<EditDialog />)}>{t('separations.make')}</Button>}>
        {found.error !== null && <Failure error={found.error} retry={found.reload} />}
        {!found.value && found.error === null && <Bones />}
        {found.value?.length === 0 && <Empty icon="admin" title={t('separations.none')} command="baton separation set four-eyes --elements enter,approve --process loan"><p>{t('separations.none.text')}</p></Empty>}
        {found.value && found.value.length > 0 && (
          <Scroll label={t('admin.separations')}><table class="table cards"><thead><tr><th scope="col">{t('name')}</th><th scope="col">{t('actions')}</th><th scope="col">{t('separations.elements')}</th><th scope="col">{t('process')}</th><th scope="col">{t('tenant')}</th><th scope="col">{t('separations.role')}</th><th scope="col">{t('admin.changed')}</th></tr></thead>
            <tbody>{found.value.map((one) => (
              <tr key={one.name}>
                <td class="strong">{one.name}</td>
                <td class="aside"><Button small look="plain" icon="edit" aria-label={t('separations.change')} title={t('separations.change')} onClick={() => show(<EditDialog one={one} />)} /><Button small look="plain" icon="trash" aria-label={t('separations.remove')} title={t('separations.remove')} onClick={() => remove(one)} /></td>
                <td class="full"><span class="row wrap apart">{one.elementIds.map((id, i) => <span key={id} class="row">{i > 0 && <span class="soft" aria-hidden="true">≠</span>}<span class="tag mono">{id}</span></span>)}</span></td>
                <td>{everyOr(one.processDefinitionId)}</td><td class="wide-only">{everyOr(one.tenantId)}</td><td class="wide-only">{everyOr(one.roleId)}</td><td class="wide-only"><span class="small soft"><Ago time={one.changeTime} />{one.changedBy && ` · ${one.changedBy}`}</span></td>
              </tr>
            ))}</tbody></table></Scroll>
        )}
      </Panel>
    </>
  );
}
