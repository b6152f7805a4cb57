"""Statements as Superset sends them, at random, over a table of every type; the smallest that shows a difference."""

import contextlib
import random
from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

# Sums of eighths are exact in any order, so that two engines have the same double to the last bit.
TYPES = r"""
SELECT i AS id, (i % 4)::INTEGER AS q, CASE WHEN i % 7 > 0 THEN i % 3 END::SMALLINT AS small, i % 3 = 0 AS flag,
  CASE WHEN i % 5 > 0 THEN ['ünïx', 'O''Hara', '50%', 'a_b', 'Zeta', 'zeta', '日本', 'a\b', ''][i % 9 + 1] END AS txt,
  CASE WHEN i % 6 > 0 THEN (i * 1.37 - 50)::DECIMAL(18, 2) END AS amount,
  CASE WHEN i % 8 > 0 THEN (i % 50 * 0.125 - 2)::DOUBLE END AS d,
  (CASE WHEN i % 2 = 0 THEN 9223372036854775000 ELSE 900 END)::BIGINT AS big,
  CASE i % 11 WHEN 0 THEN NULL WHEN 1 THEN TIMESTAMP '0001-01-01' WHEN 2 THEN TIMESTAMP '9999-12-31 23:59:59.999999'
    ELSE TIMESTAMP '1969-12-28 22:30:00' + INTERVAL 13 HOUR * i END AS happened,
  CASE i % 13 WHEN 0 THEN NULL WHEN 1 THEN DATE '0001-01-01' WHEN 2 THEN DATE '9999-12-31'
    ELSE DATE '2016-12-20' + (i * 3 % 90)::INTEGER END AS day
FROM range(1, 301) r(i)
"""
COLUMNS = {
    "number": ["id", "q", "small", "amount", "d", "2", "0", "0.5", "-3"],
    "text": ["txt", "'Zeta'", "''"],
    "time": ["happened", "TIMESTAMP '1970-01-15 08:00:00'"],
    "date": ["day", "DATE '2017-01-15'"],
    "flag": ["flag"],
}
# What each kind is made of: the words in braces are expressions of that kind.
MADE = {
    "number": (
        "{number} + {number}|{number} - {number}|{number} * {number}|{number} / {number}|{number} % {number}|id // q"
        "|abs({number})|round({number}, 1)|round({number})|floor({number})|ceil({number})|sign({number})"
        "|CAST({number} AS BIGINT)|CAST({number} AS DECIMAL(18, 1))|CAST({number} AS DOUBLE)|coalesce({number}, 0)"
        "|nullif({number}, 0)|CASE WHEN {flag} THEN {number} ELSE {number} END|greatest({number}, {number})"
        "|least({number}, {number})|length({text})|strpos({text}, 'e')|year({time})|month({date})|week({date})"
        "|extract(dow FROM {date})|date_part('isodow', {time})|hour({time})|quarter({date})|dayofyear({date})"
        "|date_diff('day', {date}, {date})|date_diff('month', {time}, {date})|date_diff('hour', {time}, {time})"
        "|day - DATE '2017-01-01'|CAST({flag} AS INTEGER)|epoch({time})|big + 0 * q|TRY_CAST({number} AS INTEGER)"
    ),
    "text": (
        "lower({text})|upper({text})|left({text}, 2)|right({text}, 1)|substr({text}, 2, 3)|replace({text}, 'e', '-')"
        "|{text} || {text}|concat({text}, '-', {number})|CAST({number} AS VARCHAR)|CAST({date} AS VARCHAR)"
        "|CAST({time} AS VARCHAR)|strftime({time}, '%Y-%m')|strftime({date}, '%d.%m.%Y')|dayname({date})"
        "|monthname({time})|coalesce({text}, 'none')|CASE WHEN {flag} THEN {text} ELSE 'x' END|trim({text})"
        "|split_part({text}, 'e', 1)|reverse({text})|nullif({text}, '')|txt || id|concat_ws('/', {text}, {text})"
    ),
    "time": (
        "date_trunc('year', {time})|date_trunc('quarter', {time})|date_trunc('month', {date})"
        "|date_trunc('week', {time})|date_trunc('day', {time})|date_trunc('hour', {time})"
        "|date_trunc('minute', {time})|date_trunc('second', {time})|time_bucket(INTERVAL '5 minutes', {time})"
        "|time_bucket(INTERVAL '6 hours', {time})|CAST({date} AS TIMESTAMP)"
        "|TIMESTAMP '2017-01-31 08:00:00' + INTERVAL '1 month'|DATE '2017-03-01' - INTERVAL '1 day'"
        "|coalesce({time}, {time})"
    ),
    "date": "CAST({time} AS DATE)|last_day(DATE '2017-02-03')|coalesce({date}, {date})|DATE '2017-01-31' + q",
    "flag": (
        "{number} > {number}|{number} <= {number}|{number} = {number}|{text} = {text}|txt <> {text}"
        "|txt IN ('Zeta', '50%')|q NOT IN (1, 2)|amount BETWEEN 0 AND 100.5|txt LIKE '%e%'|txt NOT LIKE 'Z%'"
        "|txt ILIKE 'z%'|txt LIKE 'a\\_b'|txt LIKE '50!%' ESCAPE '!'|txt LIKE 'a\\b'|{number} IS NULL"
        "|{text} IS NOT NULL|{flag} AND {flag}|{flag} OR {flag}|NOT {flag}|day >= '2017-01-05'"
        "|happened < DATE '1970-01-20'|{date} < {date}|{time} >= {time}|starts_with({text}, 'Z')"
        "|contains({text}, 'a')|day BETWEEN '2017-01-01' AND '2017-01-31'|d = 0.125|small IS DISTINCT FROM q"
        "|regexp_matches(txt, '^[Zz]')|amount = '0.06'|txt ~ '.*a'"
    ),
}
METRICS = (
    "COUNT(*)|COUNT({text})|COUNT(DISTINCT {text})|COUNT(DISTINCT id)|SUM({number})|AVG({number})|MIN({number})"
    "|MAX({number})|MIN({text})|MAX({date})|MIN({time})|SUM(amount) / COUNT(*)|SUM(q) / COUNT(*)"
    "|SUM(amount) / NULLIF(SUM(d), 0)|SUM(big)|SUM(CASE WHEN {flag} THEN 1 ELSE 0 END)"
    "|SUM(amount) FILTER (WHERE {flag})|AVG(q) FILTER (WHERE {flag})|COUNT(*) FILTER (WHERE {flag})"
    "|SUM(DISTINCT q)|MEDIAN({number})|BOOL_AND({flag})|COUNT_IF({flag})|AVG(amount)"
    "|STRING_AGG(DISTINCT txt, ',' ORDER BY txt)|SUM(amount) * 1.1|ROUND(AVG(amount), 2)|SUM(flag)|MAX(big) - 1"
    "|SUM(amount) / NULLIF(SUM(amount), 0)|STDDEV(amount)"
)
WINDOWS = (
    "SUM({number}) OVER (PARTITION BY q ORDER BY id)|ROW_NUMBER() OVER (ORDER BY amount DESC, id)"
    "|LAG(amount) OVER (ORDER BY id)|RANK() OVER (ORDER BY txt)"
    "|AVG(amount) OVER (ORDER BY id ROWS BETWEEN 6 PRECEDING AND CURRENT ROW)|SUM(big) OVER (PARTITION BY small)"
    "|FIRST_VALUE(txt) OVER (PARTITION BY q ORDER BY id)|NTILE(4) OVER (ORDER BY id)"
)


