-- SPDX-License-Identifier: Apache-2.0
-- Row-level security beneath the conditions on tenants that every read has. Whoever is no superuser sees, and changes, rows of the tenants that the
-- setting baton.tenants names: an array of ids ('' is the default tenant), or * for all. Unset, nothing. Nodes and the command line set it; the API sets
-- it for each statement to the caller's tenants. `migrate roles` (or baton_grant below) gives the engine and the API roles of their own that own nothing.

CREATE FUNCTION baton_sees_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('baton.tenants', true), '') = '*'
$$;

-- Who has SQL on a tenant's data (tenant_grant_sql): sees it whatever the session sets.
CREATE TABLE tenant_readers (
    role   name NOT NULL,
    tenant text NOT NULL,
    PRIMARY KEY (role, tenant)
);

CREATE FUNCTION baton_tenants() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT CASE WHEN coalesce(current_setting('baton.tenants', true), '') IN ('', '*') THEN '{}'
                ELSE current_setting('baton.tenants', true)::text[] END
           || ARRAY(SELECT r.tenant FROM tenant_readers r WHERE r.role = session_user)
$$;

-- What tells whose a row is. A table that has the column tenant and no row here gets one by itself (row_security_apply).
CREATE TABLE row_security (
    name       text    PRIMARY KEY,                     -- of the table
    condition  text    NOT NULL,                        -- for who does not see all
    with_check text,                                    -- what such a one may write; null: what they see
    applied    boolean NOT NULL DEFAULT false
);
INSERT INTO row_security (name, condition, with_check) VALUES
    ('cluster_variables', 'is_global OR tenant = ANY ((SELECT baton_tenants())::text[])', NULL),
    ('audit_entries', 'tenant IS NULL OR tenant = ANY ((SELECT baton_tenants())::text[])', 'true'),      -- an entry is whosever
    ('elements', 'EXISTS (SELECT FROM instances i WHERE i.shard = elements.shard AND i.key = elements.instance)', NULL),
    ('timers', 'EXISTS (SELECT FROM instances i WHERE i.shard = timers.shard AND i.key = timers.instance)', NULL),
    ('correlations', 'EXISTS (SELECT FROM instances i WHERE i.shard = correlations.shard AND i.key = correlations.instance)', NULL),
    ('history', 'kind = 1 AND EXISTS (SELECT FROM instances i WHERE i.shard = history.shard AND i.key = history.stream)', NULL),
    ('batch_operations', 'tenant = ANY ((SELECT baton_tenants())::text[])', 'true'),                       -- of who asks, for what they may see
    ('batch_items', 'EXISTS (SELECT FROM batch_operations b WHERE b.key = batch_items.batch)', 'true'),    -- made by one statement with its batch
    ('resources', 'EXISTS (SELECT FROM definitions d WHERE d.digest = resources.digest)', 'true'),         -- there before its definition is
    ('process_elements', 'EXISTS (SELECT FROM definitions d WHERE d.digest = process_elements.digest)', 'true'),
    ('job_groups', 'EXISTS (SELECT FROM shards s JOIN jobs j ON j.shard = s.shard AND j.type = job_groups.type AND j.due IS NULL AND j.state IN (1, 2))', NULL),
    ('mailbox_entries', 'EXISTS (SELECT FROM mailboxes m WHERE m.shard = mailbox_entries.shard AND m.key = mailbox_entries.mailbox)', NULL),
    ('outbox', 'false', NULL);

-- Roles of the engine (baton_grant). It works for all tenants: what would be asked of each row of its is settled when a statement is planned.
CREATE TABLE engine_roles (
    role name PRIMARY KEY
);

CREATE PROCEDURE engine_policies() LANGUAGE plpgsql AS $$
DECLARE
    roles text := (SELECT string_agg(quote_ident(role), ', ') FROM engine_roles WHERE role IN (SELECT rolname FROM pg_roles));
    t record;
