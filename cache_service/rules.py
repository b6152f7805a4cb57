"""What DataFusion must be asked so that it answers as DuckDB: one rule a construct (``dialect.RULES``).

A rule takes an expression whose parts are rewritten already, and gives what stands in its place and its kind.
"""

from sqlglot import exp

from cache_service.kinds import (
    NUMBERS,
    TIMES,
    TYPE_KINDS,
    WHOLE,
    D,
    Kind,
    Rule,
    call,
    cast,
    nonzero,
    number,
    of,
    refuse,
    text,
    unsigned_zero,
)
from cache_service.times import moved

# What text becomes beside a value of another kind, the first that is there; and a date beside a time.
STRONGER = {
    **{"instant": "TIMESTAMPTZ", "time": "TIMESTAMP", "date": "DATE", "clock": "TIME", "flag": "BOOLEAN"},
    **{"double": "DOUBLE", "decimal": "DECIMAL(38, 10)", "integer": "BIGINT", "small": "BIGINT"},
}
OPERATIONS = {exp.Add: "add", exp.Sub: "subtract", exp.Mul: "multiply"}


def literal(node: exp.Literal) -> tuple[exp.Expr, Kind]:
    """``1.5`` is a DECIMAL, ``1e0`` a DOUBLE; a whole number is as large as it must be."""
    if node.is_string:
        return node, "text"
    if "e" in node.name.lower():
        return cast(exp.Literal.string(node.name), "DOUBLE"), "double"
    if "." in node.name:
        return node, "decimal"
    size = int(node.name.replace("_", ""))
    if size >= 1 << 63:
        return cast(exp.Literal.string(node.name), "DECIMAL(38, 0)"), "decimal"
    return node, "small" if size < 1 << 31 else "integer"


def arithmetic(node: exp.Binary) -> tuple[exp.Expr, Kind]:
    """``+ - *``: whole numbers never wrap."""
    a, b, left, right = node.this, node.expression, of(node.this), of(node.expression)
    if left not in NUMBERS or right not in NUMBERS:
        return moved(node)
    if left not in WHOLE or right not in WHOLE:
        if "double" not in (left, right):
            return node, "decimal"
        return unsigned_zero(node.copy()) if isinstance(node, exp.Mul) else node, "double"
    if left == right == "small":
        return type(node)(this=cast(a, "BIGINT"), expression=b), "integer"
    return call(f"checked_{OPERATIONS[type(node)]}", cast(a, "BIGINT"), cast(b, "BIGINT")), "integer"


def division(node: exp.Div) -> tuple[exp.Expr, Kind]:
    """Always a DOUBLE; by zero it is NULL."""
    quotient = exp.Div(this=cast(node.this, "DOUBLE"), expression=nonzero(cast(node.expression, "DOUBLE")))
    return unsigned_zero(quotient), "double"


def whole_division(node: exp.IntDiv) -> tuple[exp.Expr, Kind]:
    """``//`` of whole numbers."""
    if of(node.this) not in WHOLE or of(node.expression) not in WHOLE:
        raise refuse("// of numbers that are not whole", "floor(a / b)")
    return exp.Paren(this=exp.Div(this=node.this, expression=nonzero(node.expression))), "integer"


def modulo(node: exp.Mod) -> tuple[exp.Expr, Kind]:
    """By zero it is NULL."""
    kinds = (of(node.this), of(node.expression))
    kind = next((kind for kind in ("double", "decimal") if kind in kinds), "integer")
    rest = exp.Mod(this=node.this, expression=nonzero(node.expression))
    return unsigned_zero(rest) if kind == "double" else rest, kind


def together(nodes: list[exp.Expr]) -> list[exp.Expr]:
    """Values that are compared: text takes the type of what it is compared with, and a date beside a time is one."""
    kinds = [of(node) for node in nodes]
    target = next((kind for kind in STRONGER if kind in kinds), None)
    weaker = ("text", "date") if target in ("time", "instant") else ("text",)
    return [
        cast(node, STRONGER[target]) if target and kind in weaker and kind != target else node
        for node, kind in zip(nodes, kinds, strict=True)
    ]


def compared(node: exp.Expr) -> tuple[exp.Expr, Kind]:
    """Comparisons, BETWEEN and IN."""
    if isinstance(node, exp.In):
        this, *values = together([node.this, *node.expressions])
        node.set("expressions", values)
        node.set("this", this)
    else:
        keys = ("this", "low", "high") if isinstance(node, exp.Between) else ("this", "expression")
        for key, value in zip(keys, together([node.args[key] for key in keys]), strict=True):
            node.set(key, value)
    return node, "flag"


