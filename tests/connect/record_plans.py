"""Prints plans as the installed PySpark builds them: name, tab, the relation's bytes in hexadecimal.

    python -m pip install "pyspark[connect]==4.3.0" "pandas<3"     (in a virtual environment outside of this tree)
    python tests/connect/record_plans.py > tests/connect/plans.txt

No Spark runs: a server in this process answers the few settings that the client asks for while it builds a plan.
"""
import concurrent.futures
import datetime
import decimal

import grpc
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.connect.proto import base_pb2, base_pb2_grpc
from pyspark.sql.types import StringType, StructField, StructType, TimestampType

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.session.localRelationCacheThreshold": "67108864",
    "spark.sql.session.localRelationSizeLimit": "3221225472",
    "spark.sql.session.localRelationChunkSizeRows": "10000",
    "spark.sql.session.localRelationChunkSizeBytes": "16777216",
    "spark.sql.session.localRelationBatchOfChunksSizeBytes": "1073741824",
}


class Settings(base_pb2_grpc.SparkConnectServiceServicer):
    def Config(self, request, context):
        reply = base_pb2.ConfigResponse(session_id=request.session_id, server_side_session_id="recorder")
        for key in request.operation.get.keys:
            reply.pairs.add(key=key, value=SETTINGS.get(key, "false"))
        for pair in request.operation.get_with_default.pairs:
            reply.pairs.add(key=pair.key, value="false")
        return reply

    def ReleaseSession(self, request, context):
        return base_pb2.ReleaseSessionResponse(session_id=request.session_id, server_side_session_id="recorder")


def plans(spark):
    schema = StructType([StructField("time", TimestampType(), True), StructField("action", StringType(), True)])
    events = spark.read.schema(schema).json("/data/events")
    yield "read_with_schema", events
    yield "read_with_ddl", spark.read.schema("a int, b string").option("mode", "FAILFAST").json(["/data/x", "/data/y"])
    windowed = events.groupBy(events.action, F.window(events.time, "1 hour")).count()
    yield "notebook_counts", windowed
    yield "notebook_report", windowed.select("action", F.date_format("window.end", "MMM-dd HH:mm").alias("time"), "count").orderBy(
        "time", F.desc("action"))
    live = spark.readStream.schema(schema).option("maxFilesPerTrigger", 1).json("/data/events")
    yield "notebook_stream", live.groupBy(live.action, F.window(live.time, "10 minutes", "5 minutes").alias("window")).agg(
        F.count("*").alias("count"), F.avg(F.hour(live.time)).alias("h"))
    numbers = spark.range(5)
    yield "range", numbers
    yield "range_parts", spark.range(10, 0, -3, numPartitions=2)
    yield "columns", numbers.withColumn("twice", numbers.id * 2).withColumnRenamed("id", "n").withColumn("n", F.col("n") + 1).drop("none")
    yield "drop", numbers.withColumn("x", F.lit("a")).drop("id")
    yield "filter_text", numbers.where("id > 2 and id < 4")
    yield "filter_column", numbers.filter((F.col("id") != 2) & ~F.col("id").isin(3, 4) | F.col("id").isNull() | F.col("id").between(1, 2))
    yield "select_expr", numbers.selectExpr("id", "id * 2 as twice", "cast(id as string)")
    yield "alias", numbers.alias("t").filter("t.id > 1").select("t.id", F.col("id").cast("string").alias("s"))
    yield "when", numbers.select(F.when(F.col("id") > 2, "big").when(F.col("id") == 2, "two").otherwise("small").alias("size"))
    yield "strings", events.select(F.upper("action"), F.col("action").startswith("o"), F.col("action").substr(1, 2), F.col("action").like("o%"),
                                   F.concat_ws("-", "action", F.lit("x")), F.coalesce("action", F.lit("none")))
    yield "literals", numbers.select(
        F.lit(1).alias("i"), F.lit(1 << 40).alias("l"), F.lit(1.5).alias("d"), F.lit("x").alias("s"), F.lit(True).alias("b"), F.lit(None).alias("n"),
        F.lit(datetime.date(2024, 2, 29)).alias("day"), F.lit(datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)).alias("at"),
        F.lit(decimal.Decimal("1.50")).alias("dec"), F.lit(b"\x01").alias("bin"))
    yield "aggregates", events.groupBy().agg(F.count("*"), F.countDistinct("action"), F.min("time").alias("first"), F.max("time").alias("last"))
    yield "group_expression", numbers.groupBy((F.col("id") % 2).alias("odd")).agg(F.sum("id"), F.avg("id").alias("mean"))
    yield "sort_limit", numbers.orderBy(F.col("id").desc_nulls_last()).limit(3)
    yield "distinct", events.select("action").distinct()
    yield "sql", spark.table("counts").where("count > 1")
    yield "repartition", numbers.repartition(4).hint("broadcast")
    yield "rows", spark.createDataFrame([(1, "a"), (2, None)], ["n", "s"])
    yield "no_rows", spark.createDataFrame([], schema)
    yield "named", spark.createDataFrame([(1, "a")], ["n", "s"]).toDF("x", "y")
    chained = numbers
    for i in range(40):
        chained = chained.withColumn(f"c{i}", F.col("id") + i)
    yield "chained", chained


server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
base_pb2_grpc.add_SparkConnectServiceServicer_to_server(Settings(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
for name, frame in plans(session):
    relation = frame._plan.to_proto(session.client).root
    print(f"{name}\t{relation.SerializeToString(deterministic=True).hex()}")
session.stop()
server.stop(0)
