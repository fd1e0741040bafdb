// SPDX-License-Identifier: Apache-2.0
// What can be done to one instance.
import { useEffect, useState } from 'preact/hooks';
import { ask, search, type Schema } from '../../api/client';
import { ActionDialog, type Action } from '../../actions/action';
import { Bones, Button, Failure, Field, Menu, Notice } from '../../design/parts';
import { Icon } from '../../design/icon';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { go, to } from '../../state/route';
import { t, type Key } from '../../text';
import { topicsOf, type ElementCount } from './data';

type Instance = Schema<'ProcessInstance'>;

function simple(instance: Instance, id: 'cancel' | 'suspend' | 'resume' | 'delete', path: string, more: Partial<Action> = {}) {
  const key = instance.processInstanceKey;
  show(<ActionDialog action={{ title: t(`instance.${id}` as Key), button: t(`instance.${id}` as Key), done: t(`instance.${id}.done` as Key), topics: [...topicsOf(key), 'instances'],
    ask: { method: 'POST', path: `/v2/process-instances/${key}/${path}` }, cli: `baton ${id} ${key}`, ...more }}><p>{t(`instance.${id}.about` as Key, { name: instance.businessId || key })}</p></ActionDialog>);
}

interface ElementChoice { id: string; name: string }

function ElementSelect({ label, value, choices, onChoose }: { label: string; value: string; choices: ElementChoice[]; onChoose: (id: string) => void }) {
  return <Field label={label}>{(id) => <select id={id} class="input" value={value} onChange={(event) => onChoose(event.currentTarget.value)}><option value="">{t('choose')}</option>{choices.map((choice) => <option key={choice.id} value={choice.id}>{choice.name}</option>)}</select>}</Field>;
}

export function ModifyDialog({ instance, counts, elements, from }: { instance: Instance; counts: ElementCount[]; elements: ElementChoice[]; from?: string }) {
  const key = instance.processInstanceKey;
  const standing = elements.filter((element) => counts.some((count) => count.elementId === element.id && count.active > 0));
  const [source, setSource] = useState(from && standing.some((element) => element.id === from) ? from : (standing[0]?.id ?? ''));
  const [target, setTarget] = useState('');
  const [how, setHow] = useState<'move' | 'activate' | 'terminate'>('move');
  const nameOf = (id: string) => elements.find((element) => element.id === id)?.name ?? id;
  const bodies = { move: { moveInstructions: [{ sourceElementId: source, targetElementId: target }] }, activate: { activateInstructions: [{ elementId: target }] }, terminate: { terminateInstructions: [{ elementId: source }] } };
  const clis = { move: `--move ${source}=${target}`, activate: `--activate ${target}`, terminate: `--terminate ${source}` };
  const lacks = (how !== 'activate' && !source) || (how !== 'terminate' && !target);
  return (
    <ActionDialog action={{ title: t('instance.modify'), button: t('instance.modify'), done: t('instance.modify.done'), topics: [...topicsOf(key), 'instances'], why: lacks ? t('instance.modify.lacks') : null,
      ask: { method: 'POST', path: `/v2/process-instances/${key}/modification`, body: bodies[how] }, cli: `baton modify ${key} ${clis[how]}` }}>
      <div class="row wrap">{(['move', 'activate', 'terminate'] as const).map((id) => <label key={id} class="check"><input type="radio" name="how" checked={how === id} onChange={() => setHow(id)} />{t(`instance.modify.${id}`)}</label>)}</div>
      {how !== 'activate' && <ElementSelect label={t('instance.modify.from')} value={source} choices={standing} onChoose={setSource} />}
      {how !== 'terminate' && <ElementSelect label={t('instance.modify.to')} value={target} choices={elements} onChoose={setTarget} />}
      {!lacks && <Notice kind="warn">{how === 'move' ? t('instance.modify.preview.move', { from: nameOf(source), to: nameOf(target) }) : how === 'activate' ? t('instance.modify.preview.activate', { to: nameOf(target) }) : t('instance.modify.preview.terminate', { from: nameOf(source) })}</Notice>}
    </ActionDialog>
  );
}

/** The elements of a definition that can hold a token, read from its XML. */
async function elementsOf(definitionKey: string): Promise<ElementChoice[]> {
  const { processXml } = await import('../../diagram/models');
  const xml = new DOMParser().parseFromString(await processXml(definitionKey), 'application/xml');
  return [...xml.querySelectorAll('*')].filter((node) => /(task|event|gateway|subProcess|callActivity|transaction)$/i.test(node.localName) && node.id && node.namespaceURI?.includes('/MODEL')).map((node) => ({ id: node.id, name: node.getAttribute('name') || node.id }));
}

