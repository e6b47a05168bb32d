-- The table in which "submitctl trace --pgsql" looks for the records of a
-- fleet. Whatever ships the JSON lines of audit.file there (rsyslog, Vector,
-- Fluent Bit ...) puts each whole line into the column "record"; the rest
-- follows from it. The indexes are those that trace asks. Needs PostgreSQL
-- 12.

-- The times of records are in UTC, whatever the session's zone is.
CREATE FUNCTION submission_time(record jsonb) RETURNS timestamptz
	LANGUAGE sql IMMUTABLE STRICT
	AS $$ SELECT (record->>'time')::timestamptz $$;

CREATE TABLE submission (
	record jsonb NOT NULL,
	time timestamptz GENERATED ALWAYS AS (submission_time(record)) STORED
);

CREATE INDEX submission_time_index ON submission (time);
CREATE INDEX submission_id ON submission ((record->>'id'));
CREATE INDEX submission_session ON submission ((record->>'session'));
CREATE INDEX submission_message_id ON submission
	((btrim(record->>'message_id', '<>')));
CREATE INDEX submission_queue_id ON submission ((record->>'queue_id'));
CREATE INDEX submission_identity ON submission
	((lower(record->>'identity')));
CREATE INDEX submission_client ON submission
	USING gist (((record->'client'->>'address')::inet) inet_ops);
CREATE INDEX submission_sender ON submission
	((lower(record->'envelope'->>'sender')));
CREATE INDEX submission_from ON submission
	USING gin ((lower((record->'from')::text)::jsonb));
CREATE INDEX submission_recipient ON submission USING gin
	((lower((record->'envelope'->'recipients')::text)::jsonb)
	jsonb_path_ops);
