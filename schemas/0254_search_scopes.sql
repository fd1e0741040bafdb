-- SPDX-License-Identifier: Apache-2.0
-- Searches of who may see a few processes alone: the instances of one lie by shard and key, as pages do, and are counted in the index alone, which has the
-- tenant and what the statement joins by. Its columns change when an instance is migrated, never else: other updates stay within the page (HOT).

DROP INDEX instances_process;
CREATE INDEX instances_process ON instances (process_id, shard, key) INCLUDE (tenant, definition);
