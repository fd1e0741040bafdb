-- SPDX-License-Identifier: Apache-2.0
-- What commands did, to be searched beside the entries of audit_entries: made from history by the projector (history/audit.h). History is
-- what counts; these rows can be made anew.

CREATE TABLE audit_steps (
    shard            integer     NOT NULL,
    key              bigint      NOT NULL,              -- of shard, batch, place in the batch: of history
    time             timestamptz NOT NULL,
    operation        text        NOT NULL,
    category         text        NOT NULL,
    result           text        NOT NULL,
    actor            text        NOT NULL,
    actor_type       text        NOT NULL,
    origin           text,                              -- address, request
    entity_type      text        NOT NULL,
    entity           text,
    tenant           text,                              -- null: not known any more
    process_id       text,
    definition       bigint,
    instance         bigint,
    element_instance bigint,
    job              bigint,
    user_task        bigint,
    decision         bigint,                            -- definition
    decision_id      text,
    evaluation       bigint,
    deployment       bigint,
    resource         bigint,                            -- definition that was deployed
    resource_kind    text,
    batch            bigint,                            -- item of a batch operation
    description      text,
    PRIMARY KEY (shard, key)
);
CREATE INDEX audit_steps_time ON audit_steps (time);
CREATE INDEX audit_steps_instance ON audit_steps (instance) WHERE instance IS NOT NULL;
CREATE INDEX audit_steps_user_task ON audit_steps (user_task) WHERE user_task IS NOT NULL;

-- Principals that are no users, by the way they came: the others are.
CREATE TABLE audit_actors (
    id   text PRIMARY KEY,
    kind text NOT NULL DEFAULT 'CLIENT'
);
INSERT INTO audit_actors (id) VALUES ('api.key'), ('ingress');

CREATE FUNCTION audit_actor_type(actor text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT kind FROM audit_actors a WHERE a.id = actor), 'USER')
$$;

-- Both, with the same columns.
CREATE VIEW audit_found AS
SELECT key, time, operation, category, result, actor_type, actor, split_part(origin, ' ', 1) AS address, split_part(origin, ' ', 2) AS request,
       entity_type, entity, NULL::text AS related_type, NULL::text AS related, tenant, process_id, definition, instance, element_instance, job,
       user_task, decision, decision_id, evaluation, deployment, resource, resource_kind, batch, NULL::text AS permission, description,
       1 AS times
FROM audit_steps
UNION ALL
SELECT key, time, operation, category, result, actor_type, actor, address, request, entity_type, entity, related_type, related, tenant,
       process_id, NULL, instance, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, batch, permission, description, times
FROM audit_entries;
