# grouping
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
SELECT dept, name, count(*) FROM e GROUP BY ROLLUP (dept, name)
end
expect
dept int, name string, count(1) bigint NOT NULL
10|NULL|2
10|ann|1
10|bob|1
20|NULL|1
20|NULL|2
20|cid|1
30|NULL|1
30|bob|1
NULL|NULL|1
NULL|NULL|6
NULL|eve|1
end
query
SELECT dept, name, count(*), sum(pay) FROM e GROUP BY CUBE (dept, name)
end
expect
dept int, name string, count(1) bigint NOT NULL, sum(pay) decimal(16,2)
10|NULL|2|9000.50
10|ann|1|5000.00
10|bob|1|4000.50
20|NULL|1|100.25
20|NULL|2|100.25
20|cid|1|NULL
30|NULL|1|4000.50
30|bob|1|4000.50
NULL|NULL|1|100.25
NULL|NULL|1|7.00
NULL|NULL|6|13108.25
NULL|ann|1|5000.00
NULL|bob|2|8001.00
NULL|cid|1|NULL
NULL|eve|1|7.00
NULL|eve|1|7.00
end
query
SELECT dept, name, count(*) FROM e GROUP BY GROUPING SETS ((dept), (name), ())
end
expect
dept int, name string, count(1) bigint NOT NULL
10|NULL|2
20|NULL|2
30|NULL|1
NULL|NULL|1
NULL|NULL|1
NULL|NULL|6
NULL|ann|1
NULL|bob|2
NULL|cid|1
NULL|eve|1
end
query
SELECT dept, name, grouping(dept), grouping(name), grouping_id(), grouping_id(name, dept), count(*) FROM e GROUP BY CUBE (dept, name)
end
expect
error GROUPING_ID_COLUMN_MISMATCH
end
query
SELECT dept, sum(pay) FROM e GROUP BY dept WITH ROLLUP
end
expect
dept int, sum(pay) decimal(16,2)
10|9000.50
20|100.25
30|4000.50
NULL|13108.25
NULL|7.00
end
query
SELECT dept, name, max(id) FROM e GROUP BY dept, name GROUPING SETS ((dept, name), dept)
end
expect
dept int, name string, max(id) int
10|NULL|2
10|ann|1
10|bob|2
20|NULL|4
20|NULL|4
20|cid|3
30|NULL|6
30|bob|6
NULL|NULL|5
NULL|eve|5
end
query
SELECT dept, name, count(*) FROM e GROUP BY dept, ROLLUP (name)
end
expect
dept int, name string, count(1) bigint NOT NULL
10|NULL|2
10|ann|1
10|bob|1
20|NULL|1
20|NULL|2
20|cid|1
30|NULL|1
30|bob|1
NULL|NULL|1
NULL|eve|1
end
query
SELECT dept, count(*) FROM e GROUP BY GROUPING SETS (dept, dept)
end
expect
dept int, count(1) bigint NOT NULL
10|2
10|2
20|2
20|2
30|1
30|1
NULL|1
NULL|1
end
query
SELECT dept + 1, count(*) FROM e GROUP BY ROLLUP (dept + 1)
end
expect
(dept + 1) int, count(1) bigint NOT NULL
11|2
21|2
31|1
NULL|1
NULL|6
end
query
SELECT dept, sum(dept) FROM e GROUP BY ROLLUP (dept)
end
expect
dept int, sum(dept) bigint
10|20
20|40
30|30
NULL|90
NULL|NULL
end
query
SELECT dept, count(*) c FROM e GROUP BY ROLLUP (dept) HAVING grouping(dept) = 0
end
expect
dept int, c bigint NOT NULL
10|2
20|2
30|1
NULL|1
end
query ordered
SELECT dept, count(*) c FROM e GROUP BY ROLLUP (dept) ORDER BY grouping(dept), dept DESC
end
expect
dept int, c bigint NOT NULL
30|1
20|2
10|2
NULL|1
NULL|6
end
query
SELECT coalesce(dept, -1) d, count(*) FROM e GROUP BY CUBE (dept)
end
expect
d int NOT NULL, count(1) bigint NOT NULL
-1|1
-1|6
10|2
20|2
30|1
end
query
SELECT name n, dept, count(*) FROM e GROUP BY ROLLUP (n, dept)
end
expect
n string, dept int, count(1) bigint NOT NULL
NULL|20|1
NULL|NULL|1
NULL|NULL|6
ann|10|1
ann|NULL|1
bob|10|1
bob|30|1
bob|NULL|2
cid|20|1
cid|NULL|1
eve|NULL|1
eve|NULL|1
end
query
SELECT count(DISTINCT dept), count(DISTINCT name, pay), sum(DISTINCT pay) FROM e
end
expect
count(DISTINCT dept) bigint NOT NULL, count(DISTINCT name, pay) bigint NOT NULL, sum(DISTINCT pay) decimal(16,2)
3|3|9107.75
end
query
SELECT dept, count(DISTINCT name) FILTER (WHERE id > 1), avg(pay) FILTER (WHERE name = 'bob') FROM e GROUP BY dept
end
expect
dept int, count(DISTINCT name) FILTER (WHERE (id > 1)) bigint NOT NULL, avg(pay) FILTER (WHERE (name = bob)) decimal(10,6)
10|1|4000.500000
20|1|NULL
30|1|4000.500000
NULL|1|NULL
end
query
SELECT dept, count(*) FROM e GROUP BY dept HAVING count(*) > 1
end
expect
dept int, count(1) bigint NOT NULL
10|2
20|2
end
query
SELECT dept d, count(*) FROM e GROUP BY d
end
expect
d int, count(1) bigint NOT NULL
10|2
20|2
30|1
NULL|1
end
query
SELECT dept, count(*) FROM e GROUP BY 1
end
expect
dept int, count(1) bigint NOT NULL
10|2
20|2
30|1
NULL|1
end
query ordered
SELECT name FROM e ORDER BY pay DESC NULLS FIRST, id
end
expect
name string
cid
ann
bob
bob
NULL
eve
end
query ordered
SELECT name, dept FROM e ORDER BY dept NULLS LAST, name DESC NULLS FIRST
end
expect
name string, dept int
bob|10
ann|10
NULL|20
cid|20
bob|30
eve|NULL
end
query ordered
SELECT dept, sum(pay) s FROM e GROUP BY dept ORDER BY max(id) DESC
end
expect
dept int, s decimal(16,2)
30|4000.50
NULL|7.00
20|100.25
10|9000.50
end
query ordered
SELECT id FROM e ORDER BY id % 3, id DESC
end
expect
id int NOT NULL
6
3
4
1
5
2
end
query
SELECT * FROM (SELECT dept, name, pay FROM e) PIVOT (sum(pay) FOR dept IN (10, 20, 30))
end
expect
name string, 10 decimal(16,2), 20 decimal(16,2), 30 decimal(16,2)
NULL|NULL|100.25|NULL
ann|5000.00|NULL|NULL
bob|4000.50|NULL|4000.50
cid|NULL|NULL|NULL
eve|NULL|NULL|NULL
end
query
SELECT * FROM (SELECT dept, name, pay FROM e) PIVOT (sum(pay) AS s, count(pay) AS c FOR dept IN (10 AS ten, 20))
end
expect
name string, ten_s decimal(16,2), ten_c bigint, 20_s decimal(16,2), 20_c bigint
NULL|NULL|NULL|100.25|1
ann|5000.00|1|NULL|NULL
bob|4000.50|1|NULL|NULL
cid|NULL|NULL|NULL|0
eve|NULL|NULL|NULL|NULL
end
query
SELECT * FROM (SELECT dept, pay FROM e) PIVOT (max(pay) FOR dept IN (10, 99))
end
expect
10 decimal(6,2), 99 decimal(6,2)
5000.00|NULL
end
query
SELECT * FROM (SELECT dept, name, id FROM e) PIVOT (count(*) FOR name IN ('ann', 'bob' AS b))
end
expect
dept int, id int NOT NULL, ann bigint, b bigint
10|1|1|NULL
10|2|NULL|1
20|3|NULL|NULL
20|4|NULL|NULL
30|6|NULL|1
NULL|5|NULL|NULL
end
query
SELECT * FROM (SELECT dept, name, id FROM e) PIVOT (max(id) FOR (dept, name) IN ((10, 'ann') AS x, (10, 'bob')))
end
expect
x int, {10, bob} int
1|2
end
query
SELECT * FROM (SELECT id, dept, CAST(pay AS INT) p FROM e) UNPIVOT (v FOR k IN (dept, p))
end
expect
id int NOT NULL, k string NOT NULL, v int
1|dept|10
1|p|5000
2|dept|10
2|p|4000
3|dept|20
4|dept|20
4|p|100
5|p|7
6|dept|30
6|p|4000
end
query
SELECT * FROM (SELECT id, dept, id * 2.5 p FROM e) UNPIVOT INCLUDE NULLS (v FOR k IN (dept AS department, p))
end
expect
id int NOT NULL, k string NOT NULL, v decimal(13,1)
1|department|10.0
1|p|2.5
2|department|10.0
2|p|5.0
3|department|20.0
3|p|7.5
4|department|20.0
4|p|10.0
5|department|NULL
5|p|12.5
6|department|30.0
6|p|15.0
end
query
SELECT * FROM (SELECT id, dept a, id b, dept + 1 c, id + 1 d FROM e) UNPIVOT ((x, y) FOR k IN ((a, b) AS ab, (c, d)))
end
expect
id int NOT NULL, k string NOT NULL, x int, y int NOT NULL
1|ab|10|1
1|c_d|11|2
2|ab|10|2
2|c_d|11|3
3|ab|20|3
3|c_d|21|4
4|ab|20|4
4|c_d|21|5
5|ab|NULL|5
5|c_d|NULL|6
6|ab|30|6
6|c_d|31|7
end
query
SELECT grouping(dept) FROM e GROUP BY dept
end
expect
error UNSUPPORTED_GROUPING_EXPRESSION
end
query
SELECT grouping(pay) FROM e GROUP BY ROLLUP (dept)
end
expect
error GROUPING_COLUMN_MISMATCH
end
query
SELECT name, count(*) FROM e GROUP BY dept
end
expect
error MISSING_AGGREGATION
end
query
SELECT dept FROM e GROUP BY count(*)
end
expect
error GROUP_BY_AGGREGATE
end
query
SELECT dept, count(*) FROM e GROUP BY 3
end
expect
error GROUP_BY_POS_OUT_OF_RANGE
end
query
SELECT count(*) FROM e WHERE count(*) > 1
end
expect
error INVALID_WHERE_CONDITION
end
query
SELECT sum(count(*)) FROM e
end
expect
error NESTED_AGGREGATE_FUNCTION
end
