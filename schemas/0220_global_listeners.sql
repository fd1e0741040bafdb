-- SPDX-License-Identifier: Apache-2.0
-- Listeners of all user tasks, beside those that the models have. In the order in which they run: the higher priority, then the id.

CREATE TABLE global_listeners (
    id        text        PRIMARY KEY,
    type      text        NOT NULL,                     -- of its jobs
    retries   integer     NOT NULL CHECK (retries > 0),
    runs_last boolean     NOT NULL,                     -- after those of the model
    priority  integer     NOT NULL,
    events    text[]      NOT NULL CHECK (cardinality(events) > 0), -- as they were given: all is each of the five
    heard     text[]      GENERATED ALWAYS AS (CASE WHEN 'all' = ANY (events) THEN '{creating,assigning,updating,completing,canceling}'
                                               ELSE events END) STORED,
    changed   timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION global_listener_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    r global_listeners := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    PERFORM audit_note(jsonb_build_object('operation', CASE TG_OP WHEN 'INSERT' THEN 'CREATE' ELSE TG_OP END, 'entity_type', 'GLOBAL_LISTENER',
        'entity', r.id, 'description', r.type || ': ' || array_to_string(r.events, ', ')));
    RETURN NULL;
END $$;
CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON global_listeners FOR EACH ROW EXECUTE FUNCTION global_listener_changed();
-- Shards look at the version of the shares.
CREATE TRIGGER seen AFTER INSERT OR UPDATE OR DELETE ON global_listeners FOR EACH STATEMENT EXECUTE FUNCTION separation_seen();

-- A job of such a listener has a number of its own (JOB_GLOBAL_LISTENER and the place of its event).
CREATE OR REPLACE FUNCTION jobs_pending(pending json) RETURNS SETOF jobs_found LANGUAGE sql STABLE ROWS 10 AS $$
    SELECT r.shard, r.key, r.instance, r.element_instance, coalesce(p.id, '#' || r.element), r.definition, d.id, d.version, r.type, d.tenant,
           r.kind, coalesce((ARRAY['creating', 'assigning', 'updating', 'completing', 'canceling'])[r.listener - 65536], p.listeners[nullif(r.listener, 0)]),
           r.state, r.priority, r.retries, r.attempt, NULL::timestamptz,
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
