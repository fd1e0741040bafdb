// SPDX-License-Identifier: Apache-2.0
// Models do not change once they are deployed: each is read once.
import { askText } from '../api/client';

const known = new Map<string, Promise<string>>();

export function processXml(key: string): Promise<string> {
  const path = `/v2/process-definitions/${key}/xml` as const;
  let xml = known.get(key);
  if (!xml) {
    xml = askText(path);
    known.set(key, xml);
    xml.catch(() => known.delete(key));
  }
  return xml;
}
