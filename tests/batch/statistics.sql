# statistics
view s
SELECT * FROM VALUES ('a', 1, 2.0D, 'x'), ('a', 2, 3.5D, 'y'), ('a', 4, 1.0D, 'x'), ('a', 4, 9.25D, NULL), ('b', 7, NULL, 'z'), ('b', NULL, 5.0D, 'z'), ('c', 5, 5.0D, 'w') AS s (g, i, d, t)
end
query
SELECT g, corr(i, d), covar_pop(i, d), covar_samp(i, d) FROM s GROUP BY g
end
expect
g string NOT NULL, corr(i, d) double, covar_pop(i, d) double, covar_samp(i, d) double
a|0.4029938882070348|1.671875|2.2291666666666665
b|NULL|NULL|NULL
c|NULL|0.0|NULL
end
query
SELECT corr(i, d) c, regr_count(d, i) n, regr_avgx(d, i) ax, regr_avgy(d, i) ay, regr_sxx(d, i) sxx, regr_syy(d, i) syy, regr_sxy(d, i) sxy, regr_slope(d, i) m, regr_intercept(d, i) b, regr_r2(d, i) r FROM s
end
expect
c double, n bigint NOT NULL, ax double, ay double, sxx double, syy double, sxy double, m double, b double, r double
0.4052458219582083|5|3.2|4.15|10.799999999999999|41.7|8.600000000000001|0.7962962962962964|1.6018518518518516|0.1642241762145839
end
query
SELECT g, regr_slope(d, i) m, regr_intercept(d, i) b, regr_r2(d, i) r, regr_avgx(d, i) ax FROM s GROUP BY g
end
expect
g string NOT NULL, m double, b double, r double, ax double
a|0.9907407407407409|1.2129629629629624|0.16240407393222414|2.75
b|NULL|NULL|NULL|NULL
c|NULL|NULL|NULL|5.0
end
query
SELECT g, skewness(i), kurtosis(i) FROM s GROUP BY g
end
expect
g string NOT NULL, skewness(i) double, kurtosis(i) double
a|-0.21383343303319435|-1.720164609053499
b|NULL|NULL
c|NULL|NULL
end
query
SELECT g, bit_and(i), bit_or(i), bit_xor(i) FROM s GROUP BY g
end
expect
g string NOT NULL, bit_and(i) int, bit_or(i) int, bit_xor(i) int
a|0|7|3
b|7|7|7
c|5|5|5
end
query
SELECT g, max_by(t, i), min_by(t, d), max_by(i, d) FROM s GROUP BY g
end
expect
g string NOT NULL, max_by(t, i) string, min_by(t, d) string, max_by(i, d) int
a|NULL|x|4
b|z|z|NULL
c|w|w|5
end
query
SELECT percentile(i, 0.5), percentile(d, array(0.0, 0.25, 1.0)), median(i), median(d) FROM s
end
expect
percentile(i, 0.5, 1) double, percentile(d, array(0.0, 0.25, 1.0), 1) array<double>, median(i) double, median(d) double
4.0|[1.0, 2.375, 9.25]|4.0|4.25
end
query
SELECT g, percentile(i, 0.3), percentile_approx(i, 0.5), percentile_approx(d, array(0.1, 0.9), 100), approx_percentile(i, 0.25) FROM s GROUP BY g
end
expect
g string NOT NULL, percentile(i, 0.3, 1) double, percentile_approx(i, 0.5, 10000) int, percentile_approx(d, array(0.1, 0.9), 100) array<double>, approx_percentile(i, 0.25, 10000) int
a|1.9|2|[1.0, 9.25]|1
b|7.0|7|[5.0, 5.0]|7
c|5.0|5|[5.0, 5.0]|5
end
query
SELECT g, mode(t), mode(i) FROM s GROUP BY g
end
expect
g string NOT NULL, mode(t) string, mode(i) int
a|x|4
b|z|7
c|w|5
end
query
SELECT g, listagg(t, ', '), string_agg(t), listagg(g, '-') FROM s GROUP BY g
end
expect
g string NOT NULL, listagg(t, , ) string, string_agg(t, NULL) string, listagg(g, -) string
a|x, y, x|xyx|a-a-a-a
b|z, z|zz|b-b
c|w|w|c
end
query
SELECT approx_count_distinct(i), approx_count_distinct(t, 0.01), approx_count_distinct(d) FROM s
end
expect
approx_count_distinct(i) bigint NOT NULL, approx_count_distinct(t) bigint NOT NULL, approx_count_distinct(d) bigint NOT NULL
5|4|5
end
query
SELECT approx_count_distinct(id), approx_count_distinct(id % 7), approx_count_distinct(CAST(id AS STRING)) FROM range(350)
end
expect
approx_count_distinct(id) bigint NOT NULL, approx_count_distinct((id % 7)) bigint NOT NULL, approx_count_distinct(CAST(id AS STRING)) bigint NOT NULL
357|7|343
end
query
SELECT bool_and(i > 0), bool_or(i > 6), every(i > 1), any_value(g), count_if(i > 2), first_value(t), array_agg(t) FROM s
end
expect
bool_and((i > 0)) boolean, bool_or((i > 6)) boolean, every((i > 1)) boolean, any_value(g) string, count_if((i > 2)) bigint NOT NULL, first_value(t) string, collect_list(t) array<string> NOT NULL
true|true|false|a|4|x|[x, y, x, z, z, w]
end
query
SELECT corr(i, d), median(i), mode(t), max_by(t, i), bit_or(i), skewness(d), approx_count_distinct(t), listagg(t), regr_count(d, i) FROM s WHERE false
end
expect
corr(i, d) double, median(i) double, mode(t) string, max_by(t, i) string, bit_or(i) int, skewness(d) double, approx_count_distinct(t) bigint NOT NULL, listagg(t, NULL) string, regr_count(d, i) bigint NOT NULL
NULL|NULL|NULL|NULL|NULL|NULL|0|NULL|0
end
query
SELECT g, i, max_by(t, i) OVER (PARTITION BY g ORDER BY i) m, median(i) OVER (PARTITION BY g) e FROM s
end
expect
g string NOT NULL, i int, m string, e double
a|1|x|3.0
a|2|y|3.0
a|4|NULL|3.0
a|4|NULL|3.0
b|7|z|7.0
b|NULL|NULL|7.0
c|5|w|5.0
end
query
SELECT max_by(t) FROM s
end
expect
error WRONG_NUM_ARGS.WITHOUT_SUGGESTION
end
query
SELECT bit_and(d) FROM s
end
expect
error DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE
end
query
SELECT percentile(i, d) FROM s
end
expect
error DATATYPE_MISMATCH.NON_FOLDABLE_INPUT
end