class Statements:
    """An endless supply."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def one(self) -> str:
        """A grouped statement mostly, a list of rows, or one of the shapes that Superset wraps around them."""
        shape = self.chance.random()
        if shape < 0.6:
            return self.grouped("gold.types")
        if shape < 0.75:
            return self.rows(WINDOWS)
        if shape < 0.85:
            return self.grouped(f"(SELECT * FROM gold.types WHERE {self.of('flag', 1)}) AS virtual_table")
        if shape < 0.93:
            series = "SELECT txt AS txt__, SUM(amount) AS s__ FROM gold.types GROUP BY 1 ORDER BY s__ DESC, 1 LIMIT 3"
            return self.grouped(f"gold.types JOIN ({series}) AS series ON txt = txt__")
        both = f"{self.half()} UNION ALL {self.half()}"
        return f"SELECT kind, COUNT(*) AS n FROM ({both}) AS u GROUP BY 1 ORDER BY n DESC, 1"

    def grouped(self, source: str) -> str:
        """Dimensions, metrics, filters, HAVING, order and limit as a chart has them."""
        dimensions = [
            self.of(self.chance.choice(["text", "time", "date", "number"]), 1) for _ in range(self.chance.randint(0, 2))
        ]
        metrics = [self.made(METRICS, 2) for _ in range(self.chance.randint(1, 3))]
        columns = [f"{text} AS c{place}" for place, text in enumerate([*dimensions, *metrics], start=1)]
        places = [str(place) for place in range(1, len(dimensions) + 1)]
        statement = f"SELECT {', '.join(columns)} FROM {source}" + self.where()
        if not places:
            return statement
        statement += f" GROUP BY {', '.join(places)}"
        if self.chance.random() < 0.2:
            statement += (
                f" HAVING {self.chance.choice(['COUNT(*)', 'SUM(amount)', 'MAX(q)'])} > {self.chance.randint(0, 20)}"
            )
        inexact = any(word in metrics[0] for word in ("STDDEV", "AVG", "/"))  # whose last bit may decide between equals
        sort = "" if inexact else f"c{len(places) + 1} {self.chance.choice(['ASC', 'DESC'])}, "
        return f"{statement} ORDER BY {sort}{', '.join(places)} LIMIT {self.chance.choice([3, 10, 10000])}"

    def rows(self, windows: str) -> str:
        """Rows as a table chart or SQL Lab lists them."""
        kinds = [self.chance.choice(list(MADE)) for _ in range(3)]
        columns = [*(self.of(kind, 2) for kind in kinds), self.made(windows, 1)]
        named = ", ".join(f"{text} AS c{place}" for place, text in enumerate(columns))
        return f"SELECT id, {named} FROM gold.types{self.where()} ORDER BY 1"

    def half(self) -> str:
        """One side of a UNION."""
        return f"SELECT {self.of('text', 1)} AS kind FROM gold.types{self.where()}"

    def where(self) -> str:
        """Up to two filters."""
        filters = [f"({self.of('flag', 1)})" for _ in range(self.chance.randint(0, 2))]
        return f" WHERE {' AND '.join(filters)}" if filters else ""

    def of(self, kind: str, depth: int) -> str:
        """An expression of a kind."""
        if depth == 0 or self.chance.random() < 0.4:
            return self.chance.choice(COLUMNS[kind])
        return f"({self.made(MADE[kind], depth)})"

    def made(self, forms: str, depth: int) -> str:
        """One of ``forms`` with its braces filled."""
        form = self.chance.choice(forms.replace("||", "§").split("|")).replace("§", "||")
        for kind in COLUMNS:
            while f"{{{kind}}}" in form:
                form = form.replace(f"{{{kind}}}", self.of(kind, depth - 1), 1)
        return form


def smallest(sql: str, differs: Callable[[str], bool]) -> str:
    """The smallest part of a statement that still differs."""
    for _ in range(100):
        smaller = next((text for text in _smaller(sql) if len(text) < len(sql) and differs(text)), None)
        if smaller is None:
            break
        sql = smaller
    return sql


def _smaller(sql: str) -> Iterator[str]:
    count = sum(1 for _ in sqlglot.parse_one(sql, dialect="duckdb").walk())
    for place in range(count):
        for way in range(4):
            tree = sqlglot.parse_one(sql, dialect="duckdb")
            node = list(tree.walk())[place]
            parts = [part for part in node.iter_expressions() if isinstance(part, exp.Condition)]
            if way == 0 and node.parent:
                node.pop()
            elif way < len(parts) + 1 and node.parent and isinstance(node, exp.Condition):
                node.replace(parts[way - 1].copy())
            else:
                continue
            with contextlib.suppress(SqlglotError, IndexError, AttributeError):  # what is left is no statement
                yield tree.sql(dialect="duckdb")
