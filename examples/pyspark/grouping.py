"""Grouping: aggregates, rollup, cube, pivot, conditions on groups.

    python examples/pyspark/grouping.py sc://localhost:15002
"""
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")

sales = spark.createDataFrame(
    [("north", "tea", 2, 3.5), ("north", "coffee", 1, 4.0), ("south", "tea", 5, 3.0), ("south", "tea", 1, None), ("west", None, 7, 1.25)],
    "region string, product string, pieces int, price double")

sales.groupBy("region").agg(F.sum("pieces").alias("pieces"), F.avg("price").alias("price"), F.count("product"), F.count("*")).orderBy("region").show()
sales.groupBy("region").count().orderBy(F.desc("count"), "region").show()
sales.groupBy().max("pieces").show()
sales.groupBy("product").agg({"pieces": "sum"}).orderBy("product").show()
sales.rollup("region", "product").agg(F.sum("pieces").alias("pieces")).orderBy("region", "product", "pieces").show()
sales.cube("region", "product").agg(F.sum("pieces").alias("pieces"), F.grouping("region").alias("g")).orderBy("g", "region", "product", "pieces").show()
sales.groupBy("region").pivot("product", ["tea", "coffee"]).sum("pieces").orderBy("region").show()
sales.agg(F.countDistinct("region").alias("regions"), F.min("price"), F.max("price"), F.stddev("pieces")).show()
sales.agg(F.first("region"), F.last("region"), F.sum_distinct("pieces")).show()
sales.groupBy("region").agg(F.collect_list("pieces").alias("all")).select("region", F.sort_array("all").alias("all")).orderBy("region").show()
sales.createOrReplaceTempView("sales")
spark.sql("select region, sum(pieces) as n from sales group by region having sum(pieces) > 3 order by region").show()
spark.sql("select region, max_by(product, pieces) as most, bool_and(pieces > 1) as many from sales group by region order by region").show()
spark.stop()
