-- SPDX-License-Identifier: Apache-2.0
-- Retention looks for ended instances by their start. An index that holds the end, even a BRIN one, would make PostgreSQL write a new
-- entry into every index of the table whenever an instance ends; without it the update stays within the page (HOT).

DROP INDEX instances_ended;
CREATE INDEX instances_started ON instances USING brin (started) WITH (pages_per_range = 32);
ALTER TABLE instances SET (fillfactor = 70);

CREATE OR REPLACE FUNCTION instances_drop(before date, most integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE instance_delete(old.shard, old.key))
    FROM (SELECT i.shard, i.key FROM instances i
          WHERE i.state IN (2, 3) AND i.ended < before::timestamp AT TIME ZONE 'UTC' AND i.started < before::timestamp AT TIME ZONE 'UTC'
          LIMIT most) old
$$;
