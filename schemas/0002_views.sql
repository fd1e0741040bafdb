-- SPDX-License-Identifier: Apache-2.0
-- For people with psql: instances, what each waits for and why, history one event a line.

CREATE VIEW readable_instances AS
SELECT i.key, i.process_id, i.version, (ARRAY['active', 'completed', 'terminated', 'suspended'])[i.state] AS state,
       i.business_id, i.started, i.ended, coalesce(i.ended, now()) - i.started AS took, i.incidents,
       (SELECT string_agg(e.element_id, ', ' ORDER BY e.key) FROM elements e WHERE e.instance = i.key) AS stands_at, i.variables
FROM instances i;

CREATE VIEW readable_waits AS
SELECT e.instance, i.process_id, e.element_id, e.type, e.waits_for, now() - e.started AS since,
       (SELECT string_agg(n.kind || coalesce(': ' || n.message, ''), '; ') FROM incidents n
        WHERE n.instance = e.instance AND n.element_instance = e.key AND n.state = 1) AS incident
FROM elements e JOIN instances i ON i.shard = e.shard AND i.key = e.instance;

CREATE TYPE wire_field AS (number integer, value numeric, bytes bytea);

-- The fields of one protobuf message: varints in value, length-delimited ones in bytes.
CREATE FUNCTION wire_fields(message bytea) RETURNS SETOF wire_field LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    at    integer := 0;
    size  integer := length(message);
    part  numeric;
    scale numeric;
    octet integer;
    tag   integer;
    field wire_field;
BEGIN
    WHILE at < size LOOP
        FOR round IN 1..2 LOOP -- first the tag, then the value or length
            part := 0;
            scale := 1;
            LOOP
                octet := get_byte(message, at);
                at := at + 1;
                part := part + (octet & 127) * scale;
                scale := scale * 128;
                EXIT WHEN octet < 128;
            END LOOP;
            IF round = 1 THEN
                tag := part;
            END IF;
        END LOOP;
        field := (tag >> 3, NULL, NULL);
        IF tag & 7 NOT IN (0, 2) THEN
            RAISE EXCEPTION 'unknown wire type % at byte %', tag & 7, at;
        ELSIF tag & 7 = 2 THEN
            field.bytes := substr(message, at + 1, part::integer);
            at := at + part::integer;
        ELSE
            field.value := CASE WHEN part >= 9223372036854775808 THEN part - 18446744073709551616 ELSE part END;
        END IF;
        RETURN NEXT field;
    END LOOP;
END $$;

-- The events of a history row (baton.v1.EventBatch), in order; the columns are those of common/record/event.h.
CREATE FUNCTION history_events(batch bytea)
RETURNS TABLE ("position" bigint, type numeric, key numeric, scope numeric, parent numeric, definition numeric, element numeric,
               flow numeric, number numeric, due_ms numeric, name text, code text, value text) LANGUAGE sql IMMUTABLE AS $$
    SELECT b.position, max(f.value) FILTER (WHERE f.number = 1), max(f.value) FILTER (WHERE f.number = 3),
           max(f.value) FILTER (WHERE f.number = 4), max(f.value) FILTER (WHERE f.number = 5),
           max(f.value) FILTER (WHERE f.number = 6), max(f.value) FILTER (WHERE f.number = 7),
           max(f.value) FILTER (WHERE f.number = 8), max(f.value) FILTER (WHERE f.number = 9),
           max(f.value) FILTER (WHERE f.number = 10), max(convert_from(f.bytes, 'UTF8')) FILTER (WHERE f.number = 11),
           max(convert_from(f.bytes, 'UTF8')) FILTER (WHERE f.number = 12), max(convert_from(f.bytes, 'UTF8')) FILTER (WHERE f.number = 13)
    FROM wire_fields(batch) WITH ORDINALITY AS b (number, value, bytes, position), wire_fields(b.bytes) f
    GROUP BY b.position ORDER BY b.position
$$;

-- One row an event. Filter by stream (an instance's key): unpacking all of history takes long.
CREATE VIEW readable_history AS
SELECT h.shard, (ARRAY['shard', 'instance', 'mailbox'])[h.kind + 1] AS kind, h.stream, h.sequence, e.position, h.time,
       coalesce(c.name, h.cause::text) AS command, coalesce(t.name, e.type::text) AS event, e.key, e.scope, e.element, e.number,
       e.name, e.code, e.value, h.principal
FROM history h
CROSS JOIN LATERAL history_events(h.events) e
LEFT JOIN event_types t ON t.number = e.type
LEFT JOIN command_types c ON c.number = h.cause;

-- What people search is cast to text and jsonb, which have no U+0000; variables may: it becomes U+FFFD there.
CREATE FUNCTION json_without_nul(value json) RETURNS json LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN strpos(value::text, '\u0000') = 0 THEN value
                ELSE regexp_replace(value::text, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')::json END
$$;

-- Null where jsonb cannot hold it (a number of a million digits): one row never breaks a search. A function less for most is five times
-- as fast.
CREATE FUNCTION json_searchable(value json) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF strpos(value::text, '\u0000') = 0 THEN
        RETURN value::jsonb;
    END IF;
    RETURN json_without_nul(value)::jsonb;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;
