"""Union, intersect, except, distinct rows, offset and unpivot.

    python examples/pyspark/sets.py sc://localhost:15002
"""
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")

one = spark.createDataFrame([(1, "a"), (2, "b"), (2, "b"), (3, None)], "id int, letter string")
two = spark.createDataFrame([(2, "b"), (3, None), (4, "d")], "id int, letter string")

one.union(two).orderBy("id", "letter").show()
one.unionByName(two.select("letter", "id")).distinct().orderBy("id").show()
one.unionByName(two.select("id").withColumn("more", F.lit(True)), allowMissingColumns=True).orderBy("id", "letter").show()
one.intersect(two).orderBy("id").show()
one.intersectAll(two).orderBy("id").show()
one.subtract(two).orderBy("id").show()
one.exceptAll(two).orderBy("id").show()
one.dropDuplicates(["letter"]).orderBy("id").select("letter").show()
print(one.distinct().count(), one.dropDuplicates().count())
one.orderBy("id", "letter").offset(1).limit(2).show()
wide = spark.createDataFrame([(1, 10, 100), (2, 20, 200)], "id int, x int, y int")
wide.unpivot("id", ["x", "y"], "name", "value").orderBy("id", "name").show()
spark.sql("select * from values (1, 'x'), (2, 'y') as t(a, b) order by a desc").show()
spark.stop()