def like(node: exp.Expr) -> tuple[exp.Expr, Kind]:
    """DataFusion's escape sign is always the backslash, DuckDB's the one that is given, or none."""
    escape = node.parent.expression.name if isinstance(node.parent, exp.Escape) else None
    pattern = node.expression
    if isinstance(pattern, exp.Literal):
        pattern = exp.Literal.string(_pattern(pattern.name, escape))
    elif escape is not None:
        raise refuse("ESCAPE with a pattern that is no literal")
    else:
        pattern = call("replace", pattern, "\\", "\\\\")
    node.set("this", text(node.this))
    node.set("expression", pattern)
    return node, "flag"


def _pattern(pattern: str, escape: str | None) -> str:
    written, signs = "", iter(pattern)
    for sign in signs:
        if sign == escape:
            sign = next(signs, "")  # noqa: PLW2901  # the sign that it protects
            written += "\\" + sign if sign in "%_\\" else sign
        else:
            written += "\\\\" if sign == "\\" else sign
    return written


def total(node: exp.Sum) -> tuple[exp.Expr, Kind]:
    """A sum never wraps: one of whole numbers is a DECIMAL(38, 0)."""
    distinct = isinstance(node.this, exp.Distinct)
    value = node.this.expressions[0] if distinct else node.this
    kind = of(value)
    if kind in ("decimal", "double"):
        return node, kind
    if kind not in (*WHOLE, "flag", None):
        raise refuse(f"a sum of {kind} values")
    if not distinct and kind and not isinstance(node.parent, (exp.Window, exp.Filter)):
        return cast(_fast_total(value, kind), "DECIMAL(38, 0)"), "decimal"
    # Of no known kind: a DECIMAL makes whole numbers wide, and leaves decimals and doubles what they are.
    zero = cast(number(0), "DECIMAL(20, 0)")
    value = (
        cast(cast(value, "BIGINT"), "DECIMAL(20, 0)") if kind else exp.Add(this=exp.Paren(this=value), expression=zero)
    )
    return exp.Sum(this=exp.Distinct(expressions=[value]) if distinct else value), "decimal" if kind else None


def _fast_total(value: exp.Expr, kind: Kind) -> exp.Expr:
    """In 64 bits: those of 32 as they are, those of 64 by halves. A sum of decimals takes four times as long."""
    if kind != "integer":
        return exp.Sum(this=cast(value, "BIGINT"))
    high = exp.Sum(this=exp.BitwiseRightShift(this=exp.Paren(this=value), expression=number(32)))
    low = exp.Sum(this=exp.BitwiseAnd(this=exp.Paren(this=value.copy()), expression=number(0xFFFFFFFF)))
    raised = exp.Mul(this=cast(high, "DECIMAL(20, 0)"), expression=cast(number(1 << 32), "DECIMAL(10, 0)"))
    return exp.Paren(this=exp.Add(this=raised, expression=cast(low, "DECIMAL(20, 0)")))


def conversion(node: exp.Cast) -> tuple[exp.Expr, Kind]:
    """CAST and TRY_CAST: a number becomes whole by rounding, a time becomes text without a T."""
    kind, source, value = TYPE_KINDS.get(node.to.this), of(node.this), node.this
    if kind is None or (kind in NUMBERS and source in TIMES):
        raise refuse(f"a cast of {source or 'this'} to {node.to.sql('duckdb')}")
    if kind == "text":
        return text(value), kind
    if kind in WHOLE and source == "double":
        value = call("nearest", cast(value, "DOUBLE"))
    if (kind in WHOLE or node.to.this == D.INT128) and source == "decimal":
        value = call("round", value)
    if isinstance(node, exp.TryCast) and source == "text" and kind in NUMBERS:
        raise refuse("TRY_CAST of text to a number", "CASE WHEN x ~ '^[0-9]+$' THEN CAST(x AS ...) END")
    return type(node)(this=value, to=node.to), kind


def joined(node: exp.GroupConcat) -> tuple[exp.Expr, Kind]:
    """``string_agg``, with DISTINCT and ORDER BY inside."""
    inner, order = (node.this.this, node.this) if isinstance(node.this, exp.Order) else (node.this, None)
    distinct = isinstance(inner, exp.Distinct)
    value = text(inner.expressions[0] if distinct else inner)
    last = node.args.get("separator") or exp.Literal.string(",")
    if order:
        last = exp.Order(this=last, expressions=order.expressions)
    return call("string_agg", exp.Distinct(expressions=[value]) if distinct else value, last), "text"


def quantile(node: exp.PercentileCont | exp.WithinGroup) -> tuple[exp.Expr, Kind]:
    """The median, which DataFusion has exactly; others it rounds."""
    within = isinstance(node, exp.WithinGroup)
    share = node.this.this if within else node.expression
    if share is None:  # WITHIN GROUP follows, and is its rule's
        return node, None
    if share.name not in ("0.5", ".5"):
        raise refuse("a quantile other than 0.5")
    return median(node.expression.expressions[0].this if within else node.this)


