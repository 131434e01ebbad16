"""The columns that expressions are tried on: for each a type and values as SQL texts. Row r has values[r % len], so that the
lengths, which differ, mix the values."""

COLUMNS = {
    "s": ("STRING", ["''", "'Spark SQL'", "' aB c '", "'äöß€𝄞 x'", "NULL", "'a,b,,c'", "'12.5'", "'-7'", "'O''Reilly_42%'", "'one two  three'", "'x\\ny\\tz'", "'ABBA abba'"]),
    "p": ("STRING", ["','", "'a'", "''", "'SQL'", "NULL", "'b'", "' '"]),
    "w": ("STRING", ["'kitten'", "'Sitting'", "'Robert'", "'Rupert'", "'Tymczak'", "NULL", "'Pfister'", "'éclair'", "'a'"]),
    "nums": ("STRING", ["'0'", "'42'", "'-1'", "' 7 '", "'1e3'", "'0x1F'", "'9223372036854775808'", "NULL", "'abc'", "'3.999'", "'FF'"]),
    "b": ("BOOLEAN", ["true", "false", "NULL"]),
    "y": ("TINYINT", ["0", "1", "-1", "127", "-128", "NULL", "5"]),
    "h": ("SMALLINT", ["0", "7", "-300", "32767", "-32768", "NULL"]),
    "i": ("INT", ["0", "1", "-1", "2147483647", "-2147483648", "NULL", "10", "-42", "255", "1000000", "33"]),
    "l": ("BIGINT", ["0", "1", "-1", "9223372036854775807", "-9223372036854775808", "NULL", "1234567890123", "-77"]),
    "k": ("INT", ["1", "2", "3", "-1", "5", "0", "-2"]),
    "j": ("INT", ["2", "1", "4", "3", "NULL"]),
    "f": ("FLOAT", ["0.0", "-0.0", "'NaN'", "'Infinity'", "1.5", "-2.25", "3.4028235e38", "NULL"]),
    "d": ("DOUBLE", ["0.0", "-0.0", "'NaN'", "'Infinity'", "'-Infinity'", "1.5", "-2.5", "NULL", "1e300", "0.1", "-123.456", "4.9e-324", "1234567.891"]),
    "q": ("DOUBLE", ["0.5", "-0.5", "1.0", "2.0", "-1.0", "0.0", "NULL", "10.0"]),
    "n": ("DECIMAL(10,2)", ["0.00", "1.25", "-1.25", "99999999.99", "-99999999.99", "NULL", "2.50", "0.01"]),
    "m": ("DECIMAL(38,18)", ["0", "12345678901234567890.123456789012345678", "-0.000000000000000001", "NULL", "1.5"]),
    "x": ("BINARY", ["X''", "X'00FF10'", "X'537061726B'", "NULL", "X'C3A4'", "X'FFFE'"]),
    "dt": ("DATE", ["'1970-01-01'", "'2016-02-29'", "'2023-12-31'", "'0001-01-01'", "'9999-12-31'", "NULL", "'1969-12-31'", "'2024-03-10'", "'2020-01-31'", "'1582-10-10'"]),
    "du": ("DATE", ["'2016-07-26'", "'2015-01-31'", "NULL", "'2024-02-29'", "'1999-12-31'"]),
    "ts": ("TIMESTAMP", ["'1970-01-01 00:00:00'", "'2016-07-26 03:04:05.678901'", "'2024-03-10 02:30:00'", "'2024-11-03 01:30:00'", "NULL", "'1969-12-31 23:59:59.999999'",
                         "'0001-01-01 00:00:00'", "'9999-12-31 23:59:59.999999'", "'2020-02-29 12:00:00'", "'1883-11-18 12:00:00'", "'2023-12-31 23:59:59'"]),
    "tu": ("TIMESTAMP", ["'2016-07-26 00:00:00'", "'2024-03-31 23:30:15.5'", "NULL", "'2021-06-30 11:22:33'"]),
    "tn": ("TIMESTAMP_NTZ", ["'1970-01-01 00:00:00'", "'2024-03-10 02:30:00.25'", "NULL", "'2016-12-31 23:59:59.999999'", "'1900-01-01 00:00:00'"]),
    "tz": ("STRING", ["'UTC'", "'America/Los_Angeles'", "'Asia/Kolkata'", "'+02:00'", "NULL", "'Europe/London'"]),
    "times": ("STRING", ["'2016-07-26'", "'2016-07-26 03:04:05'", "'26/07/2016'", "''", "NULL", "'2016-13-01'", "'03:04'", "'2016-07-26T03:04:05.123Z'", "'Tue'"]),
    "ai": ("ARRAY<INT>", ["array(1, 2, 3)", "array()", "array(3, NULL, 1, 3)", "NULL", "array(5)", "array(NULL)", "array(2, 2, 9, -1)"]),
    "aj": ("ARRAY<INT>", ["array(2, 3, 4)", "array(1)", "array()", "array(NULL, 3)", "NULL"]),
    "at": ("ARRAY<STRING>", ["array('a', 'b')", "array('b', NULL, 'ä', '')", "array()", "NULL", "array('B', 'a', 'C', 'a')"]),
    "ad": ("ARRAY<DOUBLE>", ["array(1.5, 'NaN', -0.0, 0.0)", "array('Infinity', NULL)", "array()", "NULL", "array(2.0, 1.0)"]),
    "aa": ("ARRAY<ARRAY<INT>>", ["array(array(1, 2), array(3))", "array(array(), array(NULL))", "array(NULL, array(1))", "NULL", "array()"]),
    "ast": ("ARRAY<STRUCT<a: INT, b: STRING>>", ["array(named_struct('a', 1, 'b', 'x'), named_struct('a', 2, 'b', 'y'))", "array(NULL, named_struct('a', NULL, 'b', 'z'))", "NULL", "array()"]),
    "mi": ("MAP<STRING, INT>", ["map('a', 1, 'b', 2)", "map()", "NULL", "map('c', NULL)"]),
    "mj": ("MAP<STRING, INT>", ["map('b', 20, 'x', 3)", "NULL", "map('k', 7)"]),
    "mk": ("MAP<INT, STRING>", ["map(1, 'one', 2, 'two')", "map()", "NULL", "map(3, NULL)", "map(-1, 'x')"]),
    "st": ("STRUCT<a: INT, b: STRING>", ["named_struct('a', 1, 'b', 'x')", "named_struct('a', NULL, 'b', NULL)", "NULL", "named_struct('a', -5, 'b', 'ä')"]),
    "js": ("STRING", ["'{\"a\": 1, \"b\": \"x\", \"c\": [1, 2, {\"d\": null}]}'", "'[1, \"two\", null, {\"a\": {\"b\": true}}]'", "'{\"a\": {\"b\": [10, 20]}, \"é\": 1.50}'", "''", "NULL", "'not json'", "'{\"a\": 1e3, \"b\": 12345678901234567890}'", "'\"text\"'", "'{\"a\":1,\"a\":2}'"]),
    "cs": ("STRING", ["'1,abc,2.5'", "'\"x, y\",z'", "''", "NULL", "'-3'", "'7,,'"]),
}
ROWS = 13


def cell(name, row):
    """The value as an expression of the column's type."""
    kind, values = COLUMNS[name]
    return f"CAST({values[row % len(values)]} AS {kind})"


def write(path):
    """The same cells for the tests that compare."""
    with open(path, "w", encoding="utf-8") as out:
        for name, (kind, _) in COLUMNS.items():
            out.write(f"column {name} {kind}\n" + "".join(f"cell {cell(name, row)}\n" for row in range(ROWS)))
