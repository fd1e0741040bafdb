-- SPDX-License-Identifier: Apache-2.0
-- What searches of element instances, jobs and variables look through: what runs now, from the tables of the step, and what is over,
-- from the records. What history has of one instance beyond the records is handed in as `pending` (store/read/pending.h).

-- Element instances: those that run,
CREATE VIEW elements_running AS
SELECT e.shard, e.key, e.instance, e.scope, e.element_id, coalesce(nullif(p.name, ''), e.element_id) AS element_name, e.type,
       1::smallint AS state, e.started, NULL::timestamptz AS ended, e.has_incident, e.sla_breached AS breached, e.waits_for
FROM elements e JOIN instances i ON i.shard = e.shard AND i.key = e.instance
LEFT JOIN definitions d ON d.key = i.definition
LEFT JOIN process_elements p ON p.digest = d.digest AND p.process_id = d.id AND p.id = e.element_id;

-- the process instance, which is one, too: its root,
CREATE VIEW elements_roots AS
SELECT i.shard, i.key, i.key AS instance, NULL::bigint AS scope, i.process_id AS element_id, coalesce(nullif(d.name, ''), i.process_id) AS element_name,
       'process'::text AS type, (CASE i.state WHEN 4 THEN 1 ELSE i.state END)::smallint AS state, i.started, i.ended, i.incidents > 0 AS has_incident,
       i.sla_breaches > 0 AS breached, NULL::text AS waits_for
FROM instances i LEFT JOIN definitions d ON d.key = i.definition;

-- and those that are over.
CREATE VIEW elements_over AS
SELECT e.shard, e.key, e.instance, e.scope, e.element_id, e.element_name, e.type, e.state, e.started, e.ended, false AS has_incident, e.breached,
       NULL::text AS waits_for
FROM element_instances e WHERE e.ended IS NOT NULL AND e.key <> e.instance;

CREATE VIEW elements_found AS
SELECT * FROM elements_running UNION ALL SELECT * FROM elements_roots UNION ALL SELECT * FROM elements_over;

-- Jobs: 1 to 4 as in jobs, from 5 on as in job_records.
CREATE VIEW jobs_found AS
SELECT j.shard, j.key, j.instance, j.element_instance, j.element_id, j.definition, j.process_id, j.version, j.type, j.tenant, j.kind,
       j.listener_event, j.state, j.priority, j.retries, j.attempt, j.due, j.offered, j.worker, j.created, NULL::timestamptz AS ended,
       j.headers, NULL::text AS error_code, j.error_message
FROM jobs j
UNION ALL
SELECT r.shard, r.key, r.instance, r.element_instance, r.element_id, r.definition, r.process_id, r.version, r.type, r.tenant, r.kind,
       r.listener_event, r.state, r.priority, r.retries, r.attempt, NULL, r.ended, r.worker, r.created, r.ended, NULL, r.error_code,
       r.error_message
FROM job_records r WHERE r.ended IS NOT NULL;

-- The same columns of what is pending: an array of records as history/records.h makes them, times in milliseconds.
CREATE FUNCTION elements_pending(pending json) RETURNS SETOF elements_found LANGUAGE sql STABLE ROWS 10 AS $$
    SELECT r.shard, r.key, r.instance, nullif(r.scope, 0), coalesce(p.id, '#' || r.element), coalesce(nullif(p.name, ''), p.id, '#' || r.element),
           CASE WHEN r.is_body THEN 'multiInstanceBody' ELSE coalesce(p.type, 'task') END, r.state, to_timestamp(r.started / 1000.0),
           to_timestamp(r.ended / 1000.0), false, r.breached, NULL::text
    FROM json_to_recordset(pending) AS r (shard integer, key bigint, instance bigint, scope bigint, definition bigint, element integer,
                                          is_body boolean, state smallint, started bigint, ended bigint, breached boolean)
    LEFT JOIN definitions d ON d.key = r.definition
    LEFT JOIN process_elements p ON p.digest = d.digest AND p.process_id = d.id AND p.element = r.element
    WHERE NOT EXISTS (SELECT FROM element_instances e WHERE e.shard = r.shard AND e.instance = r.instance AND e.key = r.key
                      AND e.ended IS NOT NULL)
$$;

CREATE FUNCTION jobs_pending(pending json) RETURNS SETOF jobs_found LANGUAGE sql STABLE ROWS 10 AS $$
    SELECT r.shard, r.key, r.instance, r.element_instance, coalesce(p.id, '#' || r.element), r.definition, d.id, d.version, r.type, d.tenant,
           r.kind, p.listeners[nullif(r.listener, 0)], r.state, r.priority, r.retries, r.attempt, NULL::timestamptz,
           to_timestamp(r.ended / 1000.0), nullif(r.worker, ''), to_timestamp(r.created / 1000.0), to_timestamp(r.ended / 1000.0), NULL::json,
           nullif(r.error_code, ''), nullif(r.error_message, '')
    FROM json_to_recordset(pending) AS r (shard integer, key bigint, instance bigint, element_instance bigint, definition bigint,
                                          element integer, listener integer, type text, kind smallint, state smallint, priority integer,
                                          retries integer, attempt integer, worker text, error_code text, error_message text,
                                          created bigint, ended bigint)
    JOIN definitions d ON d.key = r.definition
    LEFT JOIN process_elements p ON p.digest = d.digest AND p.process_id = d.id AND p.element = r.element
    WHERE NOT EXISTS (SELECT FROM job_records e WHERE e.shard = r.shard AND e.instance = r.instance AND e.key = r.key AND e.ended IS NOT NULL)
$$;

-- Variables: those of the records that nothing pending has changed, and what it has changed them to.
CREATE FUNCTION variables_pending(pending json) RETURNS SETOF variables LANGUAGE sql STABLE ROWS 10 AS $$
    SELECT r.shard, r.instance, r.scope, r.name, variable_key(r.scope, r.name), i.tenant, r.value, coalesce(variable_start(r.value), '')
    FROM json_to_recordset(pending) AS r (shard integer, instance bigint, scope bigint, name text, value text, removed boolean)
    JOIN instances i ON i.shard = r.shard AND i.key = r.instance WHERE NOT r.removed
$$;

CREATE FUNCTION variables_changed(pending json) RETURNS TABLE (scope bigint, name text) LANGUAGE sql STABLE ROWS 10 AS $$
    SELECT r.scope, r.name FROM json_to_recordset(pending) AS r (scope bigint, name text)
$$;

-- An element instance and the scopes around it, from the inside out.
CREATE FUNCTION scopes_around(of_shard integer, element bigint) RETURNS TABLE (scope bigint, depth integer) LANGUAGE sql STABLE ROWS 5 AS $$
    WITH RECURSIVE up AS (
        SELECT element AS scope, 0 AS depth
        UNION ALL
        SELECT e.scope, up.depth + 1 FROM up JOIN elements_found e ON e.shard = of_shard AND e.key = up.scope
        WHERE e.scope IS NOT NULL AND up.depth < 1000)
    SELECT scope, depth FROM up
$$;

CREATE FUNCTION task_scopes(task bigint) RETURNS TABLE (scope bigint, depth integer) LANGUAGE sql STABLE ROWS 5 AS $$
    SELECT s.scope, s.depth FROM user_tasks t CROSS JOIN LATERAL scopes_around(t.shard, t.element_instance) s
    WHERE t.key = task AND t.shard = (task >> 51) - 1
$$;
