"""Views, SQL with them, the catalog and settings of a session.

    python examples/pyspark/views.py sc://localhost:15002 /data/events
"""
import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.remote(sys.argv[1]).config("spark.app.name", "views").getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
events = spark.read.schema("time timestamp, action string").json(sys.argv[2])
events.createOrReplaceTempView("events")
spark.sql("select action, count(*) as n, min(time) as first, max(time) as last from events group by action order by action").show(truncate=False)
spark.sql("create temporary view opened as select time from events where action = 'Open'")
print("opened:", spark.table("opened").count(), spark.sql("select count(*) from opened").collect())
print(sorted(table.name for table in spark.catalog.listTables()))
print([(c.name, c.dataType) for c in spark.catalog.listColumns("events")])
print(spark.catalog.currentDatabase(), spark.catalog.tableExists("opened"), spark.catalog.tableExists("nowhere"))
print(spark.catalog.dropTempView("opened"), spark.catalog.dropTempView("opened"), spark.catalog.tableExists("opened"))
try:
    events.createTempView("events")
except Exception as error:
    print(type(error).__name__, error.getCondition())
events.filter("action = 'Close'").createOrReplaceTempView("events")
spark.sql("select action, count(*) as n from events group by action").show()
spark.sql("with hours as (select hour(time) as h from events) select h, count(*) as n from hours group by h order by h").show()
spark.sql("set spark.sql.shuffle.partitions=3").show(truncate=False)
print(spark.conf.get("spark.sql.shuffle.partitions"), spark.conf.get("my.own", "nothing"))
spark.conf.set("spark.my.own", "something")
print(spark.conf.get("spark.my.own"), spark.conf.isModifiable("spark.sql.shuffle.partitions"))
spark.conf.unset("spark.my.own")
print(spark.conf.get("spark.my.own", "gone"), spark.version.split(".")[0])
spark.stop()
