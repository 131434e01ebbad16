"""The notebook of the guide: events of a device, counted per action and window, first as a table, then as a stream.

    python examples/pyspark/notebook.py sc://localhost:15002 /data/events

The folder holds JSON files with lines such as {"time":1469501107,"action":"Open"}. It is seen by the server under this name.
"""
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import avg, count, hour, window
from pyspark.sql.types import StringType, StructField, StructType, TimestampType

remote, folder = sys.argv[1:3]
spark = SparkSession.builder.remote(remote).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")
spark.conf.set("spark.sql.shuffle.partitions", "2")
print("shuffle partitions:", spark.conf.get("spark.sql.shuffle.partitions"))

schema = StructType([StructField("time", TimestampType(), True), StructField("action", StringType(), True)])

# ---- the folder as a table ----

static = spark.read.schema(schema).json(folder)
static.printSchema()
print("rows:", static.count(), "streaming:", static.isStreaming)
static.orderBy("time", "action").show(3)

counts = static.groupBy(static.action, window(static.time, "1 hour")).count()
counts.createOrReplaceTempView("static_counts")
spark.sql("select action, sum(count) as total_count from static_counts group by action order by action").show()
by_hour = spark.sql("""
    select action, date_format(window.end, "MMM-dd HH:mm") as time, count
    from static_counts order by time, action""")
by_hour.show(4, truncate=False)
print(by_hour.collect()[0])
print(by_hour.toPandas().head(4))

# ---- the folder as a stream, one file at a time ----

stream = spark.readStream.schema(schema).option("maxFilesPerTrigger", 1).json(folder)
print("streaming:", stream.isStreaming)
sliding = stream.groupBy(stream.action, window(stream.time, "10 minutes", "5 minutes").alias("window")).agg(
    count("*").alias("count"), avg(hour(stream.time)).alias("hour"))
query = sliding.writeStream.format("memory").queryName("counts").outputMode("complete").start()
print("query:", query.name, query.isActive)
query.processAllAvailable()
print("batches:", query.lastProgress["batchId"] + 1, "rows of the last:", query.lastProgress["sources"][0]["numInputRows"])
spark.sql("""
    select action, date_format(window.end, "MMM-dd HH:mm") as time, count, round(hour, 2) as hour
    from counts order by time, action""").show(6)
print("rows in the table:", spark.table("counts").count())
print("ended:", query.awaitTermination(1))
print("active:", [active.name for active in spark.streams.active])
query.stop()
print("active:", query.isActive, "exception:", query.exception())
spark.stop()
