-- SPDX-License-Identifier: Apache-2.0
-- Limits of what is kept about who asks for jobs: workers name themselves, so their names must fill no table.

-- Of each type and tenant that were just noted (job_askers_note) the 50 workers that asked last are kept.
CREATE FUNCTION job_askers_trim(askers json) RETURNS void LANGUAGE sql AS $$
    DELETE FROM job_askers a USING (
        SELECT o.type, o.tenant, o.worker
        FROM (SELECT DISTINCT e ->> 0 AS type, e ->> 1 AS tenant FROM json_array_elements(json_without_nul(askers)) e) t
        CROSS JOIN LATERAL (SELECT x.type, x.tenant, x.worker FROM job_askers x WHERE x.type = t.type AND x.tenant = t.tenant
                            ORDER BY x.seen DESC, x.worker OFFSET 50) o) g
    WHERE a.type = g.type AND a.tenant = g.tenant AND a.worker = g.worker
$$;

CREATE INDEX job_askers_seen ON job_askers (tenant, seen DESC);

-- What is too old to explain anything goes, at most so many rows of each: who asked 3 days ago, groups that nobody looked up for 30, messages that were
-- missed 7 days ago; and of each tenant all askers but the last 2000.
CREATE OR REPLACE FUNCTION why_retire(most integer) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$
    WITH a AS (DELETE FROM job_askers WHERE (type, tenant, worker) IN (
                   SELECT type, tenant, worker FROM job_askers WHERE seen < now() - interval '3 days' LIMIT most) RETURNING 1),
         b AS (DELETE FROM job_askers WHERE seen >= now() - interval '3 days' AND (type, tenant, worker) IN (
                   SELECT x.type, x.tenant, x.worker
                   FROM (SELECT tenant FROM job_askers GROUP BY tenant HAVING count(*) > 2000) t
                   CROSS JOIN LATERAL (SELECT y.type, y.tenant, y.worker FROM job_askers y WHERE y.tenant = t.tenant ORDER BY y.seen DESC OFFSET 2000) x
                   LIMIT most) RETURNING 1),
         g AS (DELETE FROM job_groups WHERE type IN (
                   SELECT type FROM job_groups WHERE looked < now() - interval '30 days' LIMIT most) RETURNING 1),
         m AS (DELETE FROM missed_messages WHERE (shard, key) IN (
                   SELECT shard, key FROM missed_messages WHERE missed < now() - interval '7 days' LIMIT most) RETURNING 1)
    SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b) + (SELECT count(*) FROM g) + (SELECT count(*) FROM m)
$$;
