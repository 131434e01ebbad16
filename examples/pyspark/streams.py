"""Starting, watching and stopping streaming queries.

    python examples/pyspark/streams.py sc://localhost:15002 /data/events /data/out
"""
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

remote, folder, out = sys.argv[1:4]
spark = SparkSession.builder.remote(remote).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")
events = spark.readStream.schema("time timestamp, action string").option("maxFilesPerTrigger", 1).json(folder)

# everything that is there, in batches of one file, then the end
now = events.groupBy("action").count().writeStream.format("memory").queryName("totals").outputMode("complete").trigger(availableNow=True).start()
print("ended:", now.awaitTermination(60), "active:", now.isActive, "batches:", len(now.recentProgress))
spark.sql("select * from totals order by action").show()
print(now.exception(), now.status["message"])

# every row into files
copy = (events.select("action", F.date_format("time", "HH:mm").alias("at")).writeStream.format("json")
        .option("checkpointLocation", out + "/checkpoint").option("path", out + "/rows").trigger(once=True).start())
copy.awaitTermination()
written = spark.read.schema("action string, at string").json(out + "/rows")
print("rows written:", written.count())
written.groupBy("action").count().orderBy("action").show()

# two at once, by interval
first = events.writeStream.format("memory").queryName("all_rows").trigger(processingTime="1 second").start()
second = events.filter("action = 'Open'").writeStream.format("memory").queryName("opened").outputMode("append").start()
print(sorted(q.name for q in spark.streams.active))
for query in spark.streams.active:
    query.processAllAvailable()
print(spark.table("all_rows").count(), spark.table("opened").count())
print(spark.streams.get(first.id).name == first.name, first.runId == second.runId)
progress = second.lastProgress
print(progress["name"], progress["batchId"], progress["sink"]["description"])
try:
    events.writeStream.format("memory").queryName("opened").start()
except Exception as error:
    print(type(error).__name__, str(error).splitlines()[0])
first.stop()
second.stop()
print([q.name for q in spark.streams.active], spark.streams.awaitAnyTermination(1))
spark.streams.resetTerminated()
spark.stop()
