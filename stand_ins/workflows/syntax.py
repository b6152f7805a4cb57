"""The grammar between ``${`` and ``}``: text to tokens to a small tree.

https://cloud.google.com/workflows/docs/reference/syntax/expressions; precedence, from the tightest:
``. [] ()``, ``not`` and unary ``-``, ``* / // %``, ``+ -``, comparisons and ``in``, ``and``, ``or``
(https://cloud.google.com/workflows/docs/reference/syntax/datatypes#order-operations). So ``not a == b`` is
``(not a) == b``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stand_ins.workflows.values import INTEGERS

MAX_LENGTH = 400  # characters of one expression: https://cloud.google.com/workflows/quotas


class SyntaxFault(Exception):
    """An expression that cannot be read; the caller knows the file and the step."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: Any


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[a, b]``."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or a subworkflow named as a retry predicate."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """``object.name``."""

    object: "Node"
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """``object[key]``."""

    object: "Node"
    key: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """``name(arguments)`` of a function or subworkflow; ``name`` may be dotted."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """``not x`` or ``-x``."""

    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right``."""

    operator: str
    left: "Node"
    right: "Node"


Node = Literal | ListOf | Name | Member | Index | Call | Unary | Binary


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node."""
    match node:
        case ListOf(items) | Call(_, items):
            return items
        case Member(inner, _) | Unary(_, inner):
            return (inner,)
        case Index(first, second) | Binary(_, first, second):
            return (first, second)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """A node and everything in it."""
    yield node
    for child in children(node):
        yield from walk(child)


def dotted(node: Node) -> str | None:
    """``a.b.c`` as text; None for anything but names and members."""
    match node:
        case Name(name):
            return name
        case Member(inner, name):
            prefix = dotted(inner)
            return None if prefix is None else f"{prefix}.{name}"
    return None


TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![A-Za-z_]))
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<symbol>//|==|!=|<=|>=|[-+*/%<>().,\[\]])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
ESCAPES = {'"': '"', "'": "'", "\\": "\\", "/": "/", "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
CONSTANTS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False, "null": None}
WORDS = {word: word.lower() for word in ("and", "AND", "or", "OR", "not", "NOT", "in")}  # mixed case is a plain name
LEVELS = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"<", "<=", ">", ">=", "==", "!=", "in", "not in"}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "//", "%"}),
)


def parse(source: str) -> Node:
    """The tree of one expression (the text inside ``${}``)."""
    if len(source) > MAX_LENGTH:
        raise SyntaxFault(f"the expression has {len(source)} characters, the limit is {MAX_LENGTH}; assign parts first")
    parser = _Parser(source)
    node = parser.binary(0)
    parser.expect_end()
    for each in walk(node):
        if isinstance(each, Literal) and type(each.value) is int and each.value not in INTEGERS:
            raise parser.fault(f"{each.value} does not fit 64 bits")
    return node


def parse_target(source: str) -> tuple[str, tuple[Node, ...]]:
    """The left side of an assignment, ``a.b[i]``: the variable and the keys into it."""
    parser = _Parser(source)
    node = parser.postfix()
    parser.expect_end()
    keys: list[Node] = []
    while isinstance(node, (Member, Index)):
        keys.append(Literal(node.name) if isinstance(node, Member) else node.key)
        node = node.object
    if not isinstance(node, Name):
        raise SyntaxFault(f"{source!r} is not a variable, a member or an element that can be assigned to")
    return node.name, tuple(reversed(keys))


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = list(self._tokens())
        self.at = 0

    def _tokens(self) -> Iterator[tuple[str, str]]:
        at = 0
        while True:
            match = TOKEN.match(self.source, at)
            if match is None:
                raise self.fault(self._why_no_token(self.source[at:].lstrip()))
            kind = str(match.lastgroup)
            token = match[kind]
            yield ("operator", WORDS[token]) if token in WORDS and kind == "word" else (kind, token)
            if kind == "end":
                return
            at = match.end()

    @staticmethod
    def _why_no_token(rest: str) -> str:
        reasons = {
            "'": "strings are written in double quotes, found '",
            '"': "a string that does not end",
            "{": "a map cannot be written inside an expression; assign it as YAML first",
        }
        return reasons.get(rest[0], f"token recognition error at: {rest[:20]!r}")

    def fault(self, reason: str) -> SyntaxFault:
        shown = self.source if len(self.source) <= 80 else self.source[:77] + "..."
        return SyntaxFault(f"expression ${{{shown}}}: {reason}")

    def peek(self, ahead: int = 0) -> str:
        """The operator or symbol that comes; '' for everything else."""
        kind, token = self.tokens[min(self.at + ahead, len(self.tokens) - 1)]
        return token if kind in ("operator", "symbol") else ""

    def take(self, token: str) -> bool:
        if self.peek() != token:
            return False
        self.at += 1
        return True

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise self.fault(f"{token!r} is expected, found {self.tokens[self.at][1] or 'the end'!r}")

    def expect_end(self) -> None:
        kind, token = self.tokens[self.at]
        if kind != "end":
            raise self.fault(f"unexpected {token!r}")

    def binary(self, level: int) -> Node:
        if level == len(LEVELS):
            return self.unary()
        node = self.binary(level + 1)
        while (operator := self._binary_operator()) in LEVELS[level]:
            self.at += 2 if operator == "not in" else 1
            node = Binary(operator, node, self.binary(level + 1))
        return node

    def _binary_operator(self) -> str:
        token = self.peek()
        return "not in" if token == "not" and self.peek(1) == "in" else token

    def unary(self) -> Node:
        for operator in ("not", "-"):
            if self.take(operator):
                operand = self.unary()
                if operator == "-" and isinstance(operand, Literal) and type(operand.value) in (int, float):
                    return Literal(-operand.value)
                return Unary(operator, operand)
        return self.postfix()

    def postfix(self) -> Node:
        node = self.primary()
        while True:
            if self.take("."):
                kind, token = self.tokens[self.at]
                if kind not in ("word", "operator"):
                    raise self.fault(f"a name is expected after '.', found {token!r}")
                self.at += 1
                node = Member(node, token)
            elif self.take("["):
                node = Index(node, self.binary(0))
                self.expect("]")
            elif self.take("("):
                name = dotted(node)
                if name is None:
                    raise self.fault("only a function or subworkflow can be called")
                node = Call(name, self._items(")"))
            else:
                return node

    def _items(self, closing: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self.take(closing):
            if items:
                self.expect(",")
            items.append(self.binary(0))
        return tuple(items)

    def primary(self) -> Node:
        kind, token = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return Literal(int(token) if token.isdigit() else float(token))
        if kind == "string":
            return Literal(self._string(token[1:-1]))
        if kind == "word":
            return Literal(CONSTANTS[token]) if token in CONSTANTS else Name(token)
        if token == "(":
            node = self.binary(0)
            self.expect(")")
            return node
        if token == "[":
            return ListOf(self._items("]"))
        raise self.fault(f"unexpected {token or 'end'!r}")

    def _string(self, raw: str) -> str:
        def unescape(match: re.Match[str]) -> str:
            if match[1].startswith("u") and len(match[1]) == 5:
                return chr(int(match[1][1:], 16))
            if match[1] not in ESCAPES:
                raise self.fault(f"unknown escape \\{match[1]} in a string")
            return ESCAPES[match[1]]

        return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", unescape, raw, flags=re.DOTALL)
