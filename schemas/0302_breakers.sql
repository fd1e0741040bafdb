-- SPDX-License-Identifier: Apache-2.0
-- Breakers of job types and credentials that are open: of one shard each, written by its step; a view sums them for people. A credential's breaker is
-- the one incident of all jobs that it was refused to.

CREATE TABLE breakers (
    shard  integer     NOT NULL,
    key    bigint      NOT NULL,
    kind   smallint    NOT NULL,                        -- 1 of a job type, 2 of a credential
    tenant text        NOT NULL,
    name   text        NOT NULL,                        -- of the job type or the credential
    cause  text        NOT NULL,                        -- class of the failure that opened it, or BY_HAND
    job    bigint,                                      -- that failed
    times  integer     NOT NULL,                        -- opened in a row
    opened timestamptz NOT NULL,                        -- the last time
    probes timestamptz,                                 -- when jobs are offered to probe it; null: it is closed by hand
    PRIMARY KEY (shard, key)
);

-- The credential behind whose breaker a job is held; null: it is not. State 8: held.
ALTER TABLE jobs ADD COLUMN held_by text;
CREATE INDEX jobs_held ON jobs (shard, tenant, held_by, priority DESC, key) WHERE held_by IS NOT NULL;

-- Jobs that wait behind a breaker, of its shard.
CREATE VIEW breaker_jobs AS
SELECT b.shard, b.key, j.process_id
FROM breakers b JOIN jobs j ON b.kind = 1 AND j.shard = b.shard AND j.type = b.name AND j.tenant = b.tenant AND j.due IS NULL AND j.state IN (1, 2) AND j.state = 1
UNION ALL
SELECT b.shard, b.key, j.process_id
FROM breakers b JOIN jobs j ON b.kind = 2 AND j.shard = b.shard AND j.held_by = b.name AND j.tenant = b.tenant;

-- One row a breaker, whatever the number of shards on which it is open.
CREATE VIEW breakers_found AS
SELECT s.kind, s.tenant, s.name, s.cause, s.job, s.times, s.shards, s.opened, s.probes, s.is_half_open, w.jobs, w.processes
FROM (SELECT b.kind, b.tenant, b.name, (array_agg(b.cause ORDER BY b.opened DESC))[1] AS cause,
             (array_agg(b.job ORDER BY b.opened DESC) FILTER (WHERE b.job IS NOT NULL))[1] AS job, max(b.times) AS times, count(*) AS shards,
             min(b.opened) AS opened, min(b.probes) AS probes, coalesce(bool_or(b.probes <= clock_timestamp()), false) AS is_half_open
      FROM breakers b GROUP BY b.kind, b.tenant, b.name) s
CROSS JOIN LATERAL (SELECT count(*) AS jobs, coalesce(array_agg(DISTINCT j.process_id), '{}') AS processes
                    FROM breakers b JOIN breaker_jobs j ON j.shard = b.shard AND j.key = b.key
                    WHERE b.kind = s.kind AND b.tenant = s.tenant AND b.name = s.name) w;

