"""Functions on text, numbers and dates.

    python examples/pyspark/functions.py sc://localhost:15002
"""
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")

texts = spark.createDataFrame([("Hello World",), ("",), ("ünïcode 漢字",), (None,)], "t string")
texts.select(F.length("t"), F.lower("t"), F.initcap("t"), F.reverse("t"), F.substring("t", 2, 3)).show()
texts.select(F.concat("t", F.lit("!")).alias("c"), F.concat_ws("-", "t", F.lit("x")).alias("w"), F.trim(F.lit("  a ")).alias("trim"),
             F.lpad("t", 4, "*").alias("lpad"), F.instr("t", "o").alias("at")).show()
texts.select(F.regexp_replace("t", "[aeiou]", "_").alias("r"), F.regexp_extract("t", "(\\w+) (\\w+)", 2).alias("e"),
             F.split("t", " ").alias("parts"), F.translate("t", "lo", "01").alias("tr")).show(truncate=False)
texts.select(F.md5("t"), F.crc32("t"), F.base64(F.encode("t", "UTF-8")).alias("b")).show(truncate=False)
numbers = spark.createDataFrame([(1.25, 7, -3), (-2.5, 0, 4), (None, 5, 2)], "d double, a int, b int")
numbers.select(F.round("d", 1), F.ceil("d"), F.floor("d"), F.abs("b"), F.pow("a", F.lit(2)), F.sqrt("a"), (F.col("a") % F.col("b")).alias("rest")).show()
numbers.select(F.greatest("a", "b"), F.least("a", "b"), (F.col("a") / F.col("b")).alias("ratio"), F.hex("a"), F.bin("a"), F.signum("d")).show()
numbers.select(F.when(F.col("a") > 5, "big").when(F.col("a") > 0, "small").otherwise("none").alias("size"), F.col("b").between(-5, 3).alias("in"),
               F.col("a").isin(0, 7).alias("one"), F.col("a").cast("string").alias("text"), F.expr("a + b * 2 as sum")).show()
days = spark.sql("select date '2024-02-28' as d, timestamp '2024-12-31 23:59:58.5' as t")
days.select(F.date_add("d", 2), F.datediff(F.to_date(F.lit("2024-03-10")), "d"), F.add_months("d", 1), F.last_day("d"), F.dayofweek("d"),
            F.weekofyear("t"), F.trunc("d", "year")).show()
days.select(F.date_format("t", "yyyy/MM/dd HH:mm:ss.SSS").alias("f"), F.hour("t"), F.quarter("t"), F.date_trunc("hour", "t").alias("h"),
            F.unix_timestamp("t").alias("u"), F.to_timestamp(F.lit("2024-05-06 07:08"), "yyyy-MM-dd HH:mm").alias("p")).show(truncate=False)
days.select(F.months_between("t", "d").alias("m"), F.next_day("d", "Mon").alias("n"), F.make_date(F.lit(2020), F.lit(2), F.lit(29)).alias("k")).show()
spark.stop()
