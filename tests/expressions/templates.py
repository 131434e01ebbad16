"""Expression templates. {x} stands for something of a kind (KINDS): a column or a literal. `!` in front: one case only."""

KINDS = {
    "s": ["s", "s", "w", "p", "'Hello World'", "'a.b.c'"], "p": ["p", "'a'", "','", "'b c'", "''", "w"],
    "i": ["i", "i", "k", "3", "-2", "h", "y"], "k": ["k", "j", "2", "-1", "0"], "l": ["l", "i", "100L"],
    "d": ["d", "d", "q", "f", "2.5D"], "u": ["q", "d", "0.25D"], "num": ["i", "l", "d", "n", "y", "f", "m", "h"],
    "dec": ["n", "m", "1.005"], "x": ["x", "X'0102'", "s"], "b": ["b", "true", "i > 0"],
    "dt": ["dt", "dt", "du", "DATE'2024-02-29'"], "ts": ["ts", "ts", "tu", "TIMESTAMP'2016-07-26 12:34:56.789'"], "tn": ["tn"],
    "tm": ["ts", "dt", "tn", "tu"], "z": ["tz", "'America/New_York'", "'Asia/Tokyo'"],
    "a": ["ai", "at", "ad", "aa", "ast", "ai"], "ai": ["ai", "aj", "array(1, 2, 2)"], "at": ["at", "array('x', 'y')", "at"], "ao": ["ai", "at", "ad"],
    "m": ["mi", "mj", "mk"], "any": ["s", "i", "d", "n", "b", "dt", "ts", "ai", "mi", "st", "x", "l", "f"],
    "js": ["js", "js", "'{\"a\":{\"b\":[1,2]}}'"], "t": ["times", "s", "nums"],
}

