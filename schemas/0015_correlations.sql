-- SPDX-License-Identifier: Apache-2.0
-- Messages that instances took, and those that began instances: written once, with the step that took them; they go with the instance.

CREATE TABLE correlations (
    shard            integer     NOT NULL,
    key              bigint      NOT NULL,              -- of the subscription, or of the start
    message          bigint      NOT NULL,
    instance         bigint      NOT NULL,
    element_instance bigint,                            -- null: it began the instance
    element_id       text        NOT NULL,
    name             text        NOT NULL,
    correlation_key  text        NOT NULL,
    correlated       timestamptz NOT NULL,
    PRIMARY KEY (shard, instance, key, message)
);
