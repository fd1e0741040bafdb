-- SPDX-License-Identifier: Apache-2.0
-- Separation of duties by policy: who did one of these user tasks of an instance does not do another. Of a tenant, a process, who has a role; * is each.

CREATE TABLE separations (
    name       text        PRIMARY KEY,
    of_tenant  text        NOT NULL,                    -- as it is stored: '' is the default tenant
    process_id text        NOT NULL,
    role       text        NOT NULL,
    elements   text[]      NOT NULL CHECK (cardinality(elements) > 1),
    changed    timestamptz NOT NULL DEFAULT now(),
    changed_by text        NOT NULL DEFAULT ''
);

-- What it takes in a shard's memory and image: its JSON.
CREATE FUNCTION separation_bytes(name text, of_tenant text, process_id text, role text, elements text[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT octet_length(json_build_array(name, of_tenant, process_id, role, elements)::text) + 1
$$;

-- One at a time: whoever waited sees what the other one set. Null: all together would take more than `most` bytes.
CREATE FUNCTION separation_set(new_name text, new_tenant text, new_process text, new_role text, new_elements text[], actor text, most bigint)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE share_version SET version = version + 1;
    IF (SELECT coalesce(sum(separation_bytes(s.name, s.of_tenant, s.process_id, s.role, s.elements)), 0) FROM separations s WHERE s.name <> new_name)
       + separation_bytes(new_name, new_tenant, new_process, new_role, new_elements) > most THEN
        RETURN NULL;
    END IF;
    INSERT INTO separations (name, of_tenant, process_id, role, elements, changed_by) VALUES (new_name, new_tenant, new_process, new_role, new_elements, actor)
    ON CONFLICT (name) DO UPDATE SET of_tenant = excluded.of_tenant, process_id = excluded.process_id, role = excluded.role,
        elements = excluded.elements, changed = now(), changed_by = excluded.changed_by;
    RETURN new_name;
END $$;

CREATE FUNCTION separation_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM audit_note(jsonb_build_object('operation', CASE TG_OP WHEN 'INSERT' THEN 'CREATE' ELSE TG_OP END, 'entity_type', 'SEPARATION',
        'entity', CASE WHEN TG_OP = 'DELETE' THEN OLD.name ELSE NEW.name END, 'description', CASE WHEN TG_OP <> 'DELETE' THEN
        'tenant ' || NEW.of_tenant || ', process ' || NEW.process_id || ', role ' || NEW.role || ': ' || array_to_string(NEW.elements, ', ') END));
    RETURN NULL;
END $$;
CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON separations FOR EACH ROW EXECUTE FUNCTION separation_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON separations FOR EACH STATEMENT EXECUTE FUNCTION access_changed();

-- Shards look at the version of the shares: what is set is brought to them with the same look.
CREATE FUNCTION separation_seen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE share_version SET version = version + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER seen AFTER INSERT OR UPDATE OR DELETE ON separations FOR EACH STATEMENT EXECUTE FUNCTION separation_seen();