STRINGS = """
ascii({s}) | base64({x}) | bin({l}) | bit_length({x}) | btrim({s}) | btrim({s}, {p}) | char({i}) | chr({l}) | char_length({s}) | character_length({s})
concat({s}, {p}) | concat({s}, {i}, {b}) | concat_ws({p}, {s}, {s}) | concat_ws(',', at, s) | concat_ws('-') | contains({s}, {p}) | endswith({s}, {p}) | startswith({s}, {p})
decode({x}, 'UTF-8') | !decode(x, 'US-ASCII') | !decode(x, 'UTF-16') | !decode(x, 'utf-16le') | !decode(x, 'nope') | encode({s}, 'UTF-8') | encode({s}, 'UTF-16') | encode({s}, 'ISO-8859-1') | encode({s}, 'utf-32')
decode({i}, 1, 'one', 10, 'ten', 'other') | decode({k}, 1, 'one', NULL, 'none')
elt({k}, {s}, {p}) | elt({i}, 'a', 'b') | find_in_set({p}, {s}) | find_in_set('b', 'a,b,c') | format_number({num}, {k}) | !format_number(d, 2) | !format_number(n, 1) | !format_number(l, 0) | !format_number(d, '#,###.0#')
format_string('%s|%d', {s}, {i}) | printf('%5d|%-5s|%05d', {i}, {p}, {k}) | !format_string('%.2f %e', q, q) | !format_string('%x %X %o %c %%', i, i, i, 65) | !format_string('%,d %+d %(d', l, l, l) | !format_string('%2$s %1$s', s, p) | !format_string('%b %S %10.3s', b, s, s)
hex({x}) | hex({i}) | hex({l}) | unhex(hex({s})) | unhex({s}) | unhex({t}) | initcap({s}) | initcap({w}) | instr({s}, {p}) | left({s}, {k}) | right({s}, {k}) | len({s}) | length({x}) | octet_length({x})
levenshtein({s}, {p}) | levenshtein({w}, {w}) | levenshtein({w}, {w}, 2) | locate({p}, {s}) | locate({p}, {s}, {k}) | position({p}, {s}) | lower({s}) | lcase({s}) | upper({s}) | ucase({s})
lpad({s}, {k}, {p}) | lpad({s}, 8) | lpad({s}, 12, 'ab') | lpad({x}, 4, X'01') | rpad({s}, {k}, {p}) | rpad({s}, 8, '*') | rpad({s}, 10) | ltrim({s}) | ltrim({p}, {s}) | rtrim({s}) | trim({s}) | trim('a', {s}) | luhn_check({t}) | !luhn_check('79927398713')
mask({s}) | mask({s}, 'Q') | mask({s}, 'Q', 'q', 'd', 'o') | mask({s}, NULL, 'q') | overlay({s}, {p}, {k}) | overlay({s}, {p}, {k}, {k}) | overlay({x}, X'AA', 2, 1) | quote({s}) | repeat({s}, {k}) | replace({s}, {p}) | replace({s}, {p}, 'Z') | reverse({s})
sentences({s}) | !sentences('Hi there! Good morning.') | soundex({s}) | soundex({w}) | space({k}) | split({s}, ',') | split({s}, {p}) | split({s}, {p}, {k}) | split({s}, '[ab]', 2) | !split('aXbXc', 'X', -1) | split_part({s}, {p}, {k}) | split_part('a,b,c', ',', {k})
substr({s}, {k}) | substr({s}, {k}, {k}) | substring({x}, {k}, 2) | substring_index({s}, {p}, {k}) | substring_index('a.b.c.d', '.', {k}) | to_binary({t}, 'hex') | to_binary({s}, 'utf-8') | to_binary({t}, 'base64') | try_to_binary({t}) | try_to_binary({s}, 'base64') | translate({s}, {p}, {p}) | translate({s}, 'abcS', '12')
unbase64(base64({x})) | unbase64({s}) | to_base32({x}) | from_base32(to_base32({x})) | from_base32({s}) | url_encode({s}) | url_decode({s}) | url_decode(url_encode({s})) | try_url_decode({s}) | is_valid_utf8({s}) | make_valid_utf8({s}) | validate_utf8({s}) | try_validate_utf8({s}) | !is_valid_utf8(CAST(x AS STRING)) | !hex(make_valid_utf8(CAST(x AS STRING))) | collation({s})
parse_url('http://user:pw@spark.apache.org:80/path/x.html?query=1&k=v#Ref', 'HOST') | parse_url('http://user:pw@spark.apache.org:80/path/x.html?query=1&k=v#Ref', {pu}) | parse_url('http://h/p?query=1&k=v', 'QUERY', {pk}) | parse_url({s}, 'HOST') | try_parse_url({s}, 'HOST') | try_parse_url('http://[bad', 'HOST')
to_char({num9}, {nf}) | to_varchar({num9}, {nf}) | to_number({nt}, {nf}) | try_to_number({nt}, {nf}) | to_number({s}, '999') | !to_char(n, '999999999.99') | !to_char(i, 'S9999999999') | !to_number('$78.12', '$99.99') | !to_number('-12,345.6', 'S99,999.9') | !to_char(-12.5, '99.9PR')
str_to_map('a:1,b:2,c') | str_to_map({s}) | str_to_map({s}, ' ', '=') | jaro_winkler_similarity({w}, {w})
"""

