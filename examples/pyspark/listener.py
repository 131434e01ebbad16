"""A listener that is told of the queries of its session.

    python examples/pyspark/listener.py sc://localhost:15002 /data/events
"""
import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQueryListener

heard = []


class Listener(StreamingQueryListener):
    def onQueryStarted(self, event):
        heard.append(("started", event.name))

    def onQueryProgress(self, event):
        heard.append(("progress", event.progress.batchId, event.progress.numInputRows))

    def onQueryIdle(self, event):
        pass

    def onQueryTerminated(self, event):
        heard.append(("terminated", event.exception))


spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
listener = Listener()
spark.streams.addListener(listener)
events = spark.readStream.schema("time timestamp, action string").option("maxFilesPerTrigger", 2).json(sys.argv[2])
query = events.writeStream.format("memory").queryName("heard").start()
query.processAllAvailable()
query.stop()
for _ in range(100):
    if heard and heard[-1][0] == "terminated":
        break
    time.sleep(0.1)
spark.streams.removeListener(listener)
for event in heard:
    print(event)
spark.stop()
