"""Batch DataFrames: rows from Python, ranges, and the usual operators.

    python examples/pyspark/dataframes.py sc://localhost:15002
"""
import datetime
import sys

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")

people = spark.createDataFrame([("Alice", 5, 80.0), ("Bob", 7, None), ("Carol", None, 66.5)], "name string, age int, weight double")
people.printSchema()
people.show()
print(people.dtypes, people.columns, people.count())
people.select("name", (people.age + 1).alias("next"), F.upper("name").alias("shout")).show()
people.filter(people.age > 5).show()
people.where("weight is null or weight < 70").orderBy(F.col("name").desc()).show(truncate=False)
people.withColumn("heavy", F.when(people.weight > 70, "yes").otherwise("no")).show()
people.withColumnRenamed("age", "years").drop("weight").show()
people.agg(F.sum("age"), F.avg("weight"), F.max("name"), F.count("*")).show()
print(people.first(), people.take(2), people.tail(1))
print([row.asDict() for row in people.orderBy("name").collect()])

numbers = spark.range(1, 20, 3)
print(numbers.collect())
numbers.selectExpr("id", "id % 2 = 0 as even", "id * 1.5 as more").show()
numbers.groupBy((F.col("id") % 3).alias("rest")).agg(F.count("*").alias("n"), F.sum("id").alias("total")).orderBy("rest").show()
print(numbers.distinct().count(), numbers.limit(2).count(), numbers.isEmpty(), numbers.isStreaming)

rows = spark.createDataFrame([Row(day=datetime.date(2024, 2, 29), at=datetime.datetime(2024, 2, 29, 12, 30), tags=["a", "b"])])
rows.printSchema()
rows.show(truncate=False)
rows.select(F.year("day"), F.month("day"), F.hour("at"), F.size("tags"), rows.tags[0]).show()
rows.show(vertical=True)
print(people.toPandas().to_string())
spark.stop()
