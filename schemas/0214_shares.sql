-- SPDX-License-Identifier: Apache-2.0
-- Fair shares: how much a tenant, a user or a client may ask for, in the whole cluster (gateway/share.h). Nodes lease what their callers
-- take from one bucket a share, so that all nodes together give no more.

CREATE TABLE shares (
    owner_kind text        NOT NULL CHECK (owner_kind IN ('TENANT', 'USER', 'CLIENT')),
    owner      text        NOT NULL,                    -- a tenant as it is stored; '*': each that has no row of its own
    name       text        NOT NULL,                    -- gateway/shares.def
    amount     bigint      NOT NULL CHECK (amount >= 0),
    changed    timestamptz NOT NULL DEFAULT now(),
    changed_by text        NOT NULL DEFAULT '',
    PRIMARY KEY (owner_kind, owner, name)
);

-- Grows with every change: nodes look at it and read the shares anew.
CREATE TABLE share_version (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    version  bigint  NOT NULL
);
INSERT INTO share_version VALUES (true, 1);

CREATE FUNCTION share_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kind text := CASE WHEN TG_OP = 'DELETE' THEN OLD.owner_kind ELSE NEW.owner_kind END;
    whose text := CASE WHEN TG_OP = 'DELETE' THEN OLD.owner ELSE NEW.owner END;
    of_name text := CASE WHEN TG_OP = 'DELETE' THEN OLD.name ELSE NEW.name END;
BEGIN
    PERFORM audit_note(jsonb_build_object('operation', CASE WHEN TG_OP = 'DELETE' THEN 'DELETE' ELSE 'UPDATE' END, 'entity_type', 'SHARE',
        'entity', of_name, 'related_type', kind, 'related', whose, 'description', CASE WHEN TG_OP <> 'DELETE' THEN of_name || ' = ' || NEW.amount END));
    UPDATE share_version SET version = version + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON shares FOR EACH ROW EXECUTE FUNCTION share_changed();

-- The buckets. What is in them is not worth keeping: after a crash of PostgreSQL they are full.
CREATE UNLOGGED TABLE share_buckets (
    owner_kind text             NOT NULL,
    owner      text             NOT NULL,
    name       text             NOT NULL,
    tokens     double precision NOT NULL,
    filled     timestamptz      NOT NULL,
    PRIMARY KEY (owner_kind, owner, name)
);

-- Takes up to `wanted` from a bucket that gets `amount` a second and holds as much. Returns how many were given, and in how many
-- milliseconds there is another one.
CREATE FUNCTION share_lease(of_kind text, of_owner text, of_name text, amount bigint, wanted bigint, OUT given bigint, OUT next_ms bigint)
LANGUAGE plpgsql AS $$
DECLARE
    b share_buckets;
    t timestamptz;
BEGIN
    INSERT INTO share_buckets VALUES (of_kind, of_owner, of_name, amount, clock_timestamp()) ON CONFLICT DO NOTHING;
    SELECT * INTO b FROM share_buckets s WHERE s.owner_kind = of_kind AND s.owner = of_owner AND s.name = of_name FOR UPDATE;
    t := clock_timestamp();
    b.tokens := least(amount, b.tokens + greatest(0, extract(epoch FROM t - b.filled)) * amount);
    given := least(wanted, floor(b.tokens)::bigint);
    b.tokens := b.tokens - given;
    next_ms := CASE WHEN amount = 0 THEN 60000 ELSE ceil((1 - least(b.tokens, 1)) * 1000 / amount)::bigint END;
    UPDATE share_buckets s SET tokens = b.tokens, filled = greatest(t, b.filled)
    WHERE s.owner_kind = of_kind AND s.owner = of_owner AND s.name = of_name;
END $$;
