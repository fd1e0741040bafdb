-- SPDX-License-Identifier: Apache-2.0
-- Secrets of models. A value is sealed under a data key of its own, which a key of the vault wraps (orchestrator/vault); both are bound to tenant
-- and name. Nothing here can be read without the vault's keys, which are not in this database.

CREATE TABLE secrets (
    tenant    text        NOT NULL,
    name      text        NOT NULL,
    wrapped   bytea       NOT NULL,                     -- the data key
    sealed    bytea       NOT NULL,                     -- the value
    vault_key text        NOT NULL,                     -- the id of the key that wrapped the data key
    hosts     text[]      NOT NULL,                     -- where a connector may send it: host or host:port; empty: wherever it may call
    processes text[]      NOT NULL,                     -- ids of the processes whose jobs may have it; empty: all of the tenant
    note      text,
    created   timestamptz NOT NULL DEFAULT now(),
    changed   timestamptz NOT NULL DEFAULT now(),       -- the value, the last time
    changed_by text       NOT NULL,
    used      timestamptz,                              -- the last time, to the minute
    PRIMARY KEY (tenant, name)
);

-- What is known of each key that has ever wrapped something, so that another key of the same id is found out before it is used.
CREATE TABLE vault_keys (
    id      text        PRIMARY KEY,
    proof   text        NOT NULL,                       -- HMAC-SHA-256 by the key of a fixed text
    created timestamptz NOT NULL DEFAULT now()
);
