-- SPDX-License-Identifier: Apache-2.0
-- Cluster variables: what every expression can read as camunda.vars. The engine has them in the state of each shard; these rows, of shard 0,
-- are for those who ask.

CREATE TABLE cluster_variables (
    shard     integer     NOT NULL,
    key       bigint      NOT NULL,
    name      text        NOT NULL,
    is_global boolean     NOT NULL,
    tenant    text        NOT NULL,                     -- unless it is global
    value     text        NOT NULL,                     -- JSON
    changed   timestamptz NOT NULL,
    PRIMARY KEY (shard, key)
);
