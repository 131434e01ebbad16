# subqueries
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
SELECT (SELECT max(pay) FROM e)
end
expect
scalarsubquery() decimal(6,2)
5000.00
end
query
SELECT id, (SELECT max(x) FROM n) AS m FROM e
end
expect
id int NOT NULL, m int
1|3
2|3
3|3
4|3
5|3
6|3
end
query
SELECT id FROM e WHERE pay = (SELECT max(pay) FROM e)
end
expect
id int NOT NULL
1
end
query
SELECT id FROM e WHERE dept IN (SELECT dept FROM d)
end
expect
id int NOT NULL
1
2
3
4
end
query
SELECT id FROM e WHERE dept NOT IN (SELECT dept FROM d)
end
expect
id int NOT NULL
end
query
SELECT id FROM e WHERE dept NOT IN (SELECT dept FROM d WHERE dept IS NOT NULL)
end
expect
id int NOT NULL
6
end
query
SELECT x FROM n WHERE x IN (SELECT x FROM m)
end
expect
x int
2
2
end
query
SELECT x FROM n WHERE x NOT IN (SELECT x FROM m WHERE x > 100)
end
expect
x int
1
2
2
3
NULL
NULL
end
query
SELECT x, x IN (SELECT x FROM m) i, x IN (SELECT x FROM m WHERE x IS NOT NULL) j FROM n
end
expect
x int, i boolean, j boolean
1|false|false
2|true|true
2|true|true
3|false|false
NULL|false|false
NULL|false|false
end
query
SELECT id FROM e WHERE (dept, name) IN (SELECT dept, 'bob' FROM d)
end
expect
id int NOT NULL
2
end
query
SELECT id, (dept, id) IN (SELECT dept, 1 FROM d) FROM e
end
expect
id int NOT NULL, (named_struct('dept', dept, 'id', id) IN (listquery())) boolean
1|true
2|false
3|false
4|false
5|false
6|false
end
query
SELECT id FROM e WHERE EXISTS (SELECT 1 FROM d WHERE d.dept = e.dept)
end
expect
id int NOT NULL
1
2
3
4
end
query
SELECT id FROM e WHERE NOT EXISTS (SELECT * FROM d WHERE d.dept = e.dept)
end
expect
id int NOT NULL
5
6
end
query
SELECT id FROM e WHERE EXISTS (SELECT 1 FROM d WHERE d.dept > e.dept AND d.title <> 'x')
end
expect
id int NOT NULL
1
2
3
4
6
end
query
SELECT id FROM e WHERE EXISTS (SELECT 1 FROM d WHERE false)
end
expect
id int NOT NULL
end
query
SELECT id FROM e WHERE EXISTS (SELECT 1 FROM d) AND id > 4
end
expect
id int NOT NULL
5
6
end
query
SELECT id FROM e WHERE id < 3 OR EXISTS (SELECT 1 FROM d WHERE d.dept = e.dept AND title = 'ops')
end
expect
id int NOT NULL
1
2
3
4
end
query
SELECT id, (SELECT title FROM d WHERE d.dept = e.dept) t FROM e
end
expect
id int NOT NULL, t string
1|dev
2|dev
3|ops
4|ops
5|NULL
6|NULL
end
query
SELECT id, (SELECT count(*) FROM d WHERE d.dept = e.dept) c FROM e
end
expect
id int NOT NULL, c bigint
1|1
2|1
3|1
4|1
5|0
6|0
end
query
SELECT id, (SELECT count(*) + 1 FROM d WHERE d.dept = e.dept AND d.title = 'dev') c FROM e
end
expect
id int NOT NULL, c bigint
1|2
2|2
3|1
4|1
5|1
6|1
end
query
SELECT id, (SELECT max(b.id) FROM e b WHERE b.name = a.name) m FROM e a
end
expect
id int NOT NULL, m int
1|1
2|6
3|3
4|NULL
5|5
6|6
end
query
SELECT id FROM e a WHERE pay > (SELECT avg(pay) FROM e b WHERE b.dept = a.dept)
end
expect
id int NOT NULL
1
end
query
SELECT id FROM e a WHERE id IN (SELECT max(id) FROM e b WHERE b.dept = a.dept)
end
expect
id int NOT NULL
2
4
6
end
query
SELECT dept, sum(pay) > (SELECT avg(pay) FROM e) FROM e GROUP BY dept
end
expect
dept int, (sum(pay) > scalarsubquery()) boolean
10|true
20|false
30|true
NULL|false
end
query
SELECT dept, count(*) FROM e GROUP BY dept HAVING count(*) >= (SELECT count(*) FROM d WHERE title IN ('dev', 'ops'))
end
expect
dept int, count(1) bigint NOT NULL
10|2
20|2
end
query
SELECT dept, max((SELECT max(x) FROM n)) FROM e GROUP BY dept
end
expect
dept int, max(scalarsubquery()) int
10|3
20|3
30|3
NULL|3
end
query
SELECT dept, count(*) FROM e GROUP BY dept HAVING dept IN (SELECT dept FROM d)
end
expect
dept int, count(1) bigint NOT NULL
10|2
20|2
end
query
SELECT dept, (SELECT title FROM d WHERE d.dept = e.dept) FROM e GROUP BY dept
end
expect
error SCALAR_SUBQUERY_IS_IN_GROUP_BY_OR_AGGREGATE_FUNCTION
end
query ordered
SELECT id FROM e ORDER BY (SELECT max(x) FROM n) - id
end
expect
id int NOT NULL
6
5
4
3
2
1
end
query
SELECT (SELECT 1 WHERE false) AS nothing
end
expect
nothing int
NULL
end
query
SELECT CASE WHEN EXISTS (SELECT 1 FROM e WHERE id > 100) THEN 'y' ELSE 'n' END
end
expect
CASE WHEN exists() THEN y ELSE n END string NOT NULL
n
end
query
SELECT (SELECT (SELECT max(x) FROM n) + 1)
end
expect
scalarsubquery() int
4
end
query
SELECT (SELECT id FROM e)
end
expect
error SCALAR_SUBQUERY_TOO_MANY_ROWS
end
query
SELECT (SELECT id, name FROM e)
end
expect
error INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN
end
query
SELECT id IN (SELECT id, name FROM e) FROM e
end
expect
error DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH
end
query
SELECT id, (SELECT d.title FROM d WHERE d.dept = e.dept OR d.title = 'hr') FROM e WHERE id = 1
end
expect
error SCALAR_SUBQUERY_TOO_MANY_ROWS
end
query
SELECT id FROM e WHERE EXISTS (SELECT nope FROM d WHERE d.dept = e.dept)
end
expect
error UNRESOLVED_COLUMN.WITH_SUGGESTION
end
