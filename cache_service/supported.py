"""Every construct of SQL that is answered, with its rule: what is not here is refused by name."""

from sqlglot import exp

from cache_service import rules, times
from cache_service.kinds import Kind, Rule, as_time, call, cast, number, of, text, unknown


def kept(kind: Kind = None) -> Rule:
    """DataFusion has it under the same name; ``kind`` None: that of its first part."""
    return lambda node: (node, kind or of(node.this if isinstance(node.this, exp.Expr) else None))


def named(name: str, kind: Kind = None, *, takes: str | None = None) -> Rule:
    """DataFusion's function of that name; ``kind`` None: the first argument's; ``takes``: what arguments become."""

    def rule(node: exp.Expr) -> tuple[exp.Expr, Kind]:
        given = [value for key in node.arg_types if (value := node.args.get(key)) is not None]
        flat = [one for value in given for one in (value if isinstance(value, list) else [value])]
        arguments = [one for one in flat if isinstance(one, exp.Expr)]
        if takes == "text":
            arguments = [text(one) for one in arguments]
        elif takes:
            arguments = [cast(one, takes) for one in arguments]
        return call(name, *arguments), kind or of(next(iter(arguments), None))

    return rule


def part(name: str) -> Rule:
    """A function that is named like a part of a time."""
    return lambda node: times.part(name, node.this)


COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In)
LOGIC = (exp.And, exp.Or, exp.Not, exp.Is, exp.Exists, exp.Boolean, exp.Xor)
SAME = (exp.Paren, exp.Alias, exp.Ordered, exp.Filter, exp.Min, exp.Max, exp.Nullif, exp.If)
SAME_IN_WINDOWS = (exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)
OF_DOUBLES = (exp.StddevPop, exp.Corr, exp.CovarPop, exp.CovarSamp, exp.Sqrt, exp.Ln, exp.Exp, exp.Trunc, exp.Pi)
OF_TEXT = (exp.Lower, exp.Upper, exp.Reverse, exp.Replace, exp.Left, exp.Right, exp.MD5, exp.SplitPart)
TESTS_OF_TEXT = (exp.StartsWith, exp.EndsWith, exp.Contains, exp.RegexpLike)

