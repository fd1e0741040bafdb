// SPDX-License-Identifier: Apache-2.0
// All instances: found by what they carry, and acted on in numbers.
import { search, type Schema } from '../../api/client';
import { bulkActions } from '../../actions/batch';
import { Button, PageTitle } from '../../design/parts';
import { List } from '../../list/list';
import { show } from '../../state/dialog';
import { useLoad } from '../../state/load';
import { t } from '../../text';
import { instancesSpec } from './spec';

export function Instances() {
  const definitions = useLoad('definitions', () => search<Schema<'ProcessDefinition'>>('/v2/process-definitions/search', { filter: { isLatestVersion: true }, sort: [{ field: 'name', order: 'ASC' }], page: { limit: 1000 } }));
  const choices = definitions.value?.items.map((item) => ({ id: item.processDefinitionId, label: item.name || item.processDefinitionId })) ?? [];
  return (
    <>
      <PageTitle title={t('nav.instances')} about={t('instances.about')}>
        <Button icon="play" onClick={() => void import('../../actions/start').then(({ StartDialog }) => show(<StartDialog />))}>{t('start')}</Button>
      </PageTitle>
      <List spec={instancesSpec({}, bulkActions(), choices)} />
    </>
  );
}