REGEX = """
{s} RLIKE {re} | regexp({s}, {re}) | regexp_like({s}, {p}) | regexp_extract({s}, {re2}, 1) | regexp_extract({s}, {re2}) | regexp_extract({s}, {re2}, {k}) | regexp_extract_all({s}, {re2}, 1) | regexp_extract_all({s}, {re2}) | regexp_extract_all({s}, {re}, 0) | regexp_count({s}, {re})
regexp_replace({s}, {re}, '<$0>') | regexp_replace({s}, {re2}, '[$1]') | regexp_replace({s}, {p}, 'x') | regexp_replace({s}, {re}, '-', {k}) | regexp_substr({s}, {re}) | regexp_instr({s}, {re}) | regexp_instr({s}, {re2}, 1) | split({s}, {re}) | split({s}, {re}, 2) | {s} LIKE {like} | {s} ILIKE {like} | {s} RLIKE '(' | regexp_replace({s}, 'a', '$9')
"""
KINDS["re"] = ["'[a-z]+'", "'\\\\d+'", "'^.'", "'\\\\s'", "'b*'", "'(?i)B'", "'\\\\w$'", "'(?<=a)b'", "'(\\\\w)\\\\1'", "'[^a-z]'", "'\\\\bx'", "'a|b'", "'.$'", "'[a-c&&[^b]]'", "'\\\\p{Lu}'", "'\\\\S+'", "''", "'\\\\.'", "p"]
KINDS["re2"] = ["'([a-z])([a-z]*)'", "'(\\\\d)(\\\\d)?'", "'(\\\\w+) (\\\\w+)'", "'(?<first>a)(b)'", "'(x)|(,)'", "'()'"]
KINDS["like"] = ["'%a%'", "'_B%'", "'a,%'", "'%\\\\%'", "p", "'Spark%'"]
KINDS["w"] = ["w", "w", "'sitting'", "s"]
KINDS["pu"] = ["'HOST'", "'PATH'", "'QUERY'", "'REF'", "'PROTOCOL'", "'FILE'", "'AUTHORITY'", "'USERINFO'", "'nope'"]
KINDS["pk"] = ["'query'", "'k'", "'none'"]
KINDS["num9"] = ["n", "i", "k", "12454.8", "-7", "78.12", "0", "0.5"]
KINDS["nf"] = ["'999'", "'000.00'", "'99G999D9'", "'$99,999.99'", "'S999'", "'999MI'", "'9,999PR'"]
KINDS["nt"] = ["'454'", "'78.12'", "'12,454'", "'-12'", "nums", "'$5.00'", "s"]

MATH = """
abs({num}) | acos({u}) | acosh({d}) | asin({u}) | asinh({d}) | atan({d}) | atan2({d}, {d}) | atanh({u}) | bround({num}) | bround({num}, {kk}) | cbrt({d}) | ceil({num}) | ceil({num}, {kk}) | ceiling({d}) | floor({num}) | floor({num}, {kk}) | round({num}) | round({num}, {kk})
cos({d}) | cosh({u}) | cot({u}) | csc({u}) | sec({u}) | sin({d}) | sinh({u}) | tan({u}) | tanh({d}) | degrees({d}) | radians({d}) | e() | pi() | exp({d}) | expm1({d}) | hypot({d}, {d}) | ln({num}) | log({d}) | log({u}, {d}) | log10({num}) | log1p({d}) | log2({d}) | pow({d}, {u}) | power({k}, {k}) | rint({d}) | sign({num}) | signum({d}) | sqrt({num})
factorial({i}) | factorial({k}) | greatest({num}, {num}) | greatest({d}, {d}, {u}) | least({num}, {num}) | least({s}, {p}) | greatest({dt}, {dt}) | greatest({s}, {s}, {p}) | nanvl({d}, {u}) | negative({num}) | -({num}) | positive({num}) | mod({num}, {num}) | {num} % {num} | pmod({num}, {num}) | pmod({k}, {k}) | {num} div {num}
{num} + {num} | {num} - {num} | {num} * {num} | {num} / {num} | try_add({num}, {num}) | try_subtract({num}, {num}) | try_multiply({num}, {num}) | try_divide({num}, {num}) | try_mod({num}, {num}) | try_add({i}, {i}) | try_multiply({l}, {l}) | try_add({dt}, {k}) | width_bucket({d}, 0, 10, 5) | width_bucket({u}, {u}, 10, {k}) | width_bucket({d}, 5, -5, 10)
conv({t}, 10, 16) | conv({t}, 16, 10) | conv({t}, 10, -2) | conv({t}, {k}, 36) | !conv('FFFFFFFFFFFFFFFF', 16, -10) | !conv('-1', 10, 16) | hash({any}) | hash({any}, {any}) | xxhash64({any}) | xxhash64({any}, {any}) | hash(ai, st) | md5({x}) | sha({x}) | sha1({x}) | sha2({x}, 256) | sha2({x}, {kb}) | crc32({x})
{i} & {i} | {i} | {i} | {l} ^ {i} | ~{i} | ~{y} | shiftleft({i}, {k}) | shiftleft({l}, {k}) | shiftright({i}, {k}) | shiftright({l}, 3) | shiftrightunsigned({i}, {k}) | shiftrightunsigned({l}, {k}) | {i} << {k} | {l} >> {k} | {i} >>> {k} | bit_count({i}) | bit_count({l}) | bit_count({b}) | bit_get({i}, {k}) | getbit({l}, 63) | bit_get({y}, 7) | bitmap_bit_position({l}) | bitmap_bucket_number({i}) | bitmap_count({x})
{num} = {num} | {num} < {num} | {num} <=> {num} | {num} BETWEEN {num} AND {num} | {num} IN ({num}, {num}) | CAST({num} AS STRING) | CAST({num} AS INT) | CAST({num} AS DECIMAL(12,3)) | CAST({num} AS TINYINT) | CAST({t} AS INT) | CAST({t} AS DOUBLE) | CAST({t} AS DECIMAL(10,1)) | try_cast({t} AS INT) | try_cast({num} AS TINYINT) | try_cast({t} AS DATE) | try_cast({t} AS TIMESTAMP) | CAST({t} AS BOOLEAN) | try_cast({t} AS BOOLEAN) | typeof({any}) | uniform(5, 5)
"""
KINDS["kk"] = ["0", "1", "-1", "2", "-3", "10"]
KINDS["kb"] = ["0", "224", "384", "512", "1", "k"]
KINDS["y"] = ["y", "h"]

