# windows
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
view s
SELECT * FROM VALUES ('a', 1, 10, DATE '2020-01-01'), ('a', 2, NULL, DATE '2020-01-02'), ('a', 2, 20, DATE '2020-01-05'), ('a', 4, 5, DATE '2020-01-05'), ('b', 1, 7, NULL), ('b', NULL, 8, DATE '2020-02-01'), (NULL, 3, 1, DATE '2020-02-03') AS s (g, o, v, d)
end
query
SELECT g, o, v, row_number() OVER (PARTITION BY g ORDER BY o, v) FROM s
end
expect
g string, o int, v int, row_number() OVER (PARTITION BY g ORDER BY o ASC NULLS FIRST, v ASC NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) int NOT NULL
NULL|3|1|1
a|1|10|1
a|2|20|3
a|2|NULL|2
a|4|5|4
b|1|7|2
b|NULL|8|1
end
query
SELECT g, o, rank() OVER (PARTITION BY g ORDER BY o) r, dense_rank() OVER (PARTITION BY g ORDER BY o) d, percent_rank() OVER (PARTITION BY g ORDER BY o) p, cume_dist() OVER (PARTITION BY g ORDER BY o) c FROM s
end
expect
g string, o int, r int NOT NULL, d int NOT NULL, p double NOT NULL, c double NOT NULL
NULL|3|1|1|0.0|1.0
a|1|1|1|0.0|0.25
a|2|2|2|0.3333333333333333|0.75
a|2|2|2|0.3333333333333333|0.75
a|4|4|3|1.0|1.0
b|1|2|2|1.0|1.0
b|NULL|1|1|0.0|0.5
end
query
SELECT g, o, v, ntile(2) OVER (PARTITION BY g ORDER BY o, v) t FROM s
end
expect
g string, o int, v int, t int NOT NULL
NULL|3|1|1
a|1|10|1
a|2|20|2
a|2|NULL|1
a|4|5|2
b|1|7|2
b|NULL|8|1
end
query
SELECT v, ntile(3) OVER (ORDER BY v DESC) FROM s
end
expect
v int, ntile(3) OVER (ORDER BY v DESC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) int NOT NULL
10|1
1|3
20|1
5|2
7|2
8|1
NULL|3
end
query
SELECT g, o, v, lag(v) OVER (PARTITION BY g ORDER BY o, v) FROM s
end
expect
g string, o int, v int, lag(v, 1, NULL) OVER (PARTITION BY g ORDER BY o ASC NULLS FIRST, v ASC NULLS FIRST ROWS BETWEEN -1 FOLLOWING AND -1 FOLLOWING) int
NULL|3|1|NULL
a|1|10|NULL
a|2|20|NULL
a|2|NULL|10
a|4|5|20
b|1|7|8
b|NULL|8|NULL
end
query
SELECT g, o, v, lead(v, 2, -1) OVER (PARTITION BY g ORDER BY o, v) l FROM s
end
expect
g string, o int, v int, l int
NULL|3|1|-1
a|1|10|20
a|2|20|-1
a|2|NULL|5
a|4|5|-1
b|1|7|-1
b|NULL|8|-1
end
query
SELECT g, o, v, lag(v, -1) OVER (PARTITION BY g ORDER BY o, v) l, lag(v, 1) IGNORE NULLS OVER (PARTITION BY g ORDER BY o, v) i FROM s
end
expect
g string, o int, v int, l int, i int
NULL|3|1|NULL|NULL
a|1|10|NULL|NULL
a|2|20|5|10
a|2|NULL|20|10
a|4|5|NULL|20
b|1|7|NULL|8
b|NULL|8|7|NULL
end
query
SELECT g, o, v, first_value(v) OVER (PARTITION BY g ORDER BY o, v) f, last_value(v) OVER (PARTITION BY g ORDER BY o, v) l FROM s
end
expect
g string, o int, v int, f int, l int
NULL|3|1|1|1
a|1|10|10|10
a|2|20|10|20
a|2|NULL|10|NULL
a|4|5|10|5
b|1|7|8|7
b|NULL|8|8|8
end
query
SELECT g, o, v, first(v) IGNORE NULLS OVER (PARTITION BY g ORDER BY v ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) f FROM s
end
expect
g string, o int, v int, f int
NULL|3|1|NULL
a|1|10|20
a|2|20|NULL
a|2|NULL|5
a|4|5|10
b|1|7|8
b|NULL|8|NULL
end
query
SELECT g, o, v, nth_value(v, 2) OVER (PARTITION BY g ORDER BY o, v) n FROM s
end
expect
g string, o int, v int, n int
NULL|3|1|NULL
a|1|10|NULL
a|2|20|NULL
a|2|NULL|NULL
a|4|5|NULL
b|1|7|7
b|NULL|8|NULL
end
query
SELECT g, v, sum(v) OVER (PARTITION BY g) FROM s
end
expect
g string, v int, sum(v) OVER (PARTITION BY g ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) bigint
NULL|1|1
a|10|35
a|20|35
a|5|35
a|NULL|35
b|7|15
b|8|15
end
query
SELECT g, o, sum(v) OVER (PARTITION BY g ORDER BY o) s FROM s
end
expect
g string, o int, s bigint
NULL|3|1
a|1|10
a|2|30
a|2|30
a|4|35
b|1|15
b|NULL|8
end
query
SELECT g, o, v, sum(v) OVER (PARTITION BY g ORDER BY o, v ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) s FROM s
end
expect
g string, o int, v int, s bigint
NULL|3|1|1
a|1|10|10
a|2|20|25
a|2|NULL|30
a|4|5|25
b|1|7|15
b|NULL|8|15
end
query
SELECT g, o, v, count(*) OVER (PARTITION BY g ORDER BY o, v ROWS UNBOUNDED PRECEDING) c FROM s
end
expect
g string, o int, v int, c bigint NOT NULL
NULL|3|1|1
a|1|10|1
a|2|20|3
a|2|NULL|2
a|4|5|4
b|1|7|2
b|NULL|8|1
end
query
SELECT g, o, v, avg(v) OVER (ORDER BY v RANGE BETWEEN 3 PRECEDING AND 2 FOLLOWING) a FROM s
end
expect
g string, o int, v int, a double
NULL|3|1|1.0
a|1|10|8.333333333333334
a|2|20|20.0
a|2|NULL|NULL
a|4|5|6.0
b|1|7|6.666666666666667
b|NULL|8|7.5
end
query
SELECT v, count(*) OVER (ORDER BY v DESC RANGE BETWEEN 3 PRECEDING AND CURRENT ROW) a FROM s
end
expect
v int, a bigint NOT NULL
10|1
1|1
20|1
5|3
7|3
8|2
NULL|1
end
query
SELECT d, count(*) OVER (ORDER BY d RANGE BETWEEN 3 PRECEDING AND CURRENT ROW) a FROM s
end
expect
d date, a bigint NOT NULL
2020-01-01|1
2020-01-02|2
2020-01-05|3
2020-01-05|3
2020-02-01|1
2020-02-03|2
NULL|1
end
query
SELECT d, count(*) OVER (ORDER BY d RANGE BETWEEN INTERVAL 3 DAYS PRECEDING AND INTERVAL 1 DAY FOLLOWING) a FROM s
end
expect
d date, a bigint NOT NULL
2020-01-01|2
2020-01-02|2
2020-01-05|3
2020-01-05|3
2020-02-01|1
2020-02-03|2
NULL|1
end
query
SELECT v, sum(v) OVER (ORDER BY v ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING) a, sum(v) OVER (ORDER BY v ROWS BETWEEN 2 FOLLOWING AND 3 FOLLOWING) b FROM s
end
expect
v int, a bigint, b bigint
10|12|NULL
1|NULL|15
20|15|NULL
5|NULL|18
7|1|30
8|6|20
NULL|NULL|12
end
query
SELECT g, max(v) OVER w, min(v) OVER w FROM s WINDOW w AS (PARTITION BY g)
end
expect
g string, max(v) OVER (PARTITION BY g ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) int, min(v) OVER (PARTITION BY g ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) int
NULL|1|1
a|20|5
a|20|5
a|20|5
a|20|5
b|8|7
b|8|7
end
query
SELECT g, collect_list(v) OVER (PARTITION BY g ORDER BY o, v) FROM s
end
expect
g string, collect_list(v) OVER (PARTITION BY g ORDER BY o ASC NULLS FIRST, v ASC NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) array<int> NOT NULL
NULL|[1]
a|[10, 20, 5]
a|[10, 20]
a|[10]
a|[10]
b|[8, 7]
b|[8]
end
query
SELECT g, count(v) FILTER (WHERE v > 6) OVER (PARTITION BY g) FROM s
end
expect
g string, count(v) FILTER (WHERE (v > 6)) OVER (PARTITION BY g ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) bigint NOT NULL
NULL|0
a|2
a|2
a|2
a|2
b|2
b|2
end
query
SELECT g, sum(v), sum(sum(v)) OVER (ORDER BY g NULLS LAST) r FROM s GROUP BY g
end
expect
g string, sum(v) bigint, r bigint
NULL|1|51
a|35|35
b|15|50
end
query
SELECT g, sum(v) s, rank() OVER (ORDER BY sum(v) DESC) r FROM s GROUP BY g
end
expect
g string, s bigint, r int NOT NULL
NULL|1|3
a|35|1
b|15|2
end
query
SELECT * FROM (SELECT g, v, row_number() OVER (PARTITION BY g ORDER BY v DESC NULLS LAST) n FROM s) WHERE n = 1
end
expect
g string, v int, n int NOT NULL
NULL|1|1
a|20|1
b|8|1
end
query ordered
SELECT g, o, v FROM s ORDER BY row_number() OVER (ORDER BY v DESC NULLS FIRST), g
end
expect
error UNSUPPORTED_EXPR_FOR_OPERATOR
end
query
SELECT v, v - lag(v, 1, 0) OVER (ORDER BY v) AS diff FROM s WHERE v IS NOT NULL
end
expect
v int, diff int
10|2
1|1
20|10
5|4
7|2
8|1
end
query
SELECT count(*) OVER () FROM s WHERE false
end
expect
count(1) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) bigint NOT NULL
end
query
SELECT row_number() OVER (ORDER BY NULL) n, g FROM (SELECT 1 g)
end
expect
n int NOT NULL, g int NOT NULL
1|1
end
query
SELECT DISTINCT g, count(*) OVER (PARTITION BY g) c FROM s
end
expect
g string, c bigint NOT NULL
NULL|1
a|4
b|2
end
query
SELECT row_number() FROM s
end
expect
error WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE
end
query
SELECT count(DISTINCT v) OVER (PARTITION BY g) FROM s
end
expect
error DISTINCT_WINDOW_FUNCTION_UNSUPPORTED
end
query
SELECT g FROM s WHERE row_number() OVER (ORDER BY v) = 1
end
expect
error WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE
end
query
SELECT sum(v) OVER nope FROM s
end
expect
error MISSING_WINDOW_SPECIFICATION
end
query
SELECT sum(v) OVER (RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM s
end
expect
error DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER
end
