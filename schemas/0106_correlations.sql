-- SPDX-License-Identifier: Apache-2.0
-- Correlations go with their instance.

CREATE FUNCTION correlations_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM correlations c USING gone g WHERE c.shard = g.shard AND c.instance = g.key;
    RETURN NULL;
END $$;
CREATE TRIGGER correlations_delete AFTER DELETE ON instances REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION correlations_delete();
