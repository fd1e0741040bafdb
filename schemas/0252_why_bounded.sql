-- SPDX-License-Identifier: Apache-2.0
-- What is read to say why nothing happens is bounded: what is open of one instance comes by its keys, which its image has (tables of the step
-- have no index by instance), and of names that a million wait for so many rows are looked at and no more. What a caller may not see, or did not
-- ask for, takes no place among them.

-- Whether a worker asks with leases: a job that was leased once goes to no other (jobs.leased).
ALTER TABLE job_askers ADD COLUMN leases boolean NOT NULL DEFAULT false;

-- Who asks as the nodes have seen it: [[type, tenant, worker, processes, leases], …].
CREATE OR REPLACE FUNCTION job_askers_note(askers json, by_node text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO job_askers AS a (type, tenant, worker, processes, leases, node, since, seen)
    SELECT DISTINCT ON (1, 2, 3) e ->> 0, e ->> 1, e ->> 2, e ->> 3, coalesce((e ->> 4)::boolean, false), by_node, now(), now()
    FROM json_array_elements(json_without_nul(askers)) e ORDER BY 1, 2, 3, 5 DESC
    ON CONFLICT (type, tenant, worker) DO UPDATE SET processes = excluded.processes, leases = excluded.leases, node = excluded.node, seen = excluded.seen,
        since = CASE WHEN a.seen < excluded.seen - interval '1 minute' THEN excluded.since ELSE a.since END
$$;

-- Open jobs, each with who could do it: the last worker that asks for its type and may have it (fit), asks for other tenants (abroad), may not
-- have it (barred), or asks without the lease that it takes (unleased); the consumer group of its type. Of one that waits for room: how many of
-- its type and tenant wait before it, up to 1000 of a higher and 1000 of the same priority.
DROP VIEW why_jobs;
CREATE VIEW why_jobs AS
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
            AND x.state IN (1, 2) AND x.state = 1 LIMIT 1000)) c) END AS ahead, j.shard
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
                   ORDER BY a.seen DESC LIMIT 1) unleased ON true;

-- Of job types and tenants, by place: how many are in flight on a shard; whether that is of the first `most` rows alone, so that there may be
-- more; the tenant's share in the whole cluster (null: none), and what of it is this shard's (engine/window.c). Those that a worker has are
-- counted among all of the shard that have a due date: there is no index by type.
CREATE FUNCTION why_flights(of_shard bigint, types text[], tenants text[], most integer)
RETURNS TABLE (type text, tenant text, in_flight bigint, is_cut boolean, share bigint, part bigint) LANGUAGE sql STABLE AS $$
    WITH dated AS MATERIALIZED (SELECT x.type, x.tenant, x.state FROM jobs x WHERE x.shard = of_shard AND x.due IS NOT NULL ORDER BY x.due LIMIT most)
    SELECT k.type, k.tenant, u.offered + (SELECT count(*) FROM dated d WHERE d.state = 2 AND d.type = k.type AND d.tenant = k.tenant),
           u.looked >= most OR (SELECT count(*) FROM dated) >= most, s.amount,
           s.amount / n.shards + (of_shard < s.amount % n.shards)::integer
    FROM unnest(types, tenants) AS k (type, tenant)
    CROSS JOIN (SELECT greatest(count(*), 1) AS shards FROM shards) n
    CROSS JOIN LATERAL (SELECT count(*) AS looked, count(*) FILTER (WHERE x.state = 2) AS offered FROM (
        SELECT x.state FROM jobs x WHERE x.shard = of_shard AND x.type = k.type AND x.tenant = k.tenant AND x.due IS NULL AND x.state IN (1, 2)
        ORDER BY x.priority DESC, x.key LIMIT most) x) u
    LEFT JOIN LATERAL (SELECT s.amount FROM shares s WHERE s.owner_kind = 'TENANT' AND s.name = 'jobs' AND s.owner IN (k.tenant, '*')
                       ORDER BY s.owner = '*' LIMIT 1) s ON true
$$;

