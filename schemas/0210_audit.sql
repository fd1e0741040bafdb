-- SPDX-License-Identifier: Apache-2.0
-- The audit log. What a command did is said by its row of history, with who asked; everything else that somebody did or was refused
-- (logins, refusals, administration) is an entry here, in a chain of digests a node. Changes of the tables of administration write their
-- entries themselves, in the same transaction, whoever makes them and by whichever way in.

-- A chain: where it ends, and where it begins since retention took what was before.
CREATE TABLE audit_chains (
    id     integer     PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name   text        NOT NULL UNIQUE,                 -- of the node; 'postgres': changes that no node made
    number bigint      NOT NULL DEFAULT 0,              -- of the last entry
    digest bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex'), -- of the last entry
    first  bigint      NOT NULL DEFAULT 1,              -- number of the first entry that is kept
    base   bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex'), -- digest of the entry before it
    streamed bigint    NOT NULL DEFAULT 0               -- number of the last entry that was streamed
);

-- digest = sha256(digest before ‖ the texts of all other columns but key, each with its length): orchestrator/store/read/audit_chain.h.
CREATE TABLE audit_entries (
    key          bigint      PRIMARY KEY,               -- chain and number: below every key of history's entries
    chain        integer     NOT NULL,
    number       bigint      NOT NULL,                  -- 1, 2, 3, … in the chain
    time         timestamptz NOT NULL,
    operation    text        NOT NULL,                  -- CREATE, …, LOGIN, LOGOUT, REFUSE, READ, OMIT
    category     text        NOT NULL,                  -- ADMIN, DEPLOYED_RESOURCES, USER_TASKS
    result       text        NOT NULL,                  -- SUCCESS, FAIL
    actor_type   text        NOT NULL,                  -- USER, CLIENT, ANONYMOUS, UNKNOWN
    actor        text,
    address      text,                                  -- of the peer
    request      text,                                  -- its id
    entity_type  text        NOT NULL,                  -- USER, GROUP, …
    entity       text,
    related_type text,
    related      text,
    tenant       text,                                  -- null: no tenant's
    process_id   text,
    instance     bigint,
    batch        bigint,                                -- batch operation
    permission   text,                                  -- that was missing
    description  text,
    times        integer     NOT NULL DEFAULT 1,        -- how often, where the same came again and again
    digest       bytea       NOT NULL
);
CREATE INDEX audit_entries_time ON audit_entries (time);

