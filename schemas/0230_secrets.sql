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

-- Which keys a node has, the one that wraps first: what one wraps, all that run must be able to read.
CREATE TABLE vault_nodes (
    node text   PRIMARY KEY,                            -- its name, as pg_stat_activity has it
    keys text[] NOT NULL,
    seen timestamptz NOT NULL DEFAULT now()             -- when it began
);

CREATE FUNCTION vault_node_runs(name text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = current_database() AND a.application_name = left(name, 63))
$$;

-- Who made, changed and removed one is in the audit log; what it is, is not.
CREATE FUNCTION audit_secret() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    name text := CASE WHEN TG_OP = 'DELETE' THEN OLD.name ELSE NEW.name END;
    of_tenant text := CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant ELSE NEW.tenant END;
BEGIN
    PERFORM audit_note(jsonb_build_object('operation', CASE TG_OP WHEN 'INSERT' THEN 'CREATE' ELSE TG_OP END, 'entity_type', 'SECRET',
                       'entity', name, 'tenant', of_tenant, 'description', CASE WHEN TG_OP = 'UPDATE' THEN concat_ws(', ',
                           CASE WHEN NEW.sealed <> OLD.sealed THEN 'value' END, CASE WHEN NEW.hosts <> OLD.hosts THEN 'hosts' END,
                           CASE WHEN NEW.processes <> OLD.processes THEN 'processes' END) END));
    RETURN NULL;
END $$;
CREATE TRIGGER audited AFTER INSERT OR DELETE ON secrets FOR EACH ROW EXECUTE FUNCTION audit_secret();
CREATE TRIGGER audited_change AFTER UPDATE ON secrets FOR EACH ROW
    WHEN ((OLD.sealed, OLD.hosts, OLD.processes) IS DISTINCT FROM (NEW.sealed, NEW.hosts, NEW.processes)) EXECUTE FUNCTION audit_secret();
