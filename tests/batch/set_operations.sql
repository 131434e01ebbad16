# set_operations
view e
SELECT * FROM VALUES (1, 'ann', 10, 5000.0), (2, 'bob', 10, 4000.5), (3, 'cid', 20, NULL), (4, NULL, 20, 100.25), (5, 'eve', NULL, 7.0), (6, 'bob', 30, 4000.5) AS e (id, name, dept, pay)
end
view d
SELECT * FROM VALUES (10, 'dev'), (20, 'ops'), (40, 'hr'), (NULL, 'none') AS d (dept, title)
end
view n
SELECT * FROM VALUES (1), (2), (2), (NULL), (NULL), (3) AS n (x)
end
view m
SELECT * FROM VALUES (2), (NULL), (4), (2), (2) AS m (x)
end
query
SELECT x FROM n UNION ALL SELECT x FROM m
end
expect
x int
1
2
2
2
2
2
3
4
NULL
NULL
NULL
end
query
SELECT x FROM n UNION SELECT x FROM m
end
expect
x int
1
2
3
4
NULL
end
query
SELECT x FROM n INTERSECT SELECT x FROM m
end
expect
x int
2
NULL
end
query
SELECT x FROM n INTERSECT ALL SELECT x FROM m
end
expect
x int
2
2
NULL
end
query
SELECT x FROM n EXCEPT SELECT x FROM m
end
expect
x int
1
3
end
query
SELECT x FROM n EXCEPT ALL SELECT x FROM m
end
expect
x int
1
3
NULL
end
query
SELECT x FROM n MINUS SELECT x FROM m
end
expect
x int
1
3
end
query
SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2.5, 'y'
end
expect
a decimal(11,1) NOT NULL, b string NOT NULL
1.0|x
2.5|y
end
query
SELECT 1 AS a UNION ALL SELECT 2L UNION ALL SELECT 3S
end
expect
a bigint NOT NULL
1
2
3
end
query
SELECT x FROM n UNION SELECT x FROM m EXCEPT SELECT 2
end
expect
x int
1
3
4
NULL
end
query
SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 2
end
expect
1 int NOT NULL
1
2
end
query
(SELECT x FROM n ORDER BY x DESC NULLS LAST LIMIT 2) UNION ALL (SELECT x FROM m WHERE x > 3)
end
expect
x int
2
3
4
end
query ordered
SELECT x FROM n UNION ALL SELECT x FROM m ORDER BY x DESC NULLS FIRST LIMIT 4
end
expect
x int
NULL
NULL
NULL
4
end
query ordered
SELECT id, name FROM e ORDER BY id LIMIT 2 OFFSET 3
end
expect
id int NOT NULL, name string
4|NULL
5|eve
end
query ordered
SELECT id FROM e ORDER BY id OFFSET 4
end
expect
id int NOT NULL
5
6
end
query ordered
SELECT id FROM e ORDER BY pay DESC, name NULLS LAST LIMIT 1 + 2
end
expect
id int NOT NULL
1
2
6
end
query
SELECT * FROM e LIMIT 0
end
expect
id int NOT NULL, name string, dept int, pay decimal(6,2)
end
query
SELECT id FROM e OFFSET 10
end
expect
id int NOT NULL
end
query
VALUES (1, 'a'), (2, NULL)
end
expect
col1 int NOT NULL, col2 string
1|a
2|NULL
end
query
SELECT * FROM VALUES (1, 2.5), (2, 3), (NULL, 1.25) AS t (a, b)
end
expect
a int, b decimal(12,2) NOT NULL
1|2.50
2|3.00
NULL|1.25
end
query
SELECT b, a + 1 FROM VALUES (1, 'x'), (3, 'y') t (a, b) WHERE a > 1
end
expect
b string NOT NULL, (a + 1) int NOT NULL
y|4
end
query
SELECT * FROM VALUES 1, 2, 3
end
expect
col1 int NOT NULL
1
2
3
end
query
SELECT col1 FROM VALUES (DATE '2020-01-01'), (NULL)
end
expect
col1 date
2020-01-01
NULL
end
query
SELECT * FROM VALUES (array(1, 2)), (array(3))
end
expect
col1 array<int> NOT NULL
[1, 2]
[3]
end
query
SELECT id FROM range(3)
end
expect
id bigint NOT NULL
0
1
2
end
query
SELECT * FROM range(2, 10, 3)
end
expect
id bigint NOT NULL
2
5
8
end
query
SELECT count(*) FROM range(10, 0, -2)
end
expect
count(1) bigint NOT NULL
5
end
query
SELECT sum(id), count(id) FROM range(1000000)
end
expect
sum(id) bigint, count(id) bigint NOT NULL
499999500000|1000000
end
query
SELECT a.id, b.id FROM range(2) a, range(2) b
end
expect
id bigint NOT NULL, id bigint NOT NULL
0|0
0|1
1|0
1|1
end
query
SELECT 1 AS one, 'x'
end
expect
one int NOT NULL, x string NOT NULL
1|x
end
query
SELECT DISTINCT dept FROM e
end
expect
dept int
10
20
30
NULL
end
query
SELECT DISTINCT name, pay FROM e WHERE pay > 1000
end
expect
name string, pay decimal(6,2)
ann|5000.00
bob|4000.50
end
query
WITH a AS (SELECT id FROM e WHERE id < 3), b (k) AS (SELECT id FROM a) SELECT * FROM a UNION ALL SELECT k FROM b
end
expect
id int NOT NULL
1
1
2
2
end
query
WITH a AS (SELECT 1 AS x) SELECT * FROM (WITH a AS (SELECT 2 AS x) SELECT x FROM a) t, a
end
expect
x int NOT NULL, x int NOT NULL
2|1
end
query
TABLE d
end
expect
dept int, title string NOT NULL
10|dev
20|ops
40|hr
NULL|none
end
query
SELECT t.* EXCEPT (pay, name) FROM e t
end
expect
id int NOT NULL, dept int
1|10
2|10
3|20
4|20
5|NULL
6|30
end
query
SELECT * EXCEPT (id) FROM e WHERE id = 1
end
expect
name string, dept int, pay decimal(6,2)
ann|10|5000.00
end
query
SELECT * FROM (SELECT x FROM n UNION SELECT x FROM m) WHERE x IS NOT NULL
end
expect
x int
1
2
3
4
end
query
SELECT struct(id, name) FROM e UNION SELECT struct(1, 'ann')
end
expect
struct(id, name) struct<id:int,name:string> NOT NULL
{1, ann}
{2, bob}
{3, cid}
{4, null}
{5, eve}
{6, bob}
end
query
SELECT 1, 2 UNION ALL SELECT 3
end
expect
error NUM_COLUMNS_MISMATCH
end
query
SELECT 1 UNION SELECT array(1)
end
expect
error INCOMPATIBLE_COLUMN_TYPE
end
query
SELECT * FROM e LIMIT -1
end
expect
error INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE
end
query
SELECT * FROM e LIMIT 'x'
end
expect
error INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE
end
query
SELECT * FROM e LIMIT id
end
expect
error INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE
end
query
SELECT * FROM VALUES (1, 2), (3)
end
expect
error INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH
end
query
SELECT nope FROM e
end
expect
error UNRESOLVED_COLUMN.WITH_SUGGESTION
end
query
SELECT e.nope FROM e
end
expect
error UNRESOLVED_COLUMN.WITH_SUGGESTION
end
query
SELECT * FROM nothing_here
end
expect
error TABLE_OR_VIEW_NOT_FOUND
end
query
SELECT x.* FROM e
end
expect
error CANNOT_RESOLVE_STAR_EXPAND
end
