-- SPDX-License-Identifier: Apache-2.0
-- Models that import models. A file that imports nothing is named by the SHA-256 of its bytes. One that does is named by the SHA-256 of
-- that digest followed by those of `imports`: everything it imports, directly or through others, as it was when it was deployed. So a
-- decision keeps its meaning when what it imported gets a newer version, and whoever compiles it finds all of it by its digest.

ALTER TABLE resources ADD COLUMN imports bytea[], ADD COLUMN namespace text;    -- of DMN

UPDATE resources r
SET namespace = substring(encode(r.bytes, 'escape') FROM 'definitions[^>]*[[:space:]]namespace[[:space:]]*=[[:space:]]*["'']([^"'']*)["'']')
FROM definitions d
WHERE d.digest = r.digest AND d.kind IN (1, 4);

CREATE INDEX resources_namespace ON resources (namespace) WHERE namespace IS NOT NULL;

-- A file and, one after the other, what it imports, each after its length in four bytes.
CREATE VIEW compiled_resources AS
SELECT r.digest, r.bytes,
       coalesce((SELECT string_agg(int4send(octet_length(i.bytes)) || i.bytes, ''::bytea ORDER BY u.place)
                 FROM unnest(r.imports) WITH ORDINALITY AS u (digest, place) JOIN resources i ON i.digest = u.digest),
                ''::bytea) AS imports
FROM resources r;