BEGIN
    FOR t IN SELECT name FROM row_security WHERE applied ORDER BY name LOOP
        EXECUTE format('DROP POLICY IF EXISTS engine ON %I', t.name);
        IF roles IS NOT NULL THEN
            EXECUTE format('CREATE POLICY engine ON %I TO %s USING (true) WITH CHECK (true)', t.name, roles);
        END IF;
    END LOOP;
END $$;

-- Brings the catalogue up to what row_security says; called at the end of each migration.
CREATE PROCEDURE row_security_apply() LANGUAGE plpgsql AS $$
DECLARE
    t row_security;
    v name;
    f regprocedure;
BEGIN
    INSERT INTO row_security (name, condition)
    SELECT c.relname, 'tenant = ANY ((SELECT baton_tenants())::text[])'
    FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'tenant_readers'
      AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped)
    ON CONFLICT DO NOTHING;
    FOR t IN SELECT * FROM row_security WHERE NOT applied ORDER BY name LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t.name);
        EXECUTE format('DROP POLICY IF EXISTS tenants ON %I', t.name);
        EXECUTE format('CREATE POLICY tenants ON %I USING ((SELECT baton_sees_all()) OR %s)', t.name, t.condition)
            || coalesce(' WITH CHECK (' || t.with_check || ')', '');
    END LOOP;
    UPDATE row_security SET applied = true WHERE NOT applied;
    CALL engine_policies();
    FOR v IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'v'
             AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false) LOOP
        EXECUTE format('ALTER VIEW %I SET (security_invoker = true)', v);
    END LOOP;
    -- What runs as the owner finds our tables, not temporary ones of the same name that its caller made.
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.prosecdef
             AND NOT coalesce(array_to_string(p.proconfig, ';') LIKE '%search_path=%pg_temp', false) LOOP
        EXECUTE format('ALTER ROUTINE %s SET search_path = %I, pg_temp', f, current_schema());
    END LOOP;
END $$;

-- What ends rows of the step, and what makes and drops partitions, which only who owns the table can: it runs as the owner, within what the session sees.
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.proname IN
        ('history_extend', 'history_drop', 'instances_drop', 'instance_delete', 'evaluation_delete', 'batch_delete', 'purge_installation', 'why_retire') LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path FROM CURRENT', f);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    END LOOP;
END $$;

-- Gives two roles what the engine (nodes with the roles engine, ingress and insight, and the command line) and the API need, and no more. Partitions of
-- history are reached by their parent alone.
CREATE PROCEDURE baton_grant(engine_role name, api_role name) LANGUAGE plpgsql AS $$
DECLARE
    t record;
    steps text[] := '{shards,shard_owners,shard_places,instances,elements,jobs,timers,subscriptions,remembered,mailboxes,mailbox_entries,messages,missed_messages,job_groups,'
                    'user_tasks,incidents,history,history_batches,outbox,correlations,tenant_usage,projections,element_instances,job_records,variables,insight_cells,'
                    'audit_steps,audit_entries,audit_chains,access_history,personal_keys,personal_erasures,personal_index,schema_migrations,row_security,engine_roles,tenant_readers,event_types,command_types,vault_keys,vault_nodes}';
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, %I', current_schema(), engine_role, api_role);
    FOR t IN SELECT c.relname, c.relkind FROM pg_class c
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition LOOP
        IF t.relkind = 'v' THEN
            EXECUTE format('GRANT SELECT ON %I TO %I, %I', t.relname, engine_role, api_role);
            CONTINUE;
        END IF;
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO %I', t.relname, engine_role);
        CONTINUE WHEN t.relname = 'outbox';
        EXECUTE format('GRANT SELECT ON %I TO %I', t.relname, api_role);
        IF NOT t.relname = ANY (steps) THEN
            EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO %I', t.relname, api_role);
        END IF;
    END LOOP;
    FOR t IN SELECT p.oid::regprocedure AS f FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.prosecdef LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I, %I', t.f, engine_role, api_role);
    END LOOP;
    INSERT INTO engine_roles VALUES (engine_role) ON CONFLICT DO NOTHING;
    CALL engine_policies();
