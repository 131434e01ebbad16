-- Counts logged events per action and sliding window, one input file per trigger, into a table in memory.
--   sluice submit --wait examples/counts.sql        (on a cluster; paths are relative to the current directory)
--   sluice sql "SELECT * FROM counts ORDER BY window, action"
CREATE TEMPORARY VIEW events (time TIMESTAMP, action STRING)
  USING json OPTIONS (path 'data/events', maxFilesPerTrigger '1');

CREATE STREAMING TABLE counts
  USING memory OPTIONS (outputMode 'complete', trigger 'availableNow', checkpointLocation 'ckpt/counts') AS
SELECT action, window(time, '10 minutes', '5 minutes') AS window, count(*) AS count, avg(unix_timestamp(time)) AS mean_time
FROM STREAM events
GROUP BY action, window(time, '10 minutes', '5 minutes');
