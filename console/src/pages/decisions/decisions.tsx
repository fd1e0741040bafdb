// SPDX-License-Identifier: Apache-2.0
import { PageTitle, Tabs } from '../../design/parts';
import { List } from '../../list/list';
import { param, setParams } from '../../state/route';
import { t } from '../../text';
import { decisionInstancesSpec, decisionsSpec } from './spec';

export function Decisions() {
  const tab = (param('tab') || 'definitions') as 'definitions' | 'evaluations';
  return (
    <>
      <PageTitle title={t('nav.decisions')} about={t('decisions.about')} />
      <section class="panel"><Tabs label={t('nav.decisions')} value={tab} onChoose={(id) => setParams({ tab: id === 'definitions' ? null : id, sort: null, q: null })} choices={[{ id: 'definitions', label: t('decisions.definitions') }, { id: 'evaluations', label: t('decisions.evaluations') }]} /></section>
      {tab === 'definitions' ? <List spec={decisionsSpec()} /> : <List spec={decisionInstancesSpec()} />}
    </>
  );
}