END $$;
REVOKE EXECUTE ON PROCEDURE baton_grant(name, name) FROM PUBLIC;

-- SQL on one tenant's data for somebody else's tools: a schema of views that hold nothing but that tenant's rows, whatever the session sets.
CREATE FUNCTION tenant_schema(tenant text) RETURNS name LANGUAGE sql IMMUTABLE AS $$
    SELECT ('tenant_' || CASE WHEN tenant = '' THEN 'default' ELSE tenant END)::name
$$;

CREATE PROCEDURE tenant_grant_sql(of_tenant text, to_role name) LANGUAGE plpgsql AS $$
DECLARE
    home text := current_schema();
    there name := tenant_schema(of_tenant);
    body text;
    t record;
BEGIN
    IF octet_length(of_tenant) > 56 THEN
        RAISE EXCEPTION 'the tenant''s id has more than 56 bytes: no schema can be named after it' USING ERRCODE = 'name_too_long';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = to_role) THEN
        RAISE EXCEPTION 'there is no role % in this database server', to_role USING ERRCODE = 'undefined_object';
    END IF;
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', there);
    FOR t IN SELECT * FROM (VALUES
        ('instances', 'tenant = %1$L'), ('definitions', 'tenant = %1$L'), ('user_tasks', 'tenant = %1$L'), ('jobs', 'tenant = %1$L'),
        ('incidents', 'tenant = %1$L'), ('element_instances', 'tenant = %1$L'), ('job_records', 'tenant = %1$L'), ('variables', 'tenant = %1$L'),
        ('decision_evaluations', 'tenant = %1$L'),
        ('readable_instances', 'key IN (SELECT i.key FROM %2$I.instances i WHERE i.tenant = %1$L)'),
        ('readable_elements', 'instance IN (SELECT i.key FROM %2$I.instances i WHERE i.tenant = %1$L)'),
        ('readable_waits', 'instance IN (SELECT i.key FROM %2$I.instances i WHERE i.tenant = %1$L)'),
        ('readable_history', 'kind = ''instance'' AND stream IN (SELECT i.key FROM %2$I.instances i WHERE i.tenant = %1$L)'))
        AS v (name, condition) LOOP
        -- A view of ours reads as whoever asks: what it says is written out, so that the new one reads as its owner.
        SELECT CASE c.relkind WHEN 'v' THEN '(' || rtrim(pg_get_viewdef(c.oid), ';') || ')' ELSE format('%I.%I', home, t.name) END INTO STRICT body
        FROM pg_class c WHERE c.oid = format('%I.%I', home, t.name)::regclass;
        EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_barrier) AS SELECT * FROM %s AS x WHERE ', there, t.name, body)
            || format(t.condition, of_tenant, home);
        EXECUTE format('GRANT SELECT ON %I.%I TO %I', there, t.name, to_role);
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', there, to_role);
    INSERT INTO tenant_readers (role, tenant) VALUES (to_role, of_tenant) ON CONFLICT DO NOTHING;
END $$;

CREATE PROCEDURE tenant_revoke_sql(of_tenant text, of_role name) LANGUAGE plpgsql AS $$
DECLARE
    there name := tenant_schema(of_tenant);
BEGIN
    IF to_regnamespace(quote_ident(there)) IS NOT NULL THEN
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', there, of_role);
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', there, of_role);
    END IF;
    DELETE FROM tenant_readers WHERE role = of_role AND tenant = of_tenant;
END $$;
REVOKE EXECUTE ON PROCEDURE tenant_grant_sql(text, name), tenant_revoke_sql(text, name) FROM PUBLIC;
