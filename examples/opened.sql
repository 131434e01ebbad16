-- Filters and rewrites events into Parquet files, exactly once; any Parquet reader may read the folder at any time.
--   sluice submit --wait examples/opened.sql
CREATE TEMPORARY VIEW events (time TIMESTAMP, action STRING)
  USING json OPTIONS (path 'data/events', maxFilesPerTrigger '10');

CREATE STREAMING TABLE opened
  USING parquet OPTIONS (path 'out/opened', outputMode 'append', trigger 'availableNow', checkpointLocation 'ckpt/opened') AS
SELECT time, upper(action) AS action
FROM STREAM events
WHERE action = 'Open';