CONDITIONAL = """
coalesce({s}, {p}) | coalesce({i}, {d}) | coalesce(NULL, {any}) | if({b}, {i}, {d}) | iff({b}, {s}, {p}) | ifnull({s}, {p}) | nvl({i}, {l}) | nvl2({s}, {i}, {d}) | nullif({i}, {k}) | nullif({s}, {p}) | nullif({d}, {d}) | equal_null({i}, {k}) | equal_null({s}, {p}) | equal_null({d}, {d}) | nullifzero({num}) | zeroifnull({num}) | nullifzero({i}) | zeroifnull({d})
isnull({any}) | isnotnull({any}) | isnan({d}) | assert_true({i} IS NOT NULL OR true) | assert_true({b}) | assert_true({i} > 0, 'too small') | raise_error({s}) | if({i} > 0, {i}, raise_error('no')) | typeof({any}) | typeof(NULL) | typeof(array({i})) | CASE WHEN {b} THEN {s} WHEN {i} > 0 THEN {p} END | CASE {k} WHEN 1 THEN 'one' WHEN 2 THEN {s} ELSE {p} END
!current_catalog() | !current_database() | !current_schema() | !current_timezone() | {b} AND {b} | {b} OR {b} | NOT {b} | {i} > 0 AND 1 / {k} > 0 | {s} = {p} | {s} < {p} | {s} <=> {p} | {ai} = {ai} | {dt} < {ts} | {st} = {st} | {st}.a | {st}.b | named_struct('a', {i}, 'b', {s}).b | struct({i}, {s}) | named_struct('x', {any}, 'y', {any})
"""
KINDS["st"] = ["st", "named_struct('a', 1, 'b', 'x')"]

