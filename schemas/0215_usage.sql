-- SPDX-License-Identifier: Apache-2.0
-- Fair shares of what is alive: how many instances each tenant has and how many bytes they take, kept by the commits of the shards while a share
-- of them is set. A shard counts once what is there, and adds from then on what its commits change.

ALTER TABLE shares ADD CHECK (name <> 'weight' OR amount BETWEEN 1 AND 1000); -- SHARE_WEIGHT: the engine takes no other

ALTER TABLE shards ADD COLUMN counts_usage boolean NOT NULL DEFAULT false;

CREATE TABLE tenant_usage (
    shard     integer NOT NULL,
    tenant    text    NOT NULL,
    instances bigint  NOT NULL,                         -- that have not ended
    bytes     bigint  NOT NULL,                         -- of their state: variables, mostly
    begun     bigint  NOT NULL,                         -- grows: instances that something else than a caller's start has begun
    PRIMARY KEY (shard, tenant)
) WITH (fillfactor = 50);
CREATE INDEX tenant_usage_tenant ON tenant_usage (tenant);

CREATE FUNCTION usage_begin(of_shard integer, is_on boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tenant_usage u WHERE u.shard = of_shard;
    IF is_on THEN
        INSERT INTO tenant_usage (shard, tenant, instances, bytes, begun)
        SELECT of_shard, i.tenant, count(*), coalesce(sum(octet_length(i.image)), 0), 0
        FROM instances i WHERE i.shard = of_shard AND i.ended IS NULL GROUP BY i.tenant;
    END IF;
END $$;

ALTER TABLE share_buckets ADD COLUMN begun bigint NOT NULL DEFAULT 0; -- the tenant_usage.begun that was taken from it

-- What is alive has a bucket that remembers what it has given, and forgets it within a second (one part in fifty is left then): it is not alive yet.
CREATE FUNCTION share_of_what_lives(b share_buckets, amount bigint, wanted bigint, t timestamptz, OUT given bigint,
    OUT left_over double precision, OUT is_beyond boolean) LANGUAGE plpgsql AS $$
DECLARE
    used numeric;
BEGIN
    SELECT CASE WHEN b.name = 'bytes' THEN sum(u.bytes) ELSE sum(u.instances) END INTO used FROM tenant_usage u WHERE u.tenant = b.owner;
    left_over := CASE WHEN b.name = 'bytes' THEN 0 ELSE b.tokens * exp(-4 * greatest(0, extract(epoch FROM t - b.filled))::double precision) END;
    given := least(wanted, greatest(0, ceil(amount - coalesce(used, 0) - left_over)::bigint));
    IF b.name = 'bytes' AND given > 0 THEN
        given := wanted;
    END IF;
    left_over := left_over + given;
    is_beyond := coalesce(used, 0) >= amount;
END $$;

-- Takes up to `wanted` from a bucket. One of starts or calls gets `amount` a second and holds as much; what the tenant began otherwise is taken
-- from it first. Returns how many were given, in how many milliseconds to ask again, and whether more was taken than there is.
DROP FUNCTION share_lease;
CREATE FUNCTION share_lease(of_kind text, of_owner text, of_name text, amount bigint, wanted bigint, OUT given bigint, OUT next_ms bigint,
    OUT is_beyond boolean) LANGUAGE plpgsql AS $$
DECLARE
    b share_buckets;
    t timestamptz;
    begun_now bigint;
BEGIN
    INSERT INTO share_buckets (owner_kind, owner, name, tokens, filled, begun)
    VALUES (of_kind, of_owner, of_name, CASE WHEN of_name IN ('starts', 'calls') THEN amount ELSE 0 END, clock_timestamp(),
            CASE WHEN of_kind = 'TENANT' AND of_name = 'starts'
                 THEN coalesce((SELECT sum(u.begun) FROM tenant_usage u WHERE u.tenant = of_owner), 0) ELSE 0 END)
    ON CONFLICT DO NOTHING;
    SELECT * INTO b FROM share_buckets s WHERE s.owner_kind = of_kind AND s.owner = of_owner AND s.name = of_name FOR UPDATE;
    t := clock_timestamp();
    IF of_name IN ('instances', 'bytes') THEN
        next_ms := 1000;
        SELECT l.given, l.left_over, l.is_beyond INTO given, b.tokens, is_beyond FROM share_of_what_lives(b, amount, wanted, t) l;
    ELSE
        IF of_kind = 'TENANT' AND of_name = 'starts' THEN
            SELECT coalesce(sum(u.begun), 0) INTO begun_now FROM tenant_usage u WHERE u.tenant = of_owner;
            b.tokens := greatest(b.tokens - greatest(0, begun_now - b.begun), -60.0 * amount);
            b.begun := begun_now;
        END IF;
        b.tokens := least(amount, b.tokens + greatest(0, extract(epoch FROM t - b.filled)) * amount);
        is_beyond := b.tokens < 0;
        given := least(wanted, greatest(0, floor(b.tokens))::bigint);
        b.tokens := b.tokens - given;
        next_ms := CASE WHEN amount = 0 THEN 60000 ELSE ceil((1 - least(b.tokens, 1)) * 1000 / amount)::bigint END;
    END IF;
    UPDATE share_buckets s SET tokens = b.tokens, filled = greatest(t, b.filled), begun = b.begun
    WHERE s.owner_kind = of_kind AND s.owner = of_owner AND s.name = of_name;
END $$;
