# generators
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
view a
SELECT * FROM VALUES (1, array('x', 'y'), map('k', 1, 'l', NULL)), (2, array(), NULL), (3, NULL, NULL), (4, array(NULL), map('z', 9)) AS a (id, xs, kv)
end
query
SELECT explode(xs) FROM a
end
expect
col string
NULL
x
y
end
query
SELECT id, explode(xs) AS x FROM a
end
expect
id int NOT NULL, x string
1|x
1|y
4|NULL
end
query
SELECT id, explode_outer(xs) FROM a
end
expect
id int NOT NULL, col string
1|x
1|y
2|NULL
3|NULL
4|NULL
end
query
SELECT id, posexplode(xs) FROM a
end
expect
id int NOT NULL, pos int NOT NULL, col string
1|0|x
1|1|y
4|0|NULL
end
query
SELECT id, posexplode_outer(xs) AS (p, v) FROM a
end
expect
id int NOT NULL, p int, v string
1|0|x
1|1|y
2|NULL|NULL
3|NULL|NULL
4|0|NULL
end
query
SELECT id, explode(kv) FROM a
end
expect
id int NOT NULL, key string NOT NULL, value int
1|k|1
1|l|NULL
4|z|9
end
query
SELECT id, explode(kv) AS (k, v) FROM a
end
expect
id int NOT NULL, k string NOT NULL, v int
1|k|1
1|l|NULL
4|z|9
end
query
SELECT explode(array(1, 2, 3))
end
expect
col int NOT NULL
1
2
3
end
query
SELECT inline(array(struct(1, 'a'), struct(2, 'b')))
end
expect
col1 int NOT NULL, col2 string NOT NULL
1|a
2|b
end
query
SELECT inline(array(named_struct('p', 1, 'q', 'a'), NULL))
end
expect
p int, q string
1|a
NULL|NULL
end
query
SELECT stack(2, 1, 'a', 2, 'b')
end
expect
col0 int, col1 string
1|a
2|b
end
query
SELECT id, stack(2, id, dept, 0, dept + 1) AS (x, y) FROM e
end
expect
id int NOT NULL, x int, y int
1|0|11
1|1|10
2|0|11
2|2|10
3|0|21
3|3|20
4|0|21
4|4|20
5|0|NULL
5|5|NULL
6|0|31
6|6|30
end
query
SELECT id, x FROM a LATERAL VIEW explode(xs) t AS x
end
expect
id int NOT NULL, x string
1|x
1|y
4|NULL
end
query
SELECT id, x FROM a LATERAL VIEW OUTER explode(xs) t AS x
end
expect
id int NOT NULL, x string
1|x
1|y
2|NULL
3|NULL
4|NULL
end
query
SELECT id, t.* FROM a LATERAL VIEW posexplode(xs) t
end
expect
id int NOT NULL, pos int NOT NULL, col string
1|0|x
1|1|y
4|0|NULL
end
query
SELECT id, k, v, x FROM a LATERAL VIEW explode(kv) m AS k, v LATERAL VIEW OUTER explode(xs) s AS x
end
expect
id int NOT NULL, k string NOT NULL, v int, x string
1|k|1|x
1|k|1|y
1|l|NULL|x
1|l|NULL|y
4|z|9|NULL
end
query
SELECT count(*), x FROM a LATERAL VIEW explode(xs) t AS x GROUP BY x
end
expect
count(1) bigint NOT NULL, x string
1|NULL
1|x
1|y
end
query
SELECT x FROM a LATERAL VIEW explode(xs) t AS x WHERE x = 'y'
end
expect
x string
y
end
query ordered
SELECT explode(xs) AS x FROM a ORDER BY x
end
expect
x string
NULL
x
y
end
query
SELECT * FROM explode(array(10, 20))
end
expect
col int NOT NULL
10
20
end
query
SELECT * FROM explode(array(10, 20)) AS t (n)
end
expect
n int NOT NULL
10
20
end
query
SELECT a.id, t.col FROM a, LATERAL explode(xs) t
end
expect
id int NOT NULL, col string
1|x
1|y
4|NULL
end
query
SELECT a.id, t.x FROM a LEFT JOIN LATERAL explode(xs) t (x)
end
expect
id int NOT NULL, x string
1|x
1|y
4|NULL
end
query
SELECT explode(id) FROM e
end
expect
error DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE
end
query
SELECT explode(xs), explode(xs) FROM a
end
expect
col string, col string
NULL|NULL
x|x
x|y
y|x
y|y
end
query
SELECT explode(xs) + 1 FROM a
end
expect
error UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS
end
query
SELECT id FROM a WHERE explode(xs) = 'x'
end
expect
error UNSUPPORTED_GENERATOR.OUTSIDE_SELECT
end
