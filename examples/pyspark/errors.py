"""What goes wrong tells so as in Spark: classes, conditions and SQLSTATEs.

    python examples/pyspark/errors.py sc://localhost:15002 /data/events
"""
import sys

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
events = spark.read.schema("time timestamp, action string").json(sys.argv[2])
stream = spark.readStream.schema("time timestamp, action string").json(sys.argv[2])


def attempt(what, work):
    try:
        work()
        print(what, "-> no error")
    except PySparkException as error:
        print(what, "->", type(error).__name__, error.getCondition(), error.getSqlState())


attempt("syntax", lambda: spark.sql("selec 1"))
attempt("no such table", lambda: spark.sql("select * from nowhere"))
attempt("no such column", lambda: events.select("nothing").collect())
attempt("division", lambda: spark.sql("select 1 / 0").collect())
attempt("cast", lambda: spark.sql("select cast('x' as int)").collect())
attempt("overflow", lambda: spark.sql("select 9223372036854775807 + 1").collect())
attempt("no such setting", lambda: spark.conf.get("spark.no.such.setting"))
attempt("memory sink without a name", lambda: stream.writeStream.format("memory").start())
attempt("file sink without a checkpoint", lambda: stream.writeStream.format("json").start(sys.argv[2] + "-copy"))
attempt("append without a watermark", lambda: stream.groupBy("action").count().writeStream.format("memory").queryName("x").start())
attempt("collecting a stream", lambda: stream.collect())
spark.stop()