-- The orders and limits inside are those of indexes: what is read is bounded however common the name is.
-- The entries of mailboxes called so, with a correlation key (null: with any), of tenants (null: of all): of at most `look` mailboxes, at most
-- as many.
CREATE FUNCTION why_entries(called text, with_key text, tenants text[], look integer) RETURNS TABLE (shard integer, key bigint) LANGUAGE sql STABLE AS $$
    SELECT e.shard, e.key
    FROM (SELECT b.* FROM shards s CROSS JOIN LATERAL (
              (SELECT m.shard, m.key, m.tenant FROM mailboxes m WHERE with_key IS NULL AND m.shard = s.shard AND m.name = called AND m.kind = 0
               ORDER BY m.correlation_key LIMIT look)
              UNION ALL
              (SELECT m.shard, m.key, m.tenant FROM mailboxes m WHERE m.shard = s.shard AND m.name = called AND m.correlation_key = with_key AND m.kind = 0
               ORDER BY m.tenant LIMIT look)) b LIMIT look) b
    CROSS JOIN LATERAL (SELECT x.shard, x.key FROM mailbox_entries x WHERE x.shard = b.shard AND x.mailbox = b.key LIMIT look) e
    WHERE tenants IS NULL OR b.tenant = ANY (tenants) LIMIT look
$$;

-- Messages called so that lie in mailboxes or reached nobody, the newest first, at most `most` of each: with a correlation key, or (null) with
-- any but without_key (null: with any).
DROP FUNCTION why_messages(text, integer);
CREATE FUNCTION why_messages(called text, with_key text, without_key text, tenants text[], look integer, most integer)
RETURNS TABLE (key bigint, correlation_key text, tenant text, published timestamptz, until timestamptz, is_over boolean) LANGUAGE sql STABLE AS $$
    (SELECT x.key, x.correlation_key, x.tenant, x.published, x.expires, false
     FROM why_entries(called, with_key, tenants, look) e
     CROSS JOIN LATERAL (SELECT * FROM messages m WHERE m.shard = e.shard AND m.key = e.key LIMIT 1) x
     WHERE x.correlation_key IS DISTINCT FROM without_key ORDER BY x.published DESC LIMIT most)
    UNION ALL
    (SELECT x.key, x.correlation_key, x.tenant, x.published, x.missed, true
     FROM (SELECT * FROM missed_messages m WHERE m.name = called ORDER BY m.missed DESC LIMIT look) x
     WHERE (with_key IS NULL OR x.correlation_key = with_key) AND x.correlation_key IS DISTINCT FROM without_key
       AND (tenants IS NULL OR x.tenant = ANY (tenants)) ORDER BY x.missed DESC LIMIT most)
$$;

-- What the tokens of an instance wait for, jobs apart: at most `most` of each kind. `keys`: of its timers and subscriptions. `tenants`: whose
-- messages that almost fit may be told (null: all); they are looked for, for 20 subscriptions, among 1000.
DROP FUNCTION why_waits(bigint, bigint, integer);
CREATE FUNCTION why_waits(of_shard bigint, of_instance bigint, keys bigint[], tenants text[], most integer)
RETURNS TABLE (kind text, element_instance bigint, key bigint, element_id text, element_type text, name text, key_text text, wanted_key text, tenant text,
               other_tenant boolean, is_over boolean, has_more boolean, until bigint) LANGUAGE sql STABLE AS $$
    WITH places AS (SELECT e.* FROM elements e WHERE e.instance = of_instance AND e.shard = of_shard ORDER BY e.key LIMIT most),
    named AS (SELECT p.key, p.element_id, p.type FROM places p UNION ALL SELECT i.key, i.process_id, 'process' FROM instances i
              WHERE i.shard = of_shard AND i.key = of_instance),
    subs AS (SELECT s.*, n.type FROM subscriptions s JOIN named n ON n.key = s.element_instance
             WHERE s.shard = of_shard AND s.key = ANY (keys) AND s.instance = of_instance ORDER BY s.key LIMIT most)
    SELECT 'PLACE', p.key, p.key, p.element_id, p.type, NULL, p.waits_for, NULL, NULL, false, false,
           p.key IN (SELECT c.scope FROM elements c WHERE c.instance = of_instance AND c.scope IS NOT NULL), NULL::bigint FROM places p
    UNION ALL
    (SELECT 'TIMER', t.element_instance, t.key, t.element_id, n.type, NULL, NULL, NULL, NULL, false, false, false, ms_of(t.due)
     FROM timers t JOIN named n ON n.key = t.element_instance WHERE t.shard = of_shard AND t.key = ANY (keys) AND t.instance = of_instance
       AND (t.element_id <> n.element_id OR n.type LIKE '%Event') LIMIT most) -- not a reminder or the like of its owner
    UNION ALL
    SELECT CASE s.kind WHEN 0 THEN 'MESSAGE' ELSE 'SIGNAL' END, s.element_instance, s.key, s.element_id, s.type, s.name, s.correlation_key, NULL, s.tenant,
           false, false, false, NULL FROM subs s
    UNION ALL
    SELECT 'NEAR', s.element_instance, m.key, s.element_id, s.type, s.name, m.correlation_key, s.correlation_key, m.tenant, m.tenant <> s.tenant, m.is_over,
           false, ms_of(m.until)
    FROM (SELECT * FROM subs WHERE kind = 0 ORDER BY key LIMIT 20) s CROSS JOIN LATERAL (
        SELECT * FROM (SELECT x.* FROM why_messages(s.name, s.correlation_key, NULL, tenants, 1000, 20) x WHERE x.is_over OR x.tenant <> s.tenant
                       UNION ALL SELECT x.* FROM why_messages(s.name, NULL, s.correlation_key, tenants, 1000, 3) x) x
        ORDER BY x.correlation_key = s.correlation_key DESC, x.published DESC LIMIT 3) m
    UNION ALL
    (SELECT 'USER_TASK', t.element_instance, t.key, t.element_id, 'userTask', t.assignee,
            (SELECT string_agg(c.who, ', ') FROM (SELECT json_array_elements_text(t.candidate_groups) UNION ALL SELECT json_array_elements_text(t.candidate_users))
             AS c (who)), NULL, NULL, false, false, false, ms_of(t.due)
     FROM user_tasks t WHERE t.instance = of_instance AND t.shard = of_shard AND t.ended IS NULL LIMIT most)
    UNION ALL
    (SELECT 'INCIDENT', n.element_instance, n.key, n.element_id, coalesce(d.type, ''), n.kind, n.message, NULL, NULL, false, false, false, NULL
     FROM incidents n LEFT JOIN named d ON d.key = n.element_instance
     WHERE n.instance = of_instance AND n.shard = of_shard AND n.state = 1 AND n.job IS NULL LIMIT most)
    UNION ALL
    (SELECT 'CALLED', i.parent_element_instance, i.key, n.element_id, n.type, i.process_id, NULL, NULL, NULL, false, false, false, NULL
     FROM instances i JOIN named n ON n.key = i.parent_element_instance WHERE i.parent_instance = of_instance AND i.state IN (1, 4) LIMIT most)