def median(value: exp.Expr) -> tuple[exp.Expr, Kind]:
    """The median of numbers."""
    exact = of(value) == "decimal"
    return call("median", value if exact else cast(value, "DOUBLE")), "decimal" if exact else "double"


def logarithm(node: exp.Log) -> tuple[exp.Expr, Kind]:
    """``log10``, ``log2``; ``log`` is of base 10."""
    base = node.name if node.expression else "10"
    if base not in ("2", "10"):
        raise refuse(f"a logarithm of base {base}", "ln(x) / ln(base)")
    return call(f"log{base}", cast(node.expression or node.this, "DOUBLE")), "double"


def matches_whole(node: exp.RegexpFullMatch) -> tuple[exp.Expr, Kind]:
    """``x ~ 'a'``: the pattern fits all of the text."""
    if not isinstance(node.expression, exp.Literal):
        raise refuse("~ with a pattern that is no literal")
    return call("regexp_like", node.this, f"^(?:{node.expression.name})$"), "flag"


def signum(node: exp.Sign) -> tuple[exp.Expr, Kind]:
    """-1, 0 or 1."""
    case = exp.Case()
    for comparison, value in ((exp.GT, 1), (exp.LT, -1), (exp.EQ, 0)):
        case = case.when(comparison(this=node.this.copy(), expression=number(0)), exp.convert(value), copy=False)
    return case, "small"


def rounded(name: str) -> Rule:
    """``round``, ``floor``, ``ceil``: a whole number stays what it is."""

    def rule(node: exp.Expr) -> tuple[exp.Expr, Kind]:
        digits, kind = node.args.get("decimals"), of(node.this)
        if kind in WHOLE:
            if digits is not None and not (isinstance(digits, exp.Literal) and int(digits.name) >= 0):
                raise refuse(f"{name} of a whole number to a negative place")
            return (node.this, kind) if name == "round" else (cast(node.this, "DOUBLE"), "double")
        # Wider by nothing: of a DECIMAL(1, 1) the result would not fit its type.
        wide = exp.Add(this=node.this, expression=cast(number(0), "DECIMAL(20, 0)")) if kind == "decimal" else node.this
        result = call(name, wide, digits)
        return unsigned_zero(result) if kind == "double" else result, kind

    return rule


def branches(node: exp.Expr) -> tuple[exp.Expr, Kind]:
    """CASE, COALESCE, GREATEST, LEAST: numbers become the widest kind among them."""
    case = isinstance(node, exp.Case)
    places = [(one, "true") for one in node.args["ifs"]] if case else [(node, "this")]
    values = [owner.args[key] for owner, key in places] + [node.args.get("default")] * case + node.expressions
    kinds = {of(value) for value in values if value is not None} - {"null"}
    order = ["small", "integer", "decimal", "double"]
    if not kinds <= set(order):
        return node, kinds.pop() if len(kinds) == 1 else next((kind for kind in STRONGER if kind in kinds), None)
    widest = max((kind for kind in kinds if kind), key=order.index, default=None)
    wide = {"double": "DOUBLE", "decimal": "DECIMAL(20, 0)"}.get(widest or "")
    for value in [value for value in values if value is not None and of(value) not in (widest, "null")] if wide else []:
        if widest == "double" or of(value) in WHOLE:
            parent, key, index = value.parent, value.arg_key, value.index
            parent.set(key, cast(value, wide or ""), index)
    return node, widest


def window(node: exp.Window) -> tuple[exp.Expr, Kind]:
    """A rank is a BIGINT, not an unsigned number."""
    kind = of(node.this)
    return (cast(node.copy(), "BIGINT"), "integer") if kind == "rank" else (node, kind)


def trimmed(node: exp.Trim) -> tuple[exp.Expr, Kind]:
    """``trim``, ``ltrim``, ``rtrim``."""
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(node.text("position"), "btrim")
    return call(name, node.this, node.expression), "text"


def group(node: exp.Group) -> tuple[exp.Expr, Kind]:
    """Constants divide nothing; and a number would be a place in the list of columns."""
    keys = [key for key in node.expressions if key.find(exp.Column, exp.Query, exp.Func)]
    if keys or not node.expressions:
        node.set("expressions", keys)
    else:
        node.set("expressions", [exp.Paren(this=exp.Is(this=node.expressions[0], expression=exp.Null()))])
    return node, None


def to_char(_node: exp.ToChar) -> tuple[exp.Expr, Kind]:
    """PostgreSQL's: DuckDB has none."""
    raise refuse("to_char", "strftime(x, '%Y-%m')")


def negative(node: exp.Neg) -> tuple[exp.Expr, Kind]:
    """``-x``."""
    kind = of(node.this)
    return unsigned_zero(node.copy()) if kind == "double" else node, kind
