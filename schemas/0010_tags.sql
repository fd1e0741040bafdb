-- What callers put on instances when they start them.
ALTER TABLE instances ADD COLUMN tags jsonb;