$$;

-- Who waits for messages and signals of a name, and which came, of tenants (null: of all); with_key null: any. Those who wait for with_key come
-- first, then others among 10,000.
DROP FUNCTION why_name(text, text, integer);
CREATE FUNCTION why_name(called text, with_key text, tenants text[], most integer)
RETURNS TABLE (kind text, key bigint, instance bigint, element_id text, name text, correlation_key text, tenant text, since bigint, until bigint)
LANGUAGE sql STABLE AS $$
    (SELECT 'WANTED', s.key, s.instance, s.element_id, s.name, s.correlation_key, s.tenant, ms_of(s.created), NULL::bigint
     FROM (SELECT e.key FROM why_entries(called, with_key, tenants, 10000) e WHERE with_key IS NOT NULL
           UNION SELECT e.key FROM why_entries(called, NULL, tenants, 10000) e) e
     CROSS JOIN LATERAL (SELECT * FROM subscriptions x WHERE x.shard = (e.key >> 51) - 1 AND x.key = e.key LIMIT 1) s
     WHERE s.kind = 0 AND s.name = called AND (tenants IS NULL OR s.tenant = ANY (tenants))
     ORDER BY (s.correlation_key = with_key) IS TRUE DESC, s.created DESC LIMIT most)
    UNION ALL
    (SELECT 'SIGNAL', s.key, s.instance, s.element_id, s.name, NULL, s.tenant, ms_of(s.created), NULL
     FROM shards h CROSS JOIN (SELECT t.id FROM (SELECT '' AS id UNION SELECT x.id FROM tenants x) t WHERE why_name.tenants IS NULL OR t.id = ANY (why_name.tenants)) t
     CROSS JOIN LATERAL (SELECT * FROM subscriptions x WHERE x.shard = h.shard AND x.kind = 1 AND x.tenant = t.id AND x.name = called
                         ORDER BY x.key DESC LIMIT most) s
     ORDER BY s.created DESC LIMIT most)
    UNION ALL
    SELECT CASE WHEN m.is_over THEN 'MISSED' ELSE 'WAITS' END, m.key, NULL, NULL, called, m.correlation_key, m.tenant, ms_of(m.published), ms_of(m.until)
    FROM why_messages(called, with_key, NULL, tenants, 10000, most) m
$$;
