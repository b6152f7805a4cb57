"""Rules of dates and times (see ``rules``): in microseconds, from year 1 to 9999."""

from sqlglot import exp

from cache_service.functions import UNITS
from cache_service.kinds import TIMES, WHOLE, Kind, as_time, call, cast, number, of, refuse

PARTS = {"dayofweek": "dow", "weekday": "dow", "dayofyear": "doy", "dayofmonth": "day", "weekofyear": "week"}
PARTS |= {part: part for part in (*UNITS, "dow", "isodow", "doy")}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
MICROSECONDS = {"second": 10**6, "minute": 60 * 10**6, "hour": 3600 * 10**6, "day": 86400 * 10**6}


def moved(node: exp.Binary) -> tuple[exp.Expr, Kind]:
    """A time plus or minus something; a date plus an interval is a time."""
    a, b, left, right = node.this, node.expression, of(node.this), of(node.expression)
    if left == "interval" and right in TIMES:
        a, b, left, right = b, a, right, left
    if left == right == "date":
        return node, "integer"
    if left in TIMES and right in TIMES:
        raise refuse("a difference of two times", "date_diff('second', a, b)")
    if left == "date" and right in WHOLE:
        days = type(node)(this=cast(cast(a, "INT"), "BIGINT"), expression=b)
        return cast(cast(days, "INT"), "DATE"), "date"
    if left in TIMES and right == "interval":
        kind = "instant" if left == "instant" else "time"
        return type(node)(this=as_time(a) if left == "date" else a, expression=b), kind
    return node, "interval" if "interval" in (left, right) else None


def start(node: exp.TimestampTrunc) -> tuple[exp.Expr, Kind]:
    """``date_trunc`` in microseconds; of a date it is a TIMESTAMP too."""
    unit = node.text("unit").lower().partition("(")[0]
    if unit not in UNITS:
        raise refuse(f"date_trunc('{unit}', ...)", f"one of {', '.join(UNITS)}")
    if of(node.this) == "instant":
        return cast(call(f"{unit}_start", cast(node.this, "TIMESTAMP")), "TIMESTAMPTZ"), "instant"
    return call(f"{unit}_start", as_time(node.this)), "time"


def bucket(node: exp.DateBin) -> tuple[exp.Expr, Kind]:
    """``time_bucket`` and ``date_bin``: intervals of fixed length that divide a day or hold whole days."""
    interval, unit = node.this, node.this.text("unit").lower().rstrip("s")
    size = MICROSECONDS.get(unit) if isinstance(interval, exp.Interval) and interval.this.name.isdigit() else None
    if size is None or node.args.get("zone"):
        raise refuse("time_bucket of this interval", "a number of seconds, minutes, hours or days, or date_trunc")
    return call(
        "bucket_start", int(interval.this.name) * size // MICROSECONDS["second"], as_time(node.expression)
    ), "time"


def part(name: str, value: exp.Expr) -> tuple[exp.Expr, Kind]:
    """A part of a date or time, a BIGINT."""
    if name == "epoch":
        return exp.Div(
            this=cast(cast(as_time(value), "BIGINT"), "DOUBLE"), expression=cast(number(10**6), "DOUBLE")
        ), "double"
    if name not in PARTS:
        raise refuse(f"the part {name} of a time", f"one of {', '.join(sorted(PARTS))}, epoch")
    value = value if of(value) in ("date", "time", "clock") else cast(value, "TIMESTAMP")
    return cast(call("date_part", PARTS[name], value), "BIGINT"), "integer"


def difference(node: exp.DateDiff) -> tuple[exp.Expr, Kind]:
    """``date_diff``: how many starts of the unit lie between two times."""
    unit, end, begin = node.text("unit").lower(), as_time(node.this), as_time(node.expression)

    def count(value: exp.Expr) -> exp.Expr:
        if unit in MICROSECONDS:
            return exp.Div(this=cast(call(f"{unit}_start", value), "BIGINT"), expression=number(MICROSECONDS[unit]))
        years, months = part("year", value)[0], part("month", value.copy())[0]
        whole = exp.Add(
            this=exp.Mul(this=years, expression=number(12)), expression=exp.Sub(this=months, expression=number(1))
        )
        return exp.Div(this=exp.Paren(this=whole), expression=number(MONTHS[unit]))

    if unit not in MICROSECONDS and unit not in MONTHS:
        raise refuse(f"date_diff('{unit}', ...)", f"one of {', '.join((*MONTHS, *MICROSECONDS))}")
    return exp.Paren(this=exp.Sub(this=count(end), expression=count(begin))), "integer"
