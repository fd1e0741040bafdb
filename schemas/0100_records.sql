-- SPDX-License-Identifier: Apache-2.0
-- What is over stays findable: flat records of element instances, jobs and variables, made from history by a projector that reads
-- whole batches, some time after they were committed. Nothing that executes reads or waits for them. Where records lag, `projections`
-- tells how far they have come; what runs now is in elements, jobs and instances.

-- How far a shard's records have come. Locked while a batch is projected, and while an instance is deleted.
CREATE TABLE projections (
    shard   integer     PRIMARY KEY,
    batch   bigint      NOT NULL DEFAULT 0,             -- of history, the last one in the records
    counted bigint      NOT NULL DEFAULT 0,             -- the last one in insight's counters: never behind; stays where batch is set back
    time    timestamptz,                                -- of that batch
    updated timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 20);

-- The elements of every deployed process, by their place in the compiled one: element n of history is number n here.
CREATE TABLE process_elements (
    digest     bytea   NOT NULL,                        -- of the file
    process_id text    NOT NULL,
    element    integer NOT NULL,                        -- 1: the process itself
    id         text    NOT NULL,
    name       text    NOT NULL,
    type       text    NOT NULL,                        -- BPMN's name: serviceTask
    listeners  text[]  NOT NULL,                        -- their events, in order
    form       text,                                    -- of a start of the process: the id of its form
    form_binding smallint,                              -- to the latest, 1 the deployment's, 2 the version tag
    form_version text,
    PRIMARY KEY (digest, process_id, element)
);
CREATE INDEX process_elements_id ON process_elements (digest, process_id, id);

-- The form that starts a process, where it has one.
CREATE VIEW start_forms AS
SELECT DISTINCT ON (d.key) d.key AS definition, f.key, f.id, f.version, f.digest, f.tenant
FROM definitions d
JOIN process_elements p ON p.digest = d.digest AND p.process_id = d.id AND p.form IS NOT NULL
JOIN definitions f ON f.kind = 2 AND f.id = p.form AND f.tenant = d.tenant AND f.deleted IS NULL
                  AND (p.form_binding <> 1 OR f.deployed <= d.deployed) AND (p.form_binding <> 2 OR f.version_tag = p.form_version)
WHERE d.kind = 0
ORDER BY d.key, f.version DESC;

-- Element instances, from their first event on. The root of a process instance has the instance's key.
CREATE TABLE element_instances (
    shard        integer     NOT NULL,
    key          bigint      NOT NULL,
    instance     bigint      NOT NULL,
    scope        bigint,
    definition   bigint      NOT NULL,
    element      integer     NOT NULL,                  -- in process_elements
    is_body      boolean     NOT NULL,                  -- of a multi-instance or loop: its rounds are in it
    process_id   text        NOT NULL,
    version      integer     NOT NULL,
    tenant       text        NOT NULL,
    element_id   text        NOT NULL,
    element_name text        NOT NULL,                  -- its id when it has none
    type         text        NOT NULL,                  -- BPMN's name; multiInstanceBody
    state        smallint    NOT NULL,                  -- 1 active, 2 completed, 3 terminated
    started      timestamptz NOT NULL,
    ended        timestamptz,
    offered      timestamptz,                           -- its work, the last time: to workers or people
    claimed      timestamptz,                           -- taken by the worker, or assigned to the person, that has it or did it
    outcome      text,                                  -- of an end that is not the usual one: "error E1", why it was terminated
    actor        text,                                  -- who did it: worker, person; of the process: who started it
    attempts     integer     NOT NULL,                  -- of its own job
    incidents    integer     NOT NULL,                  -- that it had
    cost         text,                                  -- a decimal number
    breached     boolean     NOT NULL,                  -- its service level
    PRIMARY KEY (shard, instance, key)
) WITH (fillfactor = 85);
-- Keys of a shard come in the order of their rows: by key alone, a block of them is looked through.
CREATE INDEX element_instances_key ON element_instances USING brin (key int8_minmax_multi_ops) WITH (autosummarize = on);
-- Who passed an element, and when it was passed: in the order of searches.
CREATE INDEX element_instances_element ON element_instances (element_id, shard, instance);