DATES = """
add_months({dt}, {k}) | add_months({dt}, {mo}) | date_add({dt}, {k}) | dateadd({dt}, {i}) | date_sub({dt}, {k}) | datediff({dt}, {dt}) | date_diff({dt}, {ts}) | day({tm}) | dayofmonth({dt}) | dayofweek({dt}) | dayofyear({dt}) | dayname({tm}) | monthname({dt}) | month({tm}) | quarter({tm}) | year({tm}) | weekday({dt}) | weekofyear({dt}) | hour({ts}) | hour({tn}) | minute({ts}) | second({ts})
date_part({fld}, {ts}) | date_part({fld}, {dt}) | datepart({fld}, {tn}) | date_part('nope', {ts}) | extract(YEAR FROM {ts}) | extract(SECONDS FROM {ts}) | extract(DOW FROM {dt}) | date_trunc({tr}, {ts}) | date_trunc({tr}, {dt}) | trunc({dt}, {tr}) | last_day({dt}) | last_day({ts}) | months_between({ts}, {ts}) | months_between({dt}, {dt}) | months_between({ts}, {tu}, false) | next_day({dt}, {dw}) | next_day({dt}, 'xx')
date_format({ts}, {df}) | date_format({dt}, {df}) | date_format({tn}, 'yyyy-MM-dd HH:mm') | to_date({t}) | to_date({t}, {pf}) | try_to_date({t}) | try_to_date({t}, {pf}) | to_timestamp({t}) | to_timestamp({t}, {pf}) | try_to_timestamp({t}) | try_to_timestamp({t}, {pf}) | to_timestamp_ltz({t}) | to_timestamp_ntz({t}) | to_timestamp_ntz({t}, {pf}) | to_timestamp_ltz({dt}) | to_unix_timestamp({t}, {pf}) | unix_timestamp({ts}) | unix_timestamp({t}, {pf}) | date({t}) | timestamp({t}) | date({ts})
from_unixtime({l2}) | from_unixtime({l2}, {df}) | from_utc_timestamp({ts}, {z}) | to_utc_timestamp({ts}, {z}) | from_utc_timestamp({ts}, 'nowhere') | convert_timezone({z}, {tn}) | convert_timezone({z}, {z}, {tn}) | make_date({yr}, {mo}, {k}) | make_date({yr}, 2, 29) | make_timestamp({yr}, {mo}, {k}, {k}, {k}, {q}) | make_timestamp(2024, 3, 10, 2, 30, 15.5) | make_timestamp(2024, 11, 3, 1, 30, 59.999999, {z}) | make_timestamp(2024, 1, 1, 0, 0, 60) | make_timestamp(2024, 1, 1, 0, 0, 61.5) | try_make_timestamp({yr}, {mo}, {k}, 25, 0, 0) | make_timestamp_ntz({yr}, {mo}, {k}, 1, 2, {q}) | make_timestamp_ltz({yr}, {mo}, 5, 1, 2, 3.25) | make_timestamp_ltz(2024, 5, 5, 1, 2, 3.25, {z}) | try_make_timestamp_ntz(2024, {mo}, 31, 0, 0, 0) | try_make_timestamp_ltz(2024, {mo}, 31, 0, 0, 0)
timestamp_seconds({l2}) | timestamp_seconds({u}) | timestamp_seconds({dec}) | timestamp_millis({l2}) | timestamp_micros({l2}) | timestamp_seconds({l}) | unix_date({dt}) | date_from_unix_date({i}) | date_from_unix_date({k}) | unix_seconds({ts}) | unix_millis({ts}) | unix_micros({ts}) | timestampadd({un}, {k}, {ts}) | timestampadd({un}, {k}, {tn}) | timestampadd({un}, {i}, {ts}) | timestampdiff({un}, {ts}, {ts}) | timestampdiff({un}, {tn}, {tn}) | dateadd({un}, {k}, {ts}) | datediff({un}, {ts}, {tu}) | timestampadd({un}, {k}, {dt})
{dt} + {k} | {dt} - {k} | {ts} + INTERVAL '1' DAY | {ts} - INTERVAL '1' HOUR | {dt} + INTERVAL '1' MONTH | {ts} + INTERVAL '1-2' YEAR TO MONTH | {dt} = {ts} | {ts} < {tn} | CAST({ts} AS STRING) | CAST({ts} AS DATE) | CAST({dt} AS TIMESTAMP) | CAST({tn} AS TIMESTAMP) | CAST({ts} AS TIMESTAMP_NTZ) | CAST({ts} AS BIGINT) | CAST({ts} AS DOUBLE) | CAST({l2} AS TIMESTAMP) | CAST({t} AS TIMESTAMP) | CAST({t} AS DATE) | CAST({t} AS TIMESTAMP_NTZ) | CAST({ts} AS DECIMAL(20,6)) | window_time(window({ts}, '1 hour'))
time_bucket(INTERVAL '1' HOUR, {ts}) | to_char({ts}, 'yyyy') | to_varchar({dt}, 'dd.MM') | unix_nanos({ts}) | timestamp_nanos({k})
"""
KINDS.update({
    "mo": ["1", "12", "13", "-14", "k", "7"], "yr": ["2024", "2023", "1", "9999", "i", "0", "1600"],
    "fld": ["'YEAR'", "'quarter'", "'MONTH'", "'WEEK'", "'DAY'", "'DOW'", "'DOW_ISO'", "'DOY'", "'HOUR'", "'minute'", "'SECOND'", "'YEAROFWEEK'", "'days'", "'mins'", "'s'"],
    "tr": ["'YEAR'", "'quarter'", "'MM'", "'week'", "'DAY'", "'HOUR'", "'minute'", "'SECOND'", "'MILLISECOND'", "'microsecond'", "'nope'", "'mon'", "'yy'"],
    "dw": ["'MO'", "'tuesday'", "'Wed'", "'SU'", "p"],
    "df": ["'yyyy-MM-dd'", "'HH:mm:ss.SSS'", "'EEE, d MMM yyyy'", "'EEEE MMMM'", "'Q qqq'", "'hh:mm a'", "'D'", "'yy'", "'XXX'", "'z'", "'VV'", "'''at'' H'", "'u'", "'[yyyy]'", "'G'", "'MMM-dd HH:mm'", "'YYYY'", "'k K'", "'SSSSSS'", "'LLLL'"],
    "pf": ["'yyyy-MM-dd'", "'yyyy-MM-dd HH:mm:ss'", "'dd/MM/yyyy'", "'HH:mm'", "'yyyy-MM-dd[ HH:mm:ss]'", "'yyyy-MM-dd''T''HH:mm:ss.SSSX'", "'E'"],
    "l2": ["0L", "1469502245L", "-1L", "i", "1700000000L", "253402300800L"], "tu": ["tu"],
    "q": ["0", "59.999", "q", "30"], "un": ["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"],
})