-- Processes that have open jobs of a type that no worker has, or held by a credential.
CREATE FUNCTION breaker_processes(of_kind integer, of_tenant text, called text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT DISTINCT j.process_id FROM shards s JOIN jobs j ON j.shard = s.shard
    WHERE of_kind = 1 AND j.type = called AND j.tenant = of_tenant AND j.due IS NULL AND j.state IN (1, 2)
    UNION
    SELECT DISTINCT j.process_id FROM shards s JOIN jobs j ON j.shard = s.shard
    WHERE of_kind = 2 AND j.held_by = called AND j.tenant = of_tenant
$$;

-- Why a job waits, as before, with the breaker before it.
CREATE OR REPLACE VIEW why_jobs AS
SELECT j.key, j.type, j.tenant, j.process_id, j.definition, j.instance, j.element_id, j.element_instance, j.state, 0 AS ending, i.state = 4 AS is_suspended,
       j.attempt, j.retries, ms_of(j.due) AS due, ms_of(j.offered) AS offered, NULL::bigint AS ended, j.worker, j.error_message,
       ms_of(clock_timestamp()) AS at, n.key AS incident, n.kind AS incident_kind, n.message AS incident_message,
       fit.worker AS fit_worker, fit.tenant AS fit_tenant, fit.seen AS fit_seen, abroad.worker AS abroad_worker, abroad.tenant AS abroad_tenant,
       abroad.seen AS abroad_seen, barred.worker AS barred_worker, barred.tenant AS barred_tenant, barred.seen AS barred_seen,
       unleased.worker AS unleased_worker, unleased.tenant AS unleased_tenant, unleased.seen AS unleased_seen,
       ms_of(g.looked) AS looked, cardinality(g.members) AS member_count, array_to_string(g.members, ', ') AS members, g.lag, ms_of(g.seen) AS member_seen,
       CASE WHEN j.state = 1 THEN (SELECT count(*) FROM (
           (SELECT FROM jobs x WHERE x.shard = j.shard AND x.type = j.type AND x.tenant = j.tenant AND x.priority > j.priority AND x.due IS NULL
            AND x.state IN (1, 2) AND x.state = 1 LIMIT 1000)
           UNION ALL
           (SELECT FROM jobs x WHERE x.shard = j.shard AND x.type = j.type AND x.tenant = j.tenant AND x.priority = j.priority AND x.key < j.key AND x.due IS NULL
            AND x.state IN (1, 2) AND x.state = 1 LIMIT 1000)) c) END AS ahead, j.shard,
       b.kind AS breaker_kind, b.name AS breaker_name, b.cause AS breaker_cause, ms_of(b.opened) AS breaker_opened, ms_of(b.probes) AS breaker_probes
FROM jobs j
JOIN instances i ON i.shard = j.shard AND i.key = j.instance
LEFT JOIN LATERAL (SELECT * FROM incidents x WHERE x.shard = j.shard AND x.instance = j.instance AND x.job = j.key AND x.state = 1 ORDER BY x.key LIMIT 1) n ON true
LEFT JOIN job_groups g ON g.type = j.type
LEFT JOIN LATERAL (SELECT a.worker, a.tenant, ms_of(a.seen) AS seen FROM job_askers a
                   WHERE a.type = j.type AND a.tenant = j.tenant AND may_have_jobs(a.processes, j.process_id) AND (a.leases OR NOT j.leased)
                   ORDER BY a.seen DESC LIMIT 1) fit ON true
LEFT JOIN LATERAL (SELECT a.worker, a.tenant, ms_of(a.seen) AS seen FROM job_askers a
                   WHERE a.type = j.type AND a.tenant <> j.tenant ORDER BY a.seen DESC LIMIT 1) abroad ON true
LEFT JOIN LATERAL (SELECT a.worker, a.tenant, ms_of(a.seen) AS seen FROM job_askers a
                   WHERE a.type = j.type AND a.tenant = j.tenant AND NOT may_have_jobs(a.processes, j.process_id) ORDER BY a.seen DESC LIMIT 1) barred ON true
LEFT JOIN LATERAL (SELECT a.worker, a.tenant, ms_of(a.seen) AS seen FROM job_askers a
                   WHERE j.leased AND NOT a.leases AND a.type = j.type AND a.tenant = j.tenant AND may_have_jobs(a.processes, j.process_id)
                   ORDER BY a.seen DESC LIMIT 1) unleased ON true
LEFT JOIN LATERAL (SELECT * FROM breakers x WHERE x.shard = j.shard AND x.tenant = j.tenant
                   AND (x.kind = 1 AND x.name = j.type AND j.state IN (1, 2) OR x.kind = 2 AND x.name = j.held_by) ORDER BY x.kind DESC LIMIT 1) b ON true;

-- Rows of the step: the API reads them alone.
DO $$
BEGIN
    EXECUTE replace(pg_get_functiondef('baton_grant'::regproc), '{shards,shard_owners,', '{shards,breakers,shard_owners,');
END $$;
