# joins
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
SELECT * FROM e JOIN d ON e.dept = d.dept
end
expect
id int NOT NULL, name string, dept int, pay decimal(6,2), dept int, title string NOT NULL
1|ann|10|5000.00|10|dev
2|bob|10|4000.50|10|dev
3|cid|20|NULL|20|ops
4|NULL|20|100.25|20|ops
end
query
SELECT e.name, d.title FROM e INNER JOIN d ON e.dept = d.dept WHERE e.pay > 4000
end
expect
name string, title string NOT NULL
ann|dev
bob|dev
end
query
SELECT * FROM e LEFT JOIN d ON e.dept = d.dept
end
expect
id int NOT NULL, name string, dept int, pay decimal(6,2), dept int, title string
1|ann|10|5000.00|10|dev
2|bob|10|4000.50|10|dev
3|cid|20|NULL|20|ops
4|NULL|20|100.25|20|ops
5|eve|NULL|7.00|NULL|NULL
6|bob|30|4000.50|NULL|NULL
end
query
SELECT * FROM e RIGHT OUTER JOIN d ON e.dept = d.dept
end
expect
id int, name string, dept int, pay decimal(6,2), dept int, title string NOT NULL
1|ann|10|5000.00|10|dev
2|bob|10|4000.50|10|dev
3|cid|20|NULL|20|ops
4|NULL|20|100.25|20|ops
NULL|NULL|NULL|NULL|40|hr
NULL|NULL|NULL|NULL|NULL|none
end
query
SELECT * FROM e FULL OUTER JOIN d ON e.dept = d.dept
end
expect
id int, name string, dept int, pay decimal(6,2), dept int, title string
1|ann|10|5000.00|10|dev
2|bob|10|4000.50|10|dev
3|cid|20|NULL|20|ops
4|NULL|20|100.25|20|ops
5|eve|NULL|7.00|NULL|NULL
6|bob|30|4000.50|NULL|NULL
NULL|NULL|NULL|NULL|40|hr
NULL|NULL|NULL|NULL|NULL|none
end
query
SELECT * FROM e LEFT SEMI JOIN d ON e.dept = d.dept
end
expect
id int NOT NULL, name string, dept int, pay decimal(6,2)
1|ann|10|5000.00
2|bob|10|4000.50
3|cid|20|NULL
4|NULL|20|100.25
end
query
SELECT * FROM e LEFT ANTI JOIN d ON e.dept = d.dept
end
expect
id int NOT NULL, name string, dept int, pay decimal(6,2)
5|eve|NULL|7.00
6|bob|30|4000.50
end
query
SELECT * FROM e ANTI JOIN d ON e.dept = d.dept AND d.title = 'dev'
end
expect
id int NOT NULL, name string, dept int, pay decimal(6,2)
3|cid|20|NULL
4|NULL|20|100.25
5|eve|NULL|7.00
6|bob|30|4000.50
end
query
SELECT name, title FROM e CROSS JOIN d
end
expect
name string, title string NOT NULL
NULL|dev
NULL|hr
NULL|none
NULL|ops
ann|dev
ann|hr
ann|none
ann|ops
bob|dev
bob|dev
bob|hr
bob|hr
bob|none
bob|none
bob|ops
bob|ops
cid|dev
cid|hr
cid|none
cid|ops
eve|dev
eve|hr
eve|none
eve|ops
end
query
SELECT name, title FROM e, d WHERE e.dept = d.dept
end
expect
name string, title string NOT NULL
NULL|ops
ann|dev
bob|dev
cid|ops
end
query
SELECT e.id, d.title FROM e JOIN d ON e.dept <=> d.dept
end
expect
id int NOT NULL, title string NOT NULL
1|dev
2|dev
3|ops
4|ops
5|none
end
query
SELECT e.id, d.title FROM e LEFT JOIN d ON e.dept IS NOT DISTINCT FROM d.dept AND e.id > 2
end
expect
id int NOT NULL, title string
1|NULL
2|NULL
3|ops
4|ops
5|none
6|NULL
end
query
SELECT e.id, d.title FROM e JOIN d ON e.dept < d.dept
end
expect
id int NOT NULL, title string NOT NULL
1|hr
1|ops
2|hr
2|ops
3|hr
4|hr
6|hr
end
query
SELECT e.id, d.title FROM e LEFT JOIN d ON e.dept < d.dept AND d.title <> 'hr'
end
expect
id int NOT NULL, title string
1|ops
2|ops
3|NULL
4|NULL
5|NULL
6|NULL
end
query
SELECT e.id, d.title FROM e RIGHT JOIN d ON e.dept > d.dept
end
expect
id int, title string NOT NULL
3|dev
4|dev
6|dev
6|ops
NULL|hr
NULL|none
end
query
SELECT e.id, d.title FROM e FULL JOIN d ON e.dept = d.dept AND e.id = 1
end
expect
id int, title string
1|dev
2|NULL
3|NULL
4|NULL
5|NULL
6|NULL
NULL|hr
NULL|none
NULL|ops
end
query
SELECT e.id FROM e LEFT SEMI JOIN d ON e.dept > d.dept
end
expect
id int NOT NULL
3
4
6
end
query
SELECT e.id FROM e LEFT ANTI JOIN d ON e.dept > d.dept
end
expect
id int NOT NULL
1
2
5
end
query
SELECT * FROM e JOIN d USING (dept)
end
expect
dept int, id int NOT NULL, name string, pay decimal(6,2), title string NOT NULL
10|1|ann|5000.00|dev
10|2|bob|4000.50|dev
20|3|cid|NULL|ops
20|4|NULL|100.25|ops
end
query ordered
SELECT * FROM e JOIN d USING (dept) ORDER BY dept DESC, id
end
expect
dept int, id int NOT NULL, name string, pay decimal(6,2), title string NOT NULL
20|3|cid|NULL|ops
20|4|NULL|100.25|ops
10|1|ann|5000.00|dev
10|2|bob|4000.50|dev
end
query
SELECT * FROM e LEFT JOIN d USING (dept)
end
expect
dept int, id int NOT NULL, name string, pay decimal(6,2), title string
10|1|ann|5000.00|dev
10|2|bob|4000.50|dev
20|3|cid|NULL|ops
20|4|NULL|100.25|ops
30|6|bob|4000.50|NULL
NULL|5|eve|7.00|NULL
end
query
SELECT * FROM e RIGHT JOIN d USING (dept)
end
expect
dept int, id int, name string, pay decimal(6,2), title string NOT NULL
10|1|ann|5000.00|dev
10|2|bob|4000.50|dev
20|3|cid|NULL|ops
20|4|NULL|100.25|ops
40|NULL|NULL|NULL|hr
NULL|NULL|NULL|NULL|none
end
query
SELECT * FROM e FULL JOIN d USING (dept)
end
expect
dept int, id int, name string, pay decimal(6,2), title string
10|1|ann|5000.00|dev
10|2|bob|4000.50|dev
20|3|cid|NULL|ops
20|4|NULL|100.25|ops
30|6|bob|4000.50|NULL
40|NULL|NULL|NULL|hr
NULL|5|eve|7.00|NULL
NULL|NULL|NULL|NULL|none
end
query
SELECT dept, e.dept, d.dept FROM e FULL JOIN d USING (dept)
end
expect
dept int, dept int, dept int
10|10|10
10|10|10
20|20|20
20|20|20
30|30|NULL
40|NULL|40
NULL|NULL|NULL
NULL|NULL|NULL
end
query
SELECT dept, e.dept, d.dept FROM e LEFT JOIN d USING (dept)
end
expect
dept int, dept int, dept int
10|10|10
10|10|10
20|20|20
20|20|20
30|30|NULL
NULL|NULL|NULL
end
query
SELECT * FROM e NATURAL JOIN d
end
expect
dept int, id int NOT NULL, name string, pay decimal(6,2), title string NOT NULL
10|1|ann|5000.00|dev
10|2|bob|4000.50|dev
20|3|cid|NULL|ops
20|4|NULL|100.25|ops
end
query
SELECT * FROM e NATURAL LEFT JOIN d
end
expect
dept int, id int NOT NULL, name string, pay decimal(6,2), title string
10|1|ann|5000.00|dev
10|2|bob|4000.50|dev
20|3|cid|NULL|ops
20|4|NULL|100.25|ops
30|6|bob|4000.50|NULL
NULL|5|eve|7.00|NULL
end
query
SELECT * FROM e LEFT SEMI JOIN d USING (dept)
end
expect
dept int, id int NOT NULL, name string, pay decimal(6,2)
10|1|ann|5000.00
10|2|bob|4000.50
20|3|cid|NULL
20|4|NULL|100.25
end
query
SELECT * FROM n NATURAL JOIN m
end
expect
x int
2
2
2
2
2
2
end
query
SELECT a.id, b.id, c.title FROM e a JOIN e b ON a.name = b.name AND a.id < b.id LEFT JOIN d c ON b.dept = c.dept
end
expect
id int NOT NULL, id int NOT NULL, title string
2|6|NULL
end
query
SELECT a.id FROM e a JOIN e b ON a.id = b.id + 1 JOIN e c ON b.id = c.id + 1
end
expect
id int NOT NULL
3
4
5
6
end
query
SELECT count(*) FROM e a, e b, e c WHERE a.id = b.id AND b.id = c.id AND a.id > 2
end
expect
count(1) bigint NOT NULL
4
end
query
SELECT title, count(e.id), sum(pay) FROM d LEFT JOIN e ON e.dept = d.dept GROUP BY title
end
expect
title string NOT NULL, count(id) bigint NOT NULL, sum(pay) decimal(16,2)
dev|2|9000.50
hr|0|NULL
none|0|NULL
ops|2|100.25
end
query ordered
SELECT e.name, d.title FROM e LEFT JOIN d ON e.dept = d.dept ORDER BY e.id DESC, d.title
end
expect
name string, title string
bob|NULL
eve|NULL
NULL|ops
cid|ops
bob|dev
ann|dev
end
query
SELECT e.*, d.title FROM e JOIN d ON e.dept = d.dept
end
expect
id int NOT NULL, name string, dept int, pay decimal(6,2), title string NOT NULL
1|ann|10|5000.00|dev
2|bob|10|4000.50|dev
3|cid|20|NULL|ops
4|NULL|20|100.25|ops
end
query
SELECT x.n, y.n FROM (SELECT count(*) n FROM e) x JOIN (SELECT count(*) n FROM d) y ON x.n > y.n
end
expect
n bigint NOT NULL, n bigint NOT NULL
6|4
end
query
SELECT a.x, b.x FROM n a JOIN m b ON a.x = b.x
end
expect
x int, x int
2|2
2|2
2|2
2|2
2|2
2|2
end
query
SELECT a.x, b.x FROM n a JOIN (SELECT CAST(x AS DOUBLE) x FROM m) b ON a.x = b.x
end
expect
x int, x double
2|2.0
2|2.0
2|2.0
2|2.0
2|2.0
2|2.0
end
query
SELECT e.id, d.title FROM e JOIN d ON true
end
expect
id int NOT NULL, title string NOT NULL
1|dev
1|hr
1|none
1|ops
2|dev
2|hr
2|none
2|ops
3|dev
3|hr
3|none
3|ops
4|dev
4|hr
4|none
4|ops
5|dev
5|hr
5|none
5|ops
6|dev
6|hr
6|none
6|ops
end
query
SELECT e.id FROM e LEFT JOIN d ON false WHERE d.title IS NULL
end
expect
id int NOT NULL
1
2
3
4
5
6
end
query
SELECT e.id, d.dept FROM e JOIN d ON e.dept + 10 = d.dept
end
expect
id int NOT NULL, dept int
1|20
2|20
6|40
end
query
SELECT e.id, t.v FROM e JOIN VALUES (1, 'one'), (2, 'two') AS t (k, v) ON e.id = t.k
end
expect
id int NOT NULL, v string NOT NULL
1|one
2|two
end
query
SELECT * FROM (SELECT 1 AS a) x LEFT JOIN (SELECT 2 AS b WHERE false) y ON true
end
expect
a int NOT NULL, b int
1|NULL
end
query
SELECT * FROM (SELECT 1 AS a WHERE false) x FULL JOIN (SELECT 2 AS b) y ON x.a = y.b
end
expect
a int, b int
NULL|2
end
query
SELECT e.id, t.c FROM e, LATERAL (SELECT title AS c FROM d WHERE d.dept = e.dept) t
end
expect
id int NOT NULL, c string NOT NULL
1|dev
2|dev
3|ops
4|ops
end
query
SELECT e.id, t.c FROM e LEFT JOIN LATERAL (SELECT title AS c FROM d WHERE d.dept = e.dept) t
end
expect
id int NOT NULL, c string
1|dev
2|dev
3|ops
4|ops
5|NULL
6|NULL
end
query
SELECT dept FROM e JOIN d ON e.dept = d.dept
end
expect
error AMBIGUOUS_REFERENCE
end
query
SELECT id FROM e a JOIN e b ON a.id = b.id
end
expect
error AMBIGUOUS_REFERENCE
end
query
SELECT * FROM e JOIN d ON e.nope = d.dept
end
expect
error UNRESOLVED_COLUMN.WITH_SUGGESTION
end
query
SELECT * FROM e JOIN d USING (nope)
end
expect
error UNRESOLVED_USING_COLUMN_FOR_JOIN
end
query
SELECT * FROM e JOIN d ON e.id
end
expect
error JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE
end
query
SELECT * FROM e JOIN d ON count(*) > 1
end
expect
error UNSUPPORTED_EXPR_FOR_OPERATOR
end