-- The texts of a row as they are digested.
CREATE FUNCTION audit_bytes(texts text[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT convert_to(string_agg(CASE WHEN t IS NULL THEN '-' ELSE octet_length(t) || ':' || t END, '' ORDER BY n), 'UTF8')
    FROM unnest(texts) WITH ORDINALITY AS u (t, n)
$$;

-- The entry that comes after a chain's last one: its members by the names of the columns.
CREATE FUNCTION audit_next(c audit_chains, entry jsonb) RETURNS audit_entries LANGUAGE plpgsql AS $$
DECLARE
    e audit_entries := jsonb_populate_record(NULL::audit_entries, entry);
BEGIN
    e.chain := c.id;
    e.number := c.number + 1;
    e.key := (e.chain::bigint << 33) | e.number;
    e.time := coalesce(e.time, to_timestamp((entry->>'time_ms')::numeric / 1000), clock_timestamp());
    e.category := coalesce(e.category, 'ADMIN');
    e.result := coalesce(e.result, 'SUCCESS');
    e.actor_type := coalesce(e.actor_type, 'UNKNOWN');
    e.times := coalesce(e.times, 1);
    e.digest := sha256(c.digest || audit_bytes(ARRAY[e.chain::text, e.number::text, (extract(epoch FROM e.time) * 1000000)::bigint::text,
        e.operation, e.category, e.result, e.actor_type, e.actor, e.address, e.request, e.entity_type, e.entity, e.related_type, e.related,
        e.tenant, e.process_id, e.instance::text, e.batch::text, e.permission, e.description, e.times::text]));
    RETURN e;
END $$;

-- Adds entries to a chain, in order, and returns how many. The chain's row is locked until the transaction ends, and written once: each
-- version of it is looked through by whoever comes after in the same transaction.
CREATE FUNCTION audit_add_all(to_chain text, entries jsonb) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    c audit_chains;
    e audit_entries;
    entry jsonb;
BEGIN
    SELECT * INTO c FROM audit_chains WHERE name = to_chain FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit_chains (name) VALUES (to_chain) ON CONFLICT DO NOTHING;
        SELECT * INTO c FROM audit_chains WHERE name = to_chain FOR UPDATE;
    END IF;
    FOR entry IN SELECT j.e FROM jsonb_array_elements(entries) WITH ORDINALITY AS j (e, n) ORDER BY n LOOP
        e := audit_next(c, entry);
        INSERT INTO audit_entries SELECT e.*;
        c.number := e.number;
        c.digest := e.digest;
    END LOOP;
    UPDATE audit_chains SET number = c.number, digest = c.digest WHERE id = c.id;
    RETURN jsonb_array_length(entries);
END $$;

CREATE FUNCTION audit_add(to_chain text, entry jsonb) RETURNS void LANGUAGE sql AS $$
    SELECT audit_add_all(to_chain, jsonb_build_array(entry))
$$;

-- First in a transaction: who makes its changes ({"chain", "actor_type", "actor", "address", "request"}).
CREATE FUNCTION audit_author(author jsonb) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('baton.author', author::text, true)
$$;

-- Changes lock their author's chain before the row that all of them change, at the end of their statement: no two wait for each other.
CREATE FUNCTION audit_lock() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    author jsonb := nullif(current_setting('baton.author', true), '')::jsonb;
BEGIN
    PERFORM FROM audit_chains WHERE name = coalesce(author->>'chain', 'postgres') FOR UPDATE;
END $$;

CREATE OR REPLACE FUNCTION access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM audit_lock();
    UPDATE access_version SET version = version + 1;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION sessions_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone WHERE ends > now()) THEN
        PERFORM audit_lock();
        UPDATE access_version SET version = version + 1;
    END IF;
    RETURN NULL;
END $$;

-- Adds what was done to things, by the author of the transaction; where none was named, by the database's role.
CREATE FUNCTION audit_note_all(entries jsonb[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    author jsonb := nullif(current_setting('baton.author', true), '')::jsonb;
BEGIN
    IF author IS NULL THEN
        author := jsonb_build_object('actor', session_user, 'address', host(inet_client_addr()),
                                     'request', nullif(current_setting('application_name'), ''));
    END IF;
    PERFORM audit_add_all(coalesce(author->>'chain', 'postgres'), (SELECT jsonb_agg(author - 'chain' || e ORDER BY n)
                                                                  FROM unnest(entries) WITH ORDINALITY AS u (e, n)));
END $$;

CREATE FUNCTION audit_note(entry jsonb) RETURNS void LANGUAGE sql AS $$
    SELECT audit_note_all(ARRAY[entry])
$$;

CREATE FUNCTION audit_has_author() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('baton.author', true), '') <> ''
$$;

CREATE FUNCTION audit_kind(kind integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT (ARRAY['USER', 'CLIENT', 'GROUP', 'ROLE', 'MAPPING_RULE', 'TENANT'])[kind]
$$;

-- What was done to a row of a table of administration.
CREATE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    r    jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
    did  text := (CASE TG_OP WHEN 'INSERT' THEN 'CREATE' WHEN 'DELETE' THEN 'DELETE' ELSE 'UPDATE' END);
    note jsonb;
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'users' THEN
        note := jsonb_build_object('entity_type', 'USER', 'entity', r->>'username');
        IF TG_OP = 'UPDATE' THEN
            note := note || jsonb_build_object('description', concat_ws(', ',
                CASE WHEN NEW.password IS DISTINCT FROM OLD.password THEN 'password' END,
                CASE WHEN NEW.totp IS DISTINCT FROM OLD.totp THEN CASE WHEN NEW.totp IS NULL THEN 'second factor removed' ELSE 'second factor' END END,
                CASE WHEN NEW.is_locked IS DISTINCT FROM OLD.is_locked THEN CASE WHEN NEW.is_locked THEN 'locked' ELSE 'unlocked' END END,
                CASE WHEN (NEW.name, NEW.email) IS DISTINCT FROM (OLD.name, OLD.email) THEN 'name or email' END));
        END IF;
    WHEN 'groups', 'roles', 'tenants' THEN
        note := jsonb_build_object('entity_type', upper(left(TG_TABLE_NAME, -1)), 'entity', r->>'id', 'description', r->>'name');
    WHEN 'mapping_rules' THEN
        note := jsonb_build_object('entity_type', 'MAPPING_RULE', 'entity', r->>'id',
                                   'description', (r->>'claim_name') || ' = ' || (r->>'claim_value'));
    WHEN 'api_keys' THEN
        did := CASE WHEN TG_OP = 'UPDATE' AND r->>'revoked' IS NOT NULL THEN 'DELETE' ELSE did END;
        note := jsonb_build_object('entity_type', 'CLIENT', 'entity', r->>'client', 'description', 'API key ' || (r->>'id'));
    WHEN 'sessions' THEN
        did := CASE TG_OP WHEN 'INSERT' THEN 'LOGIN' ELSE 'LOGOUT' END;
        note := jsonb_build_object('entity_type', 'USER', 'entity', r->>'username', 'description', 'session ' || (r->>'id') ||
                                   CASE WHEN r->>'provider' <> '' THEN ' of provider ' || (r->>'provider') ELSE '' END);
        IF NOT audit_has_author() OR TG_OP = 'INSERT' THEN
            note := note || jsonb_build_object('actor_type', 'USER', 'actor', r->>'username', 'address', nullif(r->>'address', ''));
        END IF;
    WHEN 'topic_subscriptions' THEN
        note := jsonb_build_object('entity_type', 'TOPIC_SUBSCRIPTION', 'entity', r->>'name', 'description', 'topic ' || (r->>'topic'),
                                   'category', 'DEPLOYED_RESOURCES');
    WHEN 'batch_operations' THEN
        did := CASE WHEN TG_OP = 'INSERT' THEN 'CREATE' WHEN NEW.state = 2 THEN 'SUSPEND' WHEN NEW.state = 1 THEN 'RESUME' ELSE 'CANCEL' END;
        note := jsonb_build_object('entity_type', 'BATCH', 'entity', r->>'key', 'batch', r->'key', 'tenant', r->>'tenant',
                                   'category', 'DEPLOYED_RESOURCES');
    WHEN 'decision_evaluations' THEN
        note := jsonb_build_object('entity_type', 'DECISION', 'entity', r->>'key', 'tenant', r->>'tenant', 'category', 'DEPLOYED_RESOURCES');
    END CASE;
    PERFORM audit_note(note || jsonb_build_object('operation', did));
    RETURN NULL;
END $$;

-- The same where one change is about many rows, such as all members of a group that goes: one look at the chain for all of them.
CREATE FUNCTION audit_rows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    did   text := (CASE TG_OP WHEN 'INSERT' THEN 'CREATE' WHEN 'DELETE' THEN 'DELETE' ELSE 'UPDATE' END);
    notes jsonb[];
BEGIN
    IF TG_TABLE_NAME = 'members' THEN
        notes := ARRAY(SELECT jsonb_build_object('operation', CASE did WHEN 'CREATE' THEN 'ASSIGN' ELSE 'UNASSIGN' END,
                       'entity_type', audit_kind((r->>'whole_kind')::integer), 'entity', r->>'whole',
                       'related_type', audit_kind((r->>'member_kind')::integer), 'related', r->>'member')
                       FROM (SELECT to_jsonb(c) FROM changed_rows c) AS j (r));
    ELSE
        notes := ARRAY(SELECT jsonb_build_object('operation', did, 'entity_type', 'AUTHORIZATION', 'entity', r->>'key',
                       'related_type', audit_kind((r->>'owner_kind')::integer), 'related', r->>'owner', 'description', (r->>'resource_type') || ' '
                       || coalesce(r->>'resource_id', r->>'resource_property') || ': '
                       || (SELECT string_agg(p, ', ') FROM jsonb_array_elements_text(r->'permissions') p))
                       FROM (SELECT to_jsonb(c) FROM changed_rows c) AS j (r));
    END IF;
    IF cardinality(notes) > 0 THEN
        PERFORM audit_note_all(notes);
    END IF;
    RETURN NULL;
END $$;

-- The same for rows with much in them.
CREATE FUNCTION audit_instance_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM audit_note(jsonb_build_object('operation', 'DELETE', 'entity_type', 'PROCESS_INSTANCE', 'entity', OLD.key::text,
                       'instance', OLD.key, 'tenant', OLD.tenant, 'process_id', OLD.process_id, 'description', OLD.process_id,
                       'category', 'DEPLOYED_RESOURCES'));
    RETURN NULL;
END $$;

CREATE FUNCTION audit_document() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    id text := CASE WHEN TG_OP = 'INSERT' THEN NEW.id ELSE OLD.id END;
    of_tenant text := CASE WHEN TG_OP = 'INSERT' THEN NEW.tenant ELSE OLD.tenant END;
BEGIN
    PERFORM audit_note(jsonb_build_object('operation', CASE TG_OP WHEN 'INSERT' THEN 'CREATE' ELSE 'DELETE' END, 'entity_type', 'DOCUMENT',
                       'entity', id, 'tenant', of_tenant, 'category', 'DEPLOYED_RESOURCES'));
    RETURN NULL;
END $$;

DO $$
DECLARE
    of_table text;
BEGIN
    FOREACH of_table IN ARRAY ARRAY['groups', 'roles', 'tenants', 'mapping_rules', 'topic_subscriptions'] LOOP
        EXECUTE format('CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION audit_row()', of_table);
    END LOOP;
    FOREACH of_table IN ARRAY ARRAY['members', 'authorizations'] LOOP
        EXECUTE format('CREATE TRIGGER audited AFTER INSERT ON %I REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION audit_rows()', of_table);
        EXECUTE format('CREATE TRIGGER audited_change AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION audit_rows()', of_table);
        EXECUTE format('CREATE TRIGGER audited_end AFTER DELETE ON %I REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION audit_rows()', of_table);
    END LOOP;
END $$;
CREATE TRIGGER audited AFTER INSERT OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION audit_row();
CREATE TRIGGER audited_change AFTER UPDATE ON users FOR EACH ROW
    WHEN ((OLD.password, OLD.totp, OLD.is_locked, OLD.name, OLD.email) IS DISTINCT FROM (NEW.password, NEW.totp, NEW.is_locked, NEW.name, NEW.email))
    EXECUTE FUNCTION audit_row();
CREATE TRIGGER audited AFTER INSERT OR DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION audit_row();
CREATE TRIGGER audited_change AFTER UPDATE ON api_keys FOR EACH ROW
    WHEN ((OLD.revoked, OLD.expires, OLD.digest, OLD.client) IS DISTINCT FROM (NEW.revoked, NEW.expires, NEW.digest, NEW.client))
    EXECUTE FUNCTION audit_row();
CREATE TRIGGER audited AFTER INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION audit_row();
CREATE TRIGGER audited_end AFTER DELETE ON sessions FOR EACH ROW WHEN (OLD.ends > now()) EXECUTE FUNCTION audit_row();
CREATE TRIGGER audited AFTER INSERT ON documents FOR EACH ROW EXECUTE FUNCTION audit_document();
CREATE TRIGGER audited AFTER INSERT ON batch_operations FOR EACH ROW EXECUTE FUNCTION audit_row();
CREATE TRIGGER audited_change AFTER UPDATE ON batch_operations FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state <> 4) EXECUTE FUNCTION audit_row();
-- What retention takes has no author, and is counted; what goes with its instance is not said again.
CREATE TRIGGER audited_end AFTER DELETE ON documents FOR EACH ROW WHEN (audit_has_author()) EXECUTE FUNCTION audit_document();
CREATE TRIGGER audited AFTER DELETE ON instances FOR EACH ROW WHEN (audit_has_author()) EXECUTE FUNCTION audit_instance_gone();
CREATE TRIGGER audited AFTER DELETE ON decision_evaluations FOR EACH ROW
    WHEN (audit_has_author() AND OLD.instance IS NULL) EXECUTE FUNCTION audit_row();

CREATE OR REPLACE FUNCTION instances_drop(before date, most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    count bigint;
BEGIN
    SELECT count(*) FILTER (WHERE instance_delete(old.shard, old.key)) INTO count
    FROM (SELECT i.shard, i.key FROM instances i WHERE i.state IN (2, 3) AND i.ended < before::timestamp AT TIME ZONE 'UTC' LIMIT most) old;
    IF count > 0 THEN
        PERFORM audit_note(jsonb_build_object('operation', 'DELETE', 'entity_type', 'PROCESS_INSTANCE', 'category', 'DEPLOYED_RESOURCES',
                           'description', count || ' instances that ended before ' || before || ': history.retention_days'));
    END IF;
    RETURN count;
END $$;