RULES: dict[type[exp.Expr], Rule] = {
    exp.Literal: rules.literal,
    exp.Null: kept("null"),
    exp.Interval: kept("interval"),
    **dict.fromkeys(rules.OPERATIONS, rules.arithmetic),
    exp.Neg: rules.negative,
    exp.Div: rules.division,
    exp.IntDiv: rules.whole_division,
    exp.Mod: rules.modulo,
    **dict.fromkeys(COMPARISONS, rules.compared),
    **dict.fromkeys((exp.Like, exp.ILike), rules.like),
    exp.Escape: lambda node: (node.this, "flag"),  # what it protects is written into the pattern
    **dict.fromkeys(LOGIC, kept("flag")),
    **dict.fromkeys((*SAME, *SAME_IN_WINDOWS), kept()),
    **dict.fromkeys((exp.Coalesce, exp.Greatest, exp.Least, exp.Case), rules.branches),
    **dict.fromkeys((exp.Cast, exp.TryCast), rules.conversion),
    exp.Group: rules.group,
    exp.Window: rules.window,
    exp.Count: kept("integer"),
    **dict.fromkeys((exp.Sum, exp.CountIf), rules.total),
    exp.AnyValue: lambda node: (exp.Min(this=node.this), of(node.this)),  # any is as good as another
    exp.IgnoreNulls: lambda node: (node.this if isinstance(node.this, exp.Min) else node, of(node.this)),
    exp.GroupConcat: rules.joined,
    exp.Median: lambda node: rules.median(node.this),
    **dict.fromkeys((exp.PercentileCont, exp.WithinGroup), rules.quantile),
    **dict.fromkeys((exp.Stddev, exp.StddevSamp), named("stddev_samp", "double", takes="DOUBLE")),
    exp.Variance: named("var_samp", "double", takes="DOUBLE"),
    exp.VariancePop: named("var_pop", "double", takes="DOUBLE"),
    exp.LogicalAnd: named("bool_and", "flag"),
    exp.LogicalOr: named("bool_or", "flag"),
    **dict.fromkeys((exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile), kept("rank")),
    **dict.fromkeys((exp.PercentRank, exp.CumeDist), kept("double")),
    exp.Grouping: lambda node: (cast(call("grouping", *node.expressions), "BIGINT"), "integer"),
    exp.Abs: named("abs"),
    **{kind: rules.rounded(kind.key) for kind in (exp.Round, exp.Floor, exp.Ceil)},
    exp.Sign: rules.signum,
    exp.Log: rules.logarithm,
    exp.Pow: named("power", "double", takes="DOUBLE"),
    exp.IsNan: named("isnan", "flag", takes="DOUBLE"),
    exp.Rand: lambda _: (call("random"), "double"),
    exp.Uuid: lambda _: (call("uuid"), "text"),
    **{kind: named(kind.sql_name().lower(), "double", takes="DOUBLE") for kind in OF_DOUBLES},
    **{kind: named(kind.sql_name().lower(), "text") for kind in OF_TEXT},
    **{kind: named(kind.sql_name().lower(), "flag") for kind in TESTS_OF_TEXT},
    exp.RegexpFullMatch: rules.matches_whole,
    exp.Substring: named("substr", "text"),
    exp.Length: lambda node: (cast(call("length", text(node.this)), "BIGINT"), "integer"),
    exp.StrPosition: lambda node: (cast(call("strpos", node.this, node.args["substr"]), "BIGINT"), "integer"),
    exp.Trim: rules.trimmed,
    exp.DPipe: lambda node: (exp.DPipe(this=text(node.this), expression=text(node.expression)), "text"),
    exp.Concat: named("concat", "text", takes="text"),
    exp.ConcatWs: named("concat_ws", "text", takes="text"),
    exp.Date: lambda node: (cast(node.this, "DATE"), "date"),
    **dict.fromkeys((exp.TimestampTrunc, exp.DateTrunc), times.start),
    exp.DateBin: times.bucket,
    exp.Extract: lambda node: times.part(node.name.lower(), node.expression),
    **{kind: part(kind.key) for kind in (exp.Year, exp.Quarter, exp.Month, exp.Week, exp.WeekOfYear, exp.Day)},
    **{kind: part(kind.key) for kind in (exp.Hour, exp.Minute, exp.Second, exp.DayOfWeek, exp.DayOfYear)},
    exp.DayOfWeekIso: part("isodow"),
    exp.TimeToUnix: part("epoch"),
    exp.Dayname: lambda node: (call("formatted", as_time(node.this), "%A"), "text"),
    exp.Monthname: lambda node: (call("formatted", as_time(node.this), "%B"), "text"),
    exp.TimeToStr: lambda node: (call("formatted", as_time(node.this), node.args["format"]), "text"),
    exp.ToChar: rules.to_char,
    exp.DateDiff: times.difference,
    exp.DateAdd: lambda node: rules.arithmetic(exp.Add(this=node.this, expression=node.expression)),
    exp.LastDay: lambda node: (call("month_end", as_time(node.this)), "date"),
    exp.CurrentDate: kept("date"),
    exp.CurrentTimestamp: lambda _: (call("now"), "instant"),
    exp.Anonymous: lambda node: renamed(node.name.lower(), node.expressions),
}


def renamed(name: str, given: list[exp.Expr]) -> tuple[exp.Expr, Kind]:
    """Functions that sqlglot knows by their name alone."""
    match name:
        case "date_part" | "datepart":
            return times.part(given[0].name.lower(), given[1])
        case "to_timestamp_seconds" | "to_timestamp_millis":  # Superset's names for a time kept as a number
            size = number(10**6 if name.endswith("seconds") else 1000)
            return cast(exp.Mul(this=cast(given[0], "BIGINT"), expression=size), "TIMESTAMP"), "time"
        case "now":
            return call("now"), "instant"
    raise unknown(name)
