// SPDX-License-Identifier: Apache-2.0
import { PageTitle } from '../../design/parts';
import { List } from '../../list/list';
import { t } from '../../text';
import { batchesSpec } from './spec';

export function Batches() {
  return <><PageTitle title={t('nav.batches')} about={t('batches.about')} /><List spec={batchesSpec()} /></>;
}
