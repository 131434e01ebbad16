#!/usr/bin/env python3
"""Fills the expected blocks of tests/batch/*.sql with what real Spark answers. Needs `pip install pyspark==4.3.0` and Java 17.

    python3 tests/batch/make_golden.py [--only SUBSTRING]

A file holds `query` blocks; `view NAME` blocks before them define temporary views. An expected block has the schema (name type,
with NOT NULL), then the rows: each column cast to a string, joined by `|`; or `error CONDITION`. Rows are sorted unless the query is
`ordered`.
"""
import argparse
import os
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).parent


def read(path):
    """[(words of the head line, lines)], comment lines as ("#", [line])."""
    blocks, lines, i = [], path.read_text().split("\n"), 0
    while i < len(lines):
        head = lines[i]
        if head.startswith("#") or not head.strip():
            if head.strip():
                blocks.append((head, None))
            i += 1
            continue
        end = lines.index("end", i)
        blocks.append((head, lines[i + 1:end]))
        i = end + 1
    return blocks


def write(path, blocks):
    out = []
    for head, lines in blocks:
        out.append(head)
        if lines is not None:
            out += lines + ["end"]
    path.write_text("\n".join(out) + "\n")


def schema_text(schema):
    return ", ".join(f"{f.name} {f.dataType.simpleString()}{'' if f.nullable else ' NOT NULL'}" for f in schema)


def escaped(text):
    return "NULL" if text is None else text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "\\n")


def answer(spark, query, ordered):
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as f
    try:
        frame = spark.sql(query)
        schema = schema_text(frame.schema)
        columns = [f"c{i}" for i in range(len(frame.columns))]
        frame = frame.toDF(*columns)
        rows = frame.collect() if not columns else frame.select(*[f.col(c).cast("string") for c in columns]).collect()
        rows = ["|".join(escaped(v) for v in row) for row in rows]
        return [schema] + (rows if ordered else sorted(rows))
    except PySparkException as error:
        return ["error " + str(error.getCondition())]
    except Exception as error:  # noqa: BLE001: errors of tasks come through py4j as they are
        return ["error " + re.search(r"\[([A-Z_.]+)\]", str(error)).group(1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    os.environ["TZ"] = "UTC"
    time.tzset()
    from pyspark.sql import SparkSession
    spark = (SparkSession.builder.master("local[1]").config("spark.sql.shuffle.partitions", "1")
             .config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false")
             .config("spark.sql.adaptive.enabled", "false").config("spark.sql.codegen.wholeStage", "false")
             .config("spark.sql.codegen.factoryMode", "NO_CODEGEN").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    for path in sorted(HERE.glob("*.sql")):
        if arguments.only not in path.name:
            continue
        out, asked, ordered = [], None, False
        for head, lines in read(path):
            if head.startswith("view "):
                spark.sql("\n".join(lines)).createOrReplaceTempView(head.split()[1])
            if head.startswith("expect"):
                continue
            out.append((head, lines))
            if head.startswith("query"):
                asked, ordered = "\n".join(lines), "ordered" in head
                out.append(("expect", answer(spark, asked, ordered)))
        write(path, out)
        print(f"{path.name}: {sum(h == 'expect' for h, _ in out)} queries")
    return 0


if __name__ == "__main__":
    sys.exit(main())