COLLECTIONS = """
array({i}, {k}) | array({i}, {d}) | array({s}, {i}) | array() | array(NULL) | array({ai}, {ai}) | array_append({ao}, NULL) | array_append({ai}, {k}) | array_append({at}, {p}) | array_compact({a}) | array_contains({ai}, {k}) | array_contains({at}, {p}) | array_contains({ad}, {d}) | array_distinct({a}) | array_except({ai}, {ai}) | array_except({at}, {at}) | array_insert({ai}, {k}, 9) | array_insert({at}, {k}, {p}) | array_insert({ai}, 7, 9) | array_insert({ai}, -7, 9)
array_intersect({ai}, {ai}) | array_intersect({at}, {at}) | array_join({at}, ',') | array_join({at}, {p}, 'null') | array_join({ai}, '-') | array_max({ao}) | array_min({ao}) | array_max({aa}) | array_position({ai}, {k}) | array_position({at}, {p}) | array_prepend({ai}, {k}) | array_prepend({at}, NULL) | array_remove({ai}, {k}) | array_remove({at}, {p}) | array_repeat({any}, {k}) | array_size({a}) | array_sort({ao}) | array_sort({a}) | array_union({ai}, {ai}) | array_union({at}, {at}) | array_union({ad}, {ad})
arrays_overlap({ai}, {ai}) | arrays_overlap({at}, {at}) | arrays_zip({ai}, {at}) | arrays_zip({ai}, {aj}, {at}) | cardinality({a}) | cardinality({m}) | size({a}) | size({m}) | concat({ai}, {ai}) | concat({at}, {at}) | element_at({ai}, {k}) | element_at({a}, 1) | element_at({m1}, {p}) | element_at(mk, {k}) | try_element_at({ai}, {k}) | try_element_at({m1}, 'a') | exists({ai}, x -> x > 2) | flatten({aa}) | flatten(array({ai}, {ai})) | get({ai}, {k}) | {ai}[{k}] | {m1}['a'] | mk[{k}] | reverse({a}) | sequence({k}, {j}) | sequence({k}, 10, {j}) | sequence(1, 10, {k}) | sequence({j}, {j}, 0)
sequence(DATE'2024-01-31', DATE'2024-05-31', INTERVAL '1' MONTH) | sequence(DATE'2024-01-01', DATE'2024-01-05') | sequence(TIMESTAMP'2024-03-09 12:00:00', TIMESTAMP'2024-03-12 12:00:00', INTERVAL '1' DAY) | slice({a}, {k}, {j}) | slice({ai}, {k}, 2) | slice({ai}, 1, -1) | sort_array({ao}) | sort_array({ao}, false) | sort_array({aa}) | shuffle(array(1)) | ast.a | ast.b | ast[0].b | map('a', {i}) | map({s}, {k}) | map({p}, 1, {p}, 2) | map()
map_concat({mm}, {mm}) | map_concat({mm}) | map_contains_key({m1}, 'a') | map_contains_key(mk, {k}) | map_entries({m}) | map_from_arrays({at}, {at}) | map_from_arrays(array('a', 'b'), array(1, 2)) | map_from_arrays({ai}, {ai}) | map_from_entries({ast}) | map_from_entries(array(struct(1, 'a'), struct(2, {p}))) | map_keys({m}) | map_values({m}) | {a} = {a} | {ai} < {ai} | to_json({a2}) | array(1, 2) IN (array(1, 2)) | hash({a}) | CAST({a} AS STRING) | CAST({m} AS STRING)
"""
KINDS.update({"m1": ["mi", "mj"], "mm": ["mi", "mj", "map('z', 0)"], "aa": ["aa"], "ad": ["ad"], "aj": ["aj"], "j": ["j", "2", "3"], "ast": ["ast"], "a2": ["ai", "at", "st", "mi", "ast"]})

