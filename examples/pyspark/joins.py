"""Joins of every kind, by condition and by column, and self-joins.

    python examples/pyspark/joins.py sc://localhost:15002
"""
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")

people = spark.createDataFrame([(1, "Ann", 10), (2, "Ben", 20), (3, "Cid", None), (4, "Dan", 30)], "id int, name string, team int")
teams = spark.createDataFrame([(10, "red"), (20, "blue"), (40, "green")], "team int, colour string")

for how in ("inner", "left", "right", "full"):
    people.join(teams, "team", how).select("team", "id", "name", "colour").orderBy("team", "id").show()
for how in ("left_semi", "left_anti"):
    people.join(teams, people.team == teams.team, how).orderBy("id").show()
joined = people.join(teams, people.team == teams.team)
joined.select(people.name, teams.colour, people.team).orderBy("name").show()
print(joined.columns)
print(people.crossJoin(teams).count())
people.alias("a").join(people.alias("b"), F.expr("a.id < b.id")).select("a.name", F.col("b.name").alias("other")).orderBy("name", "other").show()
people.createOrReplaceTempView("people")
teams.createOrReplaceTempView("teams")
spark.sql("select p.name, t.colour from people p left join teams t on p.team = t.team order by p.name").show()
spark.sql("select name from people where team in (select team from teams) order by name").show()
spark.sql("select colour, (select count(*) from people p where p.team = t.team) as members from teams t order by colour").show()
spark.stop()