export function MigrateDialog({ instance, counts }: { instance: Instance; counts: ElementCount[] }) {
  const key = instance.processInstanceKey;
  const [target, setTarget] = useState('');
  const [mapping, setMapping] = useState<Record<string, string>>({});
  const [trial, setTrial] = useState<{ good: boolean; text: unknown } | null>(null);
  const versions = useLoad(`versions ${instance.processDefinitionId}`, () => search<Schema<'ProcessDefinition'>>('/v2/process-definitions/search', { filter: { processDefinitionId: instance.processDefinitionId, tenantId: instance.tenantId }, sort: [{ field: 'version', order: 'DESC' }], page: { limit: 100 } }));
  const elements = useLoad(target || null, () => elementsOf(target));
  const standing = counts.filter((count) => count.active > 0).map((count) => count.elementId);
  const known = new Set(elements.value?.map((element) => element.id));
  const targetOf = (id: string) => mapping[id] ?? (known.has(id) ? id : '');
  const body = { targetProcessDefinitionKey: target, mappingInstructions: standing.map((id) => ({ sourceElementId: id, targetElementId: targetOf(id) })).filter((one) => one.targetElementId) };
  const isComplete = target !== '' && standing.every((id) => targetOf(id) !== '');
  useEffect(() => {
    setTrial(null);
    if (!isComplete) return;
    let isOver = false;
    ask({ method: 'POST', path: `/v2/process-instances/${key}/migration`, body: { ...body, dryRun: true } }).then(() => !isOver && setTrial({ good: true, text: t('instance.migrate.good') }), (error: unknown) => !isOver && setTrial({ good: false, text: error }));
    return () => { isOver = true; };
  }, [target, JSON.stringify(body), isComplete]);
  return (
    <ActionDialog wide action={{ title: t('instance.migrate'), button: t('instance.migrate'), done: t('instance.migrate.done'), topics: [...topicsOf(key), 'instances'], why: !isComplete ? t('instance.migrate.lacks') : trial && !trial.good ? t('instance.migrate.bad') : null,
      ask: { method: 'POST', path: `/v2/process-instances/${key}/migration`, body }, cli: `baton migrate-instance ${key} --to ${target || 'KEY'}` }}>
      {!versions.value ? <Bones rows={2} /> : versions.value.items.length < 2 ? <Notice>{t('instance.migrate.none')}</Notice> : (
        <Field label={t('instance.migrate.to')}>{(id) => <select id={id} class="input" value={target} onChange={(event) => setTarget(event.currentTarget.value)}><option value="">{t('choose')}</option>{versions.value?.items.filter((one) => one.processDefinitionKey !== instance.processDefinitionKey).map((one) => <option key={one.processDefinitionKey} value={one.processDefinitionKey}>{one.name || one.processDefinitionId} v{one.version}</option>)}</select>}</Field>
      )}
      {target && elements.value && standing.map((id) => (
        <div key={id} class="row wrap"><code>{id}</code><Icon name="move" size={16} /><div class="grow"><ElementSelect label={known.has(id) && !mapping[id] ? t('instance.migrate.auto') : t('instance.migrate.choose')} value={targetOf(id)} choices={elements.value ?? []} onChoose={(chosen) => setMapping({ ...mapping, [id]: chosen })} /></div></div>
      ))}
      {trial && (trial.good ? <Notice kind="done">{String(trial.text)}</Notice> : <Failure error={trial.text} />)}
    </ActionDialog>
  );
}

export async function modify(instance: Instance, counts: ElementCount[], from?: string) {
  const elements = await elementsOf(instance.processDefinitionKey);
  show(<ModifyDialog instance={instance} counts={counts} elements={elements} {...(from ? { from } : {})} />);
}

export function InstanceActions({ instance, counts }: { instance: Instance; counts: ElementCount[] }) {
  const isOver = instance.endDate !== null;
  const key = instance.processInstanceKey;
  const again = () => void import('../../actions/start').then(({ StartDialog }) => show(<StartDialog like={instance} />));
  if (isOver)
    return <><Button icon="again" onClick={again}>{t('start.like')}</Button><Menu label={t('actions')} button={<Icon name="dots" />} items={[{ label: t('instance.delete'), icon: 'trash', bad: true, run: () => simple(instance, 'delete', 'deletion', { bad: true, after: () => go('/instances') }) }]} /></>;
  const retry = () => show(<ActionDialog action={{ title: t('incident.resolve'), button: t('incident.resolve'), done: t('incident.resolved'), topics: [...topicsOf(key), 'incidents', 'instances'], ask: { method: 'POST', path: `/v2/process-instances/${key}/incident-resolution` }, cli: `baton retry ${key}` }}><p>{t('incident.resolve.about')}</p></ActionDialog>);
  return (
    <>
      {instance.hasIncident && <Button look="main" icon="again" onClick={retry}>{t('incident.resolve')}</Button>}
      {instance.state === 'SUSPENDED' ? <Button icon="play" onClick={() => simple(instance, 'resume', 'resumption')}>{t('instance.resume')}</Button> : <Button icon="pause" onClick={() => simple(instance, 'suspend', 'suspension')}>{t('instance.suspend')}</Button>}
      <Button icon="move" onClick={() => void modify(instance, counts)}>{t('instance.modify')}</Button>
      <Menu label={t('actions')} button={<Icon name="dots" />} items={[
        { label: t('instance.migrate'), icon: 'up', run: () => show(<MigrateDialog instance={instance} counts={counts} />) },
        { label: t('start.like'), icon: 'again', run: again },
        { label: t('instance.open.parent'), icon: 'process', href: to('instances', instance.rootProcessInstanceKey ?? key) }, 'line',
        { label: t('instance.cancel'), icon: 'ban', bad: true, run: () => simple(instance, 'cancel', 'cancellation', { bad: true }) },
      ]} />
    </>
  );
}
