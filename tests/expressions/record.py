#!/usr/bin/env python3
"""Records what real Spark answers to the expression cases. Needs `pip install pyspark==4.3.0` and Java 17.

    python3 tests/expressions/record.py [--only SUBSTRING] [--each N] [--seed N] [--to FOLDER]

One golden file per group and setting:
    set KEY VALUE                     session settings
    expr TEXT                         the expression over the columns of values.py
    column NAME | type TYPE | nullable true     its column
    row JSON                          one line per row: the value, as to_json writes it
    fails CONDITION                   in place of a row: this row alone raises the error
    refused CONDITION                 in place of the column: refused at analysis
"""
import argparse
import json
import pathlib
import time

import generate
import templates
import values

HERE = pathlib.Path(__file__).parent
JSON_OPTIONS = ("map('ignoreNullFields', 'false', 'timestampFormat', \"yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX\", "
                "'timestampNTZFormat', \"yyyy-MM-dd'T'HH:mm:ss.SSSSSS\")")


def condition_of(error):
    name = getattr(error, "getCondition", lambda: None)()
    return name or type(error).__name__


class Recorder:
    def __init__(self, spark):
        self.spark = spark

    def set_up(self, settings):
        self.spark.conf.set("spark.sql.ansi.enabled", "true")
        self.spark.conf.set("spark.sql.session.timeZone", settings.get("spark.sql.session.timeZone", "UTC"))
        rows = ",".join("(" + ",".join([str(r)] + [values.cell(c, r) for c in values.COLUMNS]) + ")" for r in range(values.ROWS))
        names = ",".join(["row_number"] + list(values.COLUMNS))
        plan = self.spark.sql(f"SELECT * FROM VALUES {rows} AS v({names})")._jdf.queryExecution().optimizedPlan()  # rows, not casts
        frame = self.spark._jvm.org.apache.spark.sql.classic.Dataset.ofRows(self.spark._jsparkSession, plan)
        frame.createOrReplaceTempView("t")
        self.spark.conf.set("spark.sql.ansi.enabled", settings.get("spark.sql.ansi.enabled", "true"))

    def values(self, expressions, where=""):
        items = ", ".join(f"to_json(named_struct('v', v{k}), {JSON_OPTIONS}) AS j{k}" for k in range(len(expressions)))
        inner = ", ".join(f"({e}) AS v{k}" for k, e in enumerate(expressions))
        rows = self.spark.sql(f"SELECT {items} FROM (SELECT {inner} FROM t {where})").collect()
        return [[json_value(row[k]) for row in rows] for k in range(len(expressions))]

    def column(self, expression):
        field = self.spark.sql(f"SELECT {expression} FROM t").schema[0]
        return field.name, field.dataType.simpleString(), field.nullable

    def by_row(self, expression):
        out = []
        for r in range(values.ROWS):
            try:
                out.append("row " + self.values([expression], f"WHERE row_number = {r}")[0][0])
            except Exception as error:  # noqa: BLE001: every condition is recorded
                out.append("fails " + condition_of(error))
        return out

    def record(self, expressions):
        known, lines = [], {}
        for e in expressions:
            try:
                known.append((e, self.column(e)))
            except Exception as error:  # noqa: BLE001
                lines[e] = ["refused " + condition_of(error)]
        for at in range(0, len(known), 16):
            part = known[at:at + 16]
            for e, column, rows in self.part(part):
                name, kind, nullable = column
                lines[e] = ["column " + name.replace("\n", "\\n"), "type " + kind, "nullable " + str(nullable).lower()] + rows
        return [(e, lines[e]) for e in expressions]

    def part(self, part):
        try:
            answers = self.values([e for e, _ in part])
            return [(e, column, ["row " + v for v in rows]) for (e, column), rows in zip(part, answers)]
        except Exception:  # noqa: BLE001
            if len(part) == 1:
                return [(part[0][0], part[0][1], self.by_row(part[0][0]))]
        middle = len(part) // 2
        return self.part(part[:middle]) + self.part(part[middle:])


def json_value(text):
    """'{"v":1}' without its shell."""
    assert text.startswith('{"v":') and text.endswith("}"), text
    return text[5:-1]


def start_spark():
    import logging
    from pyspark.sql import SparkSession
    logging.disable(logging.CRITICAL)
    spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "1")
             .config("spark.log.level", "OFF").config("spark.sql.maxMetadataStringLength", "10").config("spark.sql.ui.explainMode", "simple").getOrCreate())
    return spark


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--each", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", default=str(HERE / "golden"))
    args = parser.parse_args()
    values.write(HERE / "golden" / "columns.txt")
    recorder = Recorder(start_spark())
    total = 0
    for group in templates.GROUPS:
        variants = dict(templates.VARIANTS)
        if group == "dates":
            variants.update(templates.ZONES)
        for variant, settings in variants.items():
            name = group + ("_" + variant if variant else "")
            if args.only not in name:
                continue
            begin = time.monotonic()
            recorder.set_up(settings)
            each = args.each if not variant else max(1, args.each // 2)
            answers = recorder.record(generate.cases(group, variant, each, args.seed))
            with open(pathlib.Path(args.to, name + ".txt"), "w", encoding="utf-8") as out:
                for key, value in settings.items():
                    out.write(f"set {key} {value}\n")
                for expression, lines in answers:
                    out.write("\nexpr " + expression + "\n" + "".join(line + "\n" for line in lines))
            total += len(answers)
            print(f"{name}: {len(answers)} cases in {time.monotonic() - begin:.1f} s", flush=True)
    print(f"{total} cases")


if __name__ == "__main__":
    main()
