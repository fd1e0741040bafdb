-- SPDX-License-Identifier: Apache-2.0
-- A node that has the API's role alone runs, too: its connections are "api NODE" (store/query.h).
CREATE OR REPLACE FUNCTION vault_node_runs(name text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = current_database()
                   AND a.application_name IN (left(name, 63), left('api ' || name, 63)))
$$;