-- Jobs, from their creation on.
CREATE TABLE job_records (
    shard            integer     NOT NULL,
    key              bigint      NOT NULL,
    instance         bigint      NOT NULL,
    element_instance bigint      NOT NULL,
    definition       bigint      NOT NULL,
    element          integer     NOT NULL,              -- in process_elements
    listener         integer     NOT NULL,              -- the how manieth of the element's; 0: none
    process_id       text        NOT NULL,
    version          integer     NOT NULL,
    tenant           text        NOT NULL,
    element_id       text        NOT NULL,
    type             text        NOT NULL,
    kind             smallint    NOT NULL,              -- as in jobs
    listener_event   text,
    state            smallint    NOT NULL,              -- 0 open: it is in jobs; 5 completed, 6 canceled, 7 ended by an error
    priority         integer     NOT NULL,
    retries          integer     NOT NULL,
    attempt          integer     NOT NULL,
    worker           text,
    error_code       text,
    error_message    text,
    created          timestamptz NOT NULL,
    ended            timestamptz,
    PRIMARY KEY (shard, instance, key)
) WITH (fillfactor = 85);
CREATE INDEX job_records_key ON job_records USING brin (key int8_minmax_multi_ops) WITH (autosummarize = on);

-- What values that are equal as JSON have in common, as far as an index needs it.
CREATE FUNCTION variable_start(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN value ~ '^(-?[1-9]\d{0,14}|0|true|false|null)$' THEN value
                WHEN left(value, 1) = '"' AND strpos(value, '\') = 0 THEN left(value, 60)
                WHEN left(value, 1) ~ '[-0-9]' THEN left(trim_scale(json_searchable(value::json)::numeric)::text, 60)
                ELSE left(json_searchable(value::json)::text, 60) END
$$;

-- Variables with their last values, by the scope they were set in; also of scopes that are over.
CREATE TABLE variables (
    shard    integer NOT NULL,
    instance bigint  NOT NULL,
    scope    bigint  NOT NULL,                          -- element instance, or process instance
    name     text    NOT NULL,
    key      bigint  NOT NULL,                          -- variable_key(scope, name)
    tenant   text    NOT NULL,
    value    text    NOT NULL,                          -- JSON
    start    text    NOT NULL,                          -- variable_start(value), for the index
    PRIMARY KEY (shard, instance, scope, name)
) WITH (fillfactor = 85);
-- Those of one name lie nearly in the order of their keys: a block has a short span a name.
CREATE INDEX variables_key ON variables USING brin (key int8_minmax_multi_ops (values_per_range = 64)) WITH (pages_per_range = 256, autosummarize = on);
CREATE INDEX variables_value ON variables (name, start, instance);

-- Whole batches of a shard in order: the projector, the event topic and auditors read history so.
DO $$
DECLARE
    part text;
BEGIN
    FOR part IN SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
                WHERE a.amname = 'brin' AND i.indrelid::regclass::text ~ '^history_\d' LOOP
        EXECUTE 'DROP INDEX ' || part;
    END LOOP;
END $$;
CREATE INDEX history_batch ON history (shard, batch);

CREATE OR REPLACE FUNCTION instance_delete(of_shard integer, instance_key bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM projections p WHERE p.shard = of_shard FOR UPDATE;
    DELETE FROM instances i WHERE i.shard = of_shard AND i.key = instance_key AND i.state IN (2, 3);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM user_tasks t WHERE t.shard = of_shard AND t.instance = instance_key;
    DELETE FROM incidents n WHERE n.shard = of_shard AND n.instance = instance_key;
    DELETE FROM decision_evaluations d WHERE d.shard = of_shard AND d.instance = instance_key;
    DELETE FROM element_instances e WHERE e.shard = of_shard AND e.instance = instance_key;
    DELETE FROM job_records j WHERE j.shard = of_shard AND j.instance = instance_key;
    DELETE FROM variables v WHERE v.shard = of_shard AND v.instance = instance_key;
    RETURN true;
END $$;

-- For people: what every element of every instance did, and how long.
CREATE VIEW readable_elements AS
SELECT instance, process_id, version, element_id, element_name, type, (ARRAY['active', 'completed', 'terminated'])[state] AS state,
       started, offered, claimed, ended, ended - started AS took, outcome, actor, attempts, incidents, cost, breached
FROM element_instances;