LAMBDAS = """
transform({ai}, x -> x + 1) | transform({ai}, (x, i) -> x * i) | transform({at}, x -> concat(x, {p})) | transform({ai}, x -> x + {k}) | transform({aa}, a -> size(a)) | transform({aa}, a -> transform(a, x -> x + size(a))) | transform({ai}, x -> NULL) | transform({ai}, x -> array(x, {k})) | transform({ast}, e -> e.b) | filter({ai}, x -> x > 1) | filter({at}, x -> x <> {p}) | filter({ai}, (x, i) -> i % 2 = 0) | filter({ai}, x -> x IS NOT NULL) | filter({aa}, a -> exists(a, x -> x = 1))
exists({ai}, x -> x > {k}) | exists({ai}, x -> x IS NULL) | exists({at}, x -> x = {p}) | forall({ai}, x -> x > 0) | forall({ai}, x -> x < {i}) | any_match({ai}, x -> x > 1) | aggregate({ai}, 0, (acc, x) -> acc + x) | aggregate({ai}, 0, (acc, x) -> acc + coalesce(x, 0), acc -> acc * 10) | reduce({at}, '', (acc, x) -> concat(acc, coalesce(x, '?'))) | aggregate({ai}, CAST(0 AS BIGINT), (acc, x) -> acc + x) | aggregate({ai}, 0, (acc, x) -> 1 / x) | zip_with({ai}, {ai}, (x, y) -> x + y) | zip_with({ai}, {at}, (x, y) -> concat(x, y)) | zip_with({ai}, {at}, (x, y) -> struct(y, x))
map_filter({m1}, (k, v) -> v > 1) | map_filter(mk, (k, v) -> k > {k}) | transform_keys({m1}, (k, v) -> upper(k)) | transform_keys({m1}, (k, v) -> v) | transform_keys(mk, (k, v) -> k + 1) | transform_values({m1}, (k, v) -> v + 1) | transform_values(mk, (k, v) -> concat(k, v)) | map_zip_with({m1}, {m1}, (k, a, b) -> coalesce(a, 0) + coalesce(b, 0)) | map_zip_with({m1}, {m1}, (k, a, b) -> concat(k, a)) | array_sort({ai}, (a, b) -> CASE WHEN a IS NULL THEN 1 WHEN b IS NULL THEN -1 ELSE b - a END) | array_sort({at}, (a, b) -> coalesce(length(a), 0) - coalesce(length(b), 0)) | transform({ai}, x -> transform({ai}, y -> x)) | transform({ai}, x -> 1 / (x - 1)) | transform(sequence(1, {j}), x -> x * x)
"""

