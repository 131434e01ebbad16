"""Missing values: filling, dropping, replacing, and functions that look after nulls.

    python examples/pyspark/nulls.py sc://localhost:15002
"""
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")

rows = spark.createDataFrame([(1, "a", 1.5), (2, None, float("nan")), (None, "c", None), (None, None, None)], "n int, s string, d double")

rows.show()
rows.na.fill(0).show()
rows.na.fill("-").show()
rows.na.fill({"n": -1, "s": "none"}).show()
rows.na.drop().show()
rows.na.drop(how="all").show()
rows.na.drop(thresh=2).show()
rows.na.drop(subset=["s"]).show()
rows.na.replace(1, 100).show()
rows.na.replace({"a": "A", "c": "C"}).show()
rows.select(F.coalesce("n", F.lit(0)).alias("n"), F.nvl("s", F.lit("?")).alias("s"), F.isnan("d").alias("nan"), F.isnull("d").alias("null")).show()
rows.select(F.nanvl("d", F.lit(0.0)).alias("d"), F.nullif("s", F.lit("a")).alias("s"), F.col("n").eqNullSafe(None).alias("e")).show()
rows.filter(rows.s.isNull() | (rows.n > 1)).orderBy(rows.n.asc_nulls_last()).show()
rows.select(F.count("n"), F.count("s"), F.count(F.lit(1)), F.sum("n"), F.avg("d")).show()
spark.stop()
