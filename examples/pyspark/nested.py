"""Arrays, maps, structs, JSON, exploding and higher-order functions.

    python examples/pyspark/nested.py sc://localhost:15002
"""
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")

rows = spark.createDataFrame([(1, ["b", "a"], {"x": 1, "y": 2}), (2, [], {}), (3, None, None)], "id int, tags array<string>, m map<string, int>")

rows.printSchema()
rows.show(truncate=False)
rows.select("id", F.size("tags"), F.sort_array("tags").alias("sorted"), F.array_contains("tags", "a").alias("has"), F.element_at("m", "x").alias("x")).show()
rows.select("id", F.explode("tags").alias("tag")).show()
rows.select("id", F.explode_outer("tags").alias("tag")).show()
rows.select("id", F.posexplode("tags")).show()
rows.select("id", F.transform("tags", lambda t: F.upper(t)).alias("up"), F.filter("tags", lambda t: t > "a").alias("more")).show()
rows.select(F.struct("id", F.lit("s").alias("s")).alias("p")).select("p.id", "p.s", F.to_json("p").alias("j")).show()
rows.select(F.map_keys("m"), F.map_values("m"), F.array(F.lit(1), "id").alias("a"), F.create_map(F.lit("k"), "id").alias("c")).show()
texts = spark.createDataFrame([('{"a": 1, "b": ["x", "y"]}',), ("{}",), ("broken",)], "j string")
texts.select(F.get_json_object("j", "$.b[1]").alias("second")).show()
rows.select("id", F.aggregate("tags", F.lit(""), lambda whole, t: F.concat(whole, t)).alias("joined"), F.exists("tags", lambda t: t == "b").alias("b")).show()
rows.select(F.array_join("tags", "+").alias("j"), F.slice("tags", 1, 1).alias("s"), F.array_distinct(F.array(F.lit(1), F.lit(1))).alias("d")).show()
spark.stop()