JSON = """
get_json_object({js}, {jp}) | get_json_object({js}, '$.a') | json_array_length({js}) | json_object_keys({js}) | to_json({st}) | to_json({m}) | to_json({a3}) | to_json(named_struct('t', {ts}, 'd', {dt}, 'x', {num})) | to_json(named_struct('t', {ts}), map('timestampFormat', 'dd/MM/yyyy')) | to_json(named_struct('a', {i}), map('ignoreNullFields', 'false')) | to_json(named_struct('d', {d}, 'b', {x})) | from_json({js}, 'a INT, b STRING') | from_json({js}, 'a STRING') | from_json({js}, 'a DOUBLE, c ARRAY<INT>') | from_json({js}, 'a STRUCT<b: ARRAY<INT>>') | from_json({js}, 'ARRAY<STRING>') | from_json({js}, 'MAP<STRING, STRING>') | from_json({js}, 'a INT', map('mode', 'FAILFAST')) | from_json('{"t": "26/08/2015"}', 't TIMESTAMP', map('timestampFormat', 'dd/MM/yyyy')) | from_json({js}, 'a INT, _corrupt_record STRING') | from_json('[{"a": 1}, {"a": 2}]', 'ARRAY<STRUCT<a: INT>>') | from_json('{"a": 1}', 'STRUCT<a: INT>')
schema_of_json('{"a": 1, "b": [1.5, null], "c": {"d": "x"}}') | schema_of_json('[1, 2.5]') | schema_of_json('[]') | schema_of_json('{"a": null, "b": true, "c": "2016-01-01"}') | schema_of_json('[{"a": 1}, {"b": "x"}]') | schema_of_json('12345678901234567890') | schema_of_json('{"a":01}', map('allowNumericLeadingZeros', 'true')) | to_csv({st}) | to_csv(named_struct('s', {s}, 'i', {i}, 'd', {d})) | to_csv(named_struct('t', {ts}, 'd', {dt})) | to_csv(named_struct('a', 1, 'b', 'x'), map('sep', '|')) | from_csv({cs}, 'a INT, b STRING, c DOUBLE') | from_csv({cs}, 'a STRING, b STRING') | from_csv('1|2', 'a INT, b INT', map('sep', '|')) | schema_of_csv('1,abc,2.5,true,2016-01-01') | schema_of_csv('1|x', map('delimiter', '|'))
"""
KINDS.update({"jp": ["'$'", "'$.a'", "'$.b'", "'$.c[1]'", "'$.c[2].d'", "'$.c[*]'", "'$[1]'", "'$[3].a.b'", "'$.a.b'", "'$.a.b[0]'", "'$[*]'", "'$[\\'a\\']'", "'a'", "'$..a'", "'$.é'", "s"], "a3": ["ai", "at", "ad", "aa", "ast"], "cs": ["cs", "cs", "'5,x,1e3'"]})

GROUPS = {"strings": STRINGS, "regex": REGEX, "math": MATH, "conditional": CONDITIONAL, "dates": DATES, "collections": COLLECTIONS, "lambdas": LAMBDAS, "json": JSON}
# What is tried besides ANSI mode and UTC.
VARIANTS = {"": {}, "without_ansi": {"spark.sql.ansi.enabled": "false"}}
ZONES = {"in_los_angeles": {"spark.sql.session.timeZone": "America/Los_Angeles"}, "in_kolkata": {"spark.sql.session.timeZone": "Asia/Kolkata"}}
