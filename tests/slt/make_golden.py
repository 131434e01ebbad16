#!/usr/bin/env python3
"""Fills the expect blocks of the .slt files with what real Spark answers. Needs `pip install pyspark==4.3.0` and Java 17.

    python3 tests/slt/make_golden.py [--only SUBSTRING]

Blocks that expect a refusal (`error …`) or a failure (`fails …`) are Sluice's own names and are left alone.
"""
import argparse
import datetime
import decimal
import json
import math
import pathlib
import re
import shutil
import tempfile

import cases


def plain(value, zone):
    if isinstance(value, datetime.datetime):
        text = value.strftime("%Y-%m-%dT%H:%M:%S")
        if value.microsecond:
            text += f".{value.microsecond:06d}".rstrip("0")
        return text + ("Z" if value.tzinfo else "")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return {"decimal": str(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, (bytes, bytearray)):
        import base64
        return base64.b64encode(bytes(value)).decode()
    if hasattr(value, "asDict"):
        return {k: plain(v, zone) for k, v in value.asDict().items()}
    if isinstance(value, dict):
        return {k: plain(v, zone) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v, zone) for v in value]
    return value


def run(spark, case, scratch):
    from pyspark.sql import functions as f
    from pyspark.sql.types import TimestampType
    folder = scratch / case.name
    (folder / "in").mkdir(parents=True)
    for key, value in case.settings.items():
        spark.conf.set(key, value)
    try:
        reader = spark.readStream.schema(case.schema).option("maxFilesPerTrigger", "1")
        for key, value in case.options.items():
            reader = reader.option(key, value)
        reader.format(case.format).load(str(folder / "in")).createOrReplaceTempView("events")
        table = "t_" + re.sub(r"\W", "_", case.name)
        frame = spark.sql(re.sub(r"\bSTREAM\s+events\b", "events", case.query))
        query = (frame.writeStream.format("memory").queryName(table).outputMode(case.mode)
                 .option("checkpointLocation", str(folder / "ckpt")).start())
        for number, batch in enumerate(case.batches):
            staged = folder / f"tmp-{number}"
            staged.write_bytes(batch.encode("utf-8", "surrogateescape"))
            staged.rename(folder / "in" / f"file-{number:03d}.{case.format}")
            query.processAllAvailable()
        result = spark.table(table)
        # Timestamps as UTC instants, whatever the session zone is.
        zone_columns = [field.name for field in result.schema if isinstance(field.dataType, TimestampType)]
        del f, zone_columns
        rows = []
        for row in result.collect():
            rows.append(plain(row, None))
        query.stop()
        types = result.schema
        return [json.dumps(mark_utc(row, types), ensure_ascii=False, separators=(",", ":")) for row in rows]
    finally:
        for key in case.settings:
            spark.conf.unset(key)


def mark_utc(row, schema):
    """Python's timestamps come without zone in the process' zone (UTC here): say so for TIMESTAMP, not for TIMESTAMP_NTZ."""
    from pyspark.sql import types as t

    def fix(value, kind):
        if value is None:
            return None
        if isinstance(kind, t.TimestampType):
            return value if value.endswith("Z") else value + "Z"
        if isinstance(kind, t.StructType):
            return {field.name: fix(value[field.name], field.dataType) for field in kind}
        if isinstance(kind, t.ArrayType):
            return [fix(v, kind.elementType) for v in value]
        if isinstance(kind, t.MapType):
            return {k: fix(v, kind.valueType) for k, v in value.items()}
        if isinstance(kind, t.DecimalType):
            return value["decimal"]
        return value

    return {field.name: fix(row[field.name], field.dataType) for field in schema}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    import os
    import time
    os.environ["TZ"] = "UTC"
    time.tzset()
    from pyspark.sql import SparkSession
    spark = (SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", "2")
             .config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false")
             .config("spark.sql.streaming.noDataMicroBatches.enabled", "false").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    scratch = pathlib.Path(tempfile.mkdtemp())
    for case in cases.all_cases(pathlib.Path(__file__).parent):
        if arguments.only not in str(case.path) or (case.expect and case.expect[0].startswith(("error ", "fails "))):
            continue
        try:
            rows = run(spark, case, scratch)
        except Exception as error:  # noqa: BLE001: every refusal is worth seeing
            print(f"{case.path.name}: Spark says: {str(error)[:300]}")
            continue
        case.expect = rows if case.ordered else sorted(rows)
        cases.write(case)
        print(f"{case.path.name}: {len(rows)} rows")
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
