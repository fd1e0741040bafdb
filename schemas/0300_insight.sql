-- SPDX-License-Identifier: Apache-2.0
-- What insight reads and keeps of what is over.

-- Milliseconds since 1970.
CREATE FUNCTION epoch_ms(moment timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (extract(epoch FROM moment) * 1000)::bigint
$$;
