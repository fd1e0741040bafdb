-- The deployed form that a user task has: resolved when the task is created.
ALTER TABLE user_tasks ADD COLUMN form bigint;
