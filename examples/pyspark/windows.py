"""Window functions over rows: ranks, neighbours, running sums.

    python examples/pyspark/windows.py sc://localhost:15002
"""
import sys

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")

marks = spark.createDataFrame([("a", 1, 10), ("a", 2, 30), ("a", 3, 30), ("b", 1, 5), ("b", 2, None)], "who string, day int, points int")
by_day = Window.partitionBy("who").orderBy("day")
by_points = Window.partitionBy("who").orderBy(F.desc("points"))

marks.select("who", "day", F.row_number().over(by_day).alias("row"), F.lag("points").over(by_day).alias("before"),
             F.lead("points", 1, 0).over(by_day).alias("after")).orderBy("who", "day").show()
marks.select("who", "points", F.rank().over(by_points).alias("rank"), F.dense_rank().over(by_points).alias("dense")).orderBy(
    "who", "rank", "points").show()
marks.withColumn("running", F.sum("points").over(by_day)).orderBy("who", "day").show()
around = by_day.rowsBetween(-1, 1)
marks.withColumn("mean", F.avg("points").over(around)).orderBy("who", "day").show()
whole = Window.partitionBy("who")
marks.withColumn("share", F.round(F.col("points") / F.sum("points").over(whole), 3)).orderBy("who", "day").show()
marks.createOrReplaceTempView("marks")
spark.sql("select who, day, first_value(points) over (partition by who order by day) as first, ntile(2) over (order by day, who) as half "
          "from marks order by who, day").show()
spark.stop()
