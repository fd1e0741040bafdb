-- SPDX-License-Identifier: Apache-2.0
-- Separation of duties: what a user task is kept apart from, and who did that: {"elements": [ids], "done": [[id, person]]}.
ALTER TABLE user_tasks ADD COLUMN separation jsonb;
