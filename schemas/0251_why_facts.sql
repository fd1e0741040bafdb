-- SPDX-License-Identifier: Apache-2.0
-- What is read to say why nothing happens (0017_why.sql has the tables), beside everything that it looks at.

-- The facts, as orchestrator/store/read/why.h names the columns. Times are milliseconds.
CREATE FUNCTION ms_of(t timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (extract(epoch FROM t) * 1000)::bigint
$$;

-- Whether a worker that may have jobs of these processes (job_askers.processes) may have those of one.
CREATE FUNCTION may_have_jobs(processes text, process_id text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT processes = '' OR strpos(processes, chr(10) || process_id || chr(10)) > 0
$$;

-- Open jobs, each with who could do it: the last worker that asks for its type and may have it (fit), asks for other tenants (abroad), or may
-- not have it (barred); the consumer group of its type; how many of its type and tenant are in flight and wait before it, up to 1000.
CREATE VIEW why_jobs AS
SELECT j.key, j.type, j.tenant, j.process_id, j.definition, j.instance, j.element_id, j.element_instance, j.state, 0 AS ending, i.state = 4 AS is_suspended,
       j.attempt, j.retries, ms_of(j.due) AS due, ms_of(j.offered) AS offered, NULL::bigint AS ended, j.worker, j.error_message,
       ms_of(clock_timestamp()) AS at, n.key AS incident, n.kind AS incident_kind, n.message AS incident_message,
       fit.worker AS fit_worker, fit.tenant AS fit_tenant, fit.seen AS fit_seen, abroad.worker AS abroad_worker, abroad.tenant AS abroad_tenant,
       abroad.seen AS abroad_seen, barred.worker AS barred_worker, barred.tenant AS barred_tenant, barred.seen AS barred_seen,
       ms_of(g.looked) AS looked, cardinality(g.members) AS member_count, array_to_string(g.members, ', ') AS members, g.lag, ms_of(g.seen) AS member_seen,
       (SELECT count(*) FROM (SELECT FROM jobs x WHERE x.shard = j.shard AND x.type = j.type AND x.tenant = j.tenant AND x.state = 2 LIMIT 1000) c) AS in_flight,
       (SELECT count(*) FROM (SELECT FROM jobs x WHERE x.shard = j.shard AND x.type = j.type AND x.tenant = j.tenant AND x.state = 1 AND x.due IS NULL
                              AND (x.priority > j.priority OR x.priority = j.priority AND x.key < j.key) LIMIT 1000) c) AS ahead,
       (SELECT s.amount FROM shares s WHERE s.owner_kind = 'TENANT' AND s.name = 'jobs' AND s.owner IN (j.tenant, '*')
        ORDER BY s.owner = '*' LIMIT 1) AS share, j.shard
FROM jobs j
JOIN instances i ON i.shard = j.shard AND i.key = j.instance
LEFT JOIN LATERAL (SELECT * FROM incidents x WHERE x.shard = j.shard AND x.instance = j.instance AND x.job = j.key AND x.state = 1 ORDER BY x.key LIMIT 1) n ON true
LEFT JOIN job_groups g ON g.type = j.type
LEFT JOIN LATERAL (SELECT a.worker, a.tenant, ms_of(a.seen) AS seen FROM job_askers a
                   WHERE a.type = j.type AND a.tenant = j.tenant AND may_have_jobs(a.processes, j.process_id) ORDER BY a.seen DESC LIMIT 1) fit ON true
LEFT JOIN LATERAL (SELECT a.worker, a.tenant, ms_of(a.seen) AS seen FROM job_askers a
                   WHERE a.type = j.type AND a.tenant <> j.tenant ORDER BY a.seen DESC LIMIT 1) abroad ON true
LEFT JOIN LATERAL (SELECT a.worker, a.tenant, ms_of(a.seen) AS seen FROM job_askers a
                   WHERE a.type = j.type AND a.tenant = j.tenant AND NOT may_have_jobs(a.processes, j.process_id) ORDER BY a.seen DESC LIMIT 1) barred ON true;

-- Messages called so that lie in mailboxes or reached nobody, up to so many of each, the newest first.
CREATE FUNCTION why_messages(called text, most integer)
RETURNS TABLE (key bigint, correlation_key text, tenant text, published timestamptz, until timestamptz, is_over boolean) LANGUAGE sql STABLE AS $$
    (SELECT x.key, x.correlation_key, x.tenant, x.published, x.expires, false
     FROM (SELECT e.shard, e.key FROM shards s JOIN mailboxes m ON m.shard = s.shard AND m.name = called AND m.kind = 0
           JOIN mailbox_entries e ON e.shard = m.shard AND e.mailbox = m.key LIMIT 1000) e
     JOIN messages x ON x.shard = e.shard AND x.key = e.key ORDER BY x.published DESC LIMIT most)
    UNION ALL
    (SELECT x.key, x.correlation_key, x.tenant, x.published, x.missed, true FROM missed_messages x WHERE x.name = called ORDER BY x.missed DESC LIMIT most)
$$;

-- What the tokens of an instance wait for, jobs apart.
CREATE FUNCTION why_waits(of_shard bigint, of_instance bigint, most integer)
RETURNS TABLE (kind text, element_instance bigint, key bigint, element_id text, element_type text, name text, key_text text, wanted_key text, tenant text,
               other_tenant boolean, is_over boolean, has_more boolean, until bigint) LANGUAGE sql STABLE AS $$
    WITH places AS (SELECT e.* FROM elements e WHERE e.instance = of_instance AND e.shard = of_shard ORDER BY e.key LIMIT most),
    named AS (SELECT p.key, p.element_id, p.type FROM places p UNION ALL SELECT i.key, i.process_id, 'process' FROM instances i
              WHERE i.shard = of_shard AND i.key = of_instance),
    subs AS (SELECT s.*, n.type FROM subscriptions s JOIN named n ON n.key = s.element_instance
             WHERE s.shard = of_shard AND s.key > of_instance AND s.instance = of_instance LIMIT most)
    SELECT 'PLACE', p.key, p.key, p.element_id, p.type, NULL, p.waits_for, NULL, NULL, false, false,
           EXISTS (SELECT FROM elements c WHERE c.instance = of_instance AND c.scope = p.key), NULL::bigint FROM places p
    UNION ALL
    SELECT 'TIMER', t.element_instance, t.key, t.element_id, n.type, NULL, NULL, NULL, NULL, false, false, false, ms_of(t.due)
    FROM timers t JOIN named n ON n.key = t.element_instance WHERE t.shard = of_shard AND t.key > of_instance AND t.instance = of_instance 
      AND (t.element_id <> n.element_id OR n.type LIKE '%Event') -- not a reminder or the like of its owner
    UNION ALL
    SELECT CASE s.kind WHEN 0 THEN 'MESSAGE' ELSE 'SIGNAL' END, s.element_instance, s.key, s.element_id, s.type, s.name, s.correlation_key, NULL, s.tenant,
           false, false, false, NULL FROM subs s
    UNION ALL
    SELECT 'NEAR', s.element_instance, m.key, s.element_id, s.type, s.name, m.correlation_key, s.correlation_key, m.tenant, m.tenant <> s.tenant, m.is_over,
           false, ms_of(m.until)
    FROM subs s CROSS JOIN LATERAL (SELECT * FROM why_messages(s.name, 20) x
        WHERE x.is_over OR x.correlation_key <> s.correlation_key OR x.tenant <> s.tenant
        ORDER BY x.correlation_key = s.correlation_key DESC, x.published DESC LIMIT 3) m WHERE s.kind = 0
    UNION ALL
    SELECT 'USER_TASK', t.element_instance, t.key, t.element_id, 'userTask', t.assignee,
           (SELECT string_agg(c.who, ', ') FROM (SELECT json_array_elements_text(t.candidate_groups) UNION ALL SELECT json_array_elements_text(t.candidate_users))
            AS c (who)), NULL, NULL, false, false, false, ms_of(t.due)
    FROM user_tasks t WHERE t.instance = of_instance AND t.shard = of_shard AND t.ended IS NULL
    UNION ALL
    SELECT 'INCIDENT', n.element_instance, n.key, n.element_id, coalesce(d.type, ''), n.kind, n.message, NULL, NULL, false, false, false, NULL
    FROM incidents n LEFT JOIN named d ON d.key = n.element_instance
    WHERE n.instance = of_instance AND n.shard = of_shard AND n.state = 1 AND n.job IS NULL
    UNION ALL
    SELECT 'CALLED', i.parent_element_instance, i.key, n.element_id, n.type, i.process_id, NULL, NULL, NULL, false, false, false, NULL
    FROM instances i JOIN named n ON n.key = i.parent_element_instance WHERE i.parent_instance = of_instance AND i.state IN (1, 4)
$$;

-- What a worker of this name asks for and has.
CREATE FUNCTION why_worker(called text)
RETURNS TABLE (kind text, type text, tenant text, process_id text, key bigint, element_id text, seen bigint, until bigint, number bigint, at bigint)
LANGUAGE sql STABLE AS $$
    SELECT 'POLL', a.type, a.tenant, NULL, NULL::bigint, NULL, ms_of(a.seen), ms_of(a.since), (SELECT count(*) FROM shards s CROSS JOIN LATERAL (
               SELECT FROM jobs j WHERE j.shard = s.shard AND j.type = a.type AND j.tenant = a.tenant AND j.due IS NULL AND j.state IN (1, 2) LIMIT 1000) o),
           ms_of(clock_timestamp())
    FROM job_askers a WHERE a.worker = called
    UNION ALL
    SELECT 'KAFKA', g.type, '', NULL, NULL, NULL, ms_of(g.looked), ms_of(g.seen), g.lag, ms_of(clock_timestamp())
    FROM job_groups g WHERE called = ANY (g.members)
    UNION ALL
    (SELECT 'HOLDS', j.type, j.tenant, j.process_id, j.key, j.element_id, ms_of(j.offered), ms_of(j.due), NULL, ms_of(clock_timestamp())
     FROM jobs j WHERE j.due IS NOT NULL AND j.state = 2 AND j.worker = called ORDER BY j.key LIMIT 100)
$$;

-- Whom a message reached.
CREATE FUNCTION why_message(of_shard bigint, of_key bigint)
RETURNS TABLE (kind text, key bigint, instance bigint, element_id text, name text, correlation_key text, tenant text, since bigint, until bigint)
LANGUAGE sql STABLE AS $$
    SELECT 'REACHED', c.message, c.instance, c.element_id, c.name, c.correlation_key, i.tenant, ms_of(c.correlated), NULL::bigint
    FROM correlations c JOIN instances i ON i.shard = c.shard AND i.key = c.instance WHERE c.message = of_key
    UNION ALL
    SELECT 'WAITS', m.key, NULL, NULL, m.name, m.correlation_key, m.tenant, ms_of(m.published), ms_of(m.expires)
    FROM messages m WHERE m.shard = of_shard AND m.key = of_key
    UNION ALL
    SELECT 'MISSED', m.key, NULL, NULL, m.name, m.correlation_key, m.tenant, ms_of(m.published), ms_of(m.missed)
    FROM missed_messages m WHERE m.shard = of_shard AND m.key = of_key
$$;

-- Who waits for messages and signals of a name, and which came; with_key null: any.
CREATE FUNCTION why_name(called text, with_key text, most integer)
RETURNS TABLE (kind text, key bigint, instance bigint, element_id text, name text, correlation_key text, tenant text, since bigint, until bigint)
LANGUAGE sql STABLE AS $$
    (SELECT 'WANTED', s.key, s.instance, s.element_id, s.name, s.correlation_key, s.tenant, ms_of(s.created), NULL::bigint
     FROM shards h JOIN mailboxes m ON m.shard = h.shard AND m.name = called AND m.kind = 0
     JOIN mailbox_entries e ON e.shard = m.shard AND e.mailbox = m.key
     JOIN subscriptions s ON s.shard = (e.key >> 51) - 1 AND s.key = e.key
     ORDER BY s.correlation_key = with_key DESC, s.created DESC LIMIT most)
    UNION ALL
    (SELECT 'SIGNAL', s.key, s.instance, s.element_id, s.name, NULL, s.tenant, ms_of(s.created), NULL
     FROM shards h CROSS JOIN (SELECT '' AS id UNION SELECT id FROM tenants) t
     JOIN subscriptions s ON s.shard = h.shard AND s.kind = 1 AND s.tenant = t.id AND s.name = called
     ORDER BY s.created DESC LIMIT most)
    UNION ALL
    SELECT CASE WHEN m.is_over THEN 'MISSED' ELSE 'WAITS' END, m.key, NULL, NULL, called, m.correlation_key, m.tenant, ms_of(m.published), ms_of(m.until)
    FROM why_messages(called, most) m WHERE with_key IS NULL OR m.correlation_key = with_key
$$;
