"""Compiles the trees of expressions to Python closures when a file is loaded, so that a step costs little.

A `Template` is any YAML value that may hold ``${expressions}``: a step's arguments, a condition, a return value.
"""

from collections.abc import Callable, Iterator
from typing import Any

from stand_ins.workflows import syntax
from stand_ins.workflows.execution import Scope
from stand_ins.workflows.failures import failure
from stand_ins.workflows.library import CONSTANTS, FUNCTIONS
from stand_ins.workflows.syntax import Binary, Call, Index, ListOf, Literal, Member, Name, Node, SyntaxFault, Unary
from stand_ins.workflows.values import INTEGERS, OPERATORS, boolean, bounded, is_number, type_name

Evaluate = Callable[[Scope], Any]


class Template:
    """A YAML value, ready to be evaluated in a scope."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.nodes: list[Node] = []
        self.evaluate: Evaluate = self._compile(value)

    @property
    def constant(self) -> bool:
        """No expression is in it."""
        return not self.nodes

    def _compile(self, value: Any) -> Evaluate:
        if isinstance(value, str):
            source = expression(value)
            if source is None:
                return lambda _: value
            node = syntax.parse(source)
            self.nodes.append(node)
            return compile_node(node)
        if isinstance(value, list):
            items = [self._compile(item) for item in value]
            return lambda scope: [item(scope) for item in items]
        if isinstance(value, dict):
            pairs = [(self._compile(key), self._compile(item)) for key, item in value.items()]
            return lambda scope: {_key(key(scope)): item(scope) for key, item in pairs}
        if isinstance(value, int) and value not in INTEGERS:
            raise SyntaxFault(f"{value} does not fit 64 bits")
        return lambda _: value


def expression(text: str) -> str | None:
    """What stands inside ``${}``; None for plain text. An expression must be the whole value."""
    stripped = text.strip()
    if "${" not in stripped:
        return None
    if not (stripped.startswith("${") and stripped.endswith("}")):
        raise SyntaxFault(
            f'{stripped!r}: an expression must be the whole value; join text with +, as in ${{"hello-" + world}}'
        )
    return stripped[2:-1].strip()


def _key(value: Any) -> str:
    if not isinstance(value, str):
        raise failure("TypeError", f"the key of a map must be a string, found {type_name(value)}")
    return value


def names(node: Node) -> Iterator[str]:
    """Variables (and subworkflows) an expression names; constants of the library are none."""
    if syntax.dotted(node) in CONSTANTS:
        return
    if isinstance(node, Name):
        yield node.name
    for child in syntax.children(node):
        yield from names(child)


def calls(node: Node) -> list[Call]:
    """Every call in an expression."""
    return [each for each in syntax.walk(node) if isinstance(each, Call)]


def compile_node(node: Node) -> Evaluate:
    """The closure of a tree."""
    match node:
        case Literal(value):
            return lambda _: value
        case ListOf(items):
            parts = [compile_node(item) for item in items]
            return lambda scope: [part(scope) for part in parts]
        case Name(name):
            return lambda scope: scope.get(name)
        case Member(inner, name):
            path = syntax.dotted(node)
            if path in CONSTANTS:
                constant = CONSTANTS[path]
                return lambda _: constant
            holder = compile_node(inner)
            return lambda scope: element(holder(scope), name)
        case Index(inner, key):
            holder, at = compile_node(inner), compile_node(key)
            return lambda scope: element(holder(scope), at(scope))
        case Call(name, arguments):
            return _call(name, [compile_node(argument) for argument in arguments])
        case Unary("not", operand):
            negated = compile_node(operand)
            return lambda scope: not boolean(negated(scope), "not")
        case Unary(_, operand):
            return _negative(compile_node(operand))
        case Binary(operator, left, right) if operator in ("and", "or"):
            return _logical(operator, compile_node(left), compile_node(right))
        case Binary(operator, left, right):
            apply, first, second = OPERATORS[operator], compile_node(left), compile_node(right)
            return lambda scope: apply(first(scope), second(scope))


def _call(name: str, arguments: list[Evaluate]) -> Evaluate:
    def apply(scope: Scope) -> Any:
        values = [argument(scope) for argument in arguments]
        if subworkflow := scope.execution.subworkflows.get(name):  # a file's own goes before the library's
            return subworkflow(values, scope.frame)
        return FUNCTIONS[name].positional(scope.execution, values)  # the loader has refused every unknown name

    return apply


def _negative(operand: Evaluate) -> Evaluate:
    def apply(scope: Scope) -> Any:
        value = operand(scope)
        if not is_number(value):
            raise failure("TypeError", f"unsupported operand type for unary -: {type_name(value)}")
        return bounded(-value)

    return apply


def _logical(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    decided = operator == "or"  # the left value that makes the right one unnecessary

    def apply(scope: Scope) -> bool:
        return decided if boolean(left(scope), operator) is decided else boolean(right(scope), operator)

    return apply


def element(holder: Any, key: Any) -> Any:
    """``holder[key]`` or ``holder.key``; KeyError and IndexError as the language has them."""
    if isinstance(holder, dict):
        if not isinstance(key, str):
            raise failure("TypeError", f"the key of a map must be a string, found {type_name(key)}")
        if key not in holder:
            raise failure("KeyError", f"key not found: {key}")
        return holder[key]
    if isinstance(holder, list):
        if type(key) is not int:
            raise failure("TypeError", f"the index of a list must be an integer, found {type_name(key)}")
        if not 0 <= key < len(holder):
            raise failure("IndexError", f"index {key} is out of range, the list has {len(holder)} elements")
        return holder[key]
    raise failure("TypeError", f"{type_name(holder)} has no element {key!r}")


def replaced(holder: Any, keys: list[Any], value: Any) -> Any:
    """A copy of ``holder`` in which ``holder[keys...]`` is ``value``; missing maps on the way are made."""
    if not keys:
        return value
    key, *rest = keys
    if isinstance(holder, dict) and isinstance(key, str):
        return {**holder, key: replaced(holder.get(key, {}), rest, value) if rest else value}
    inner = element(holder, key)  # a list; or the fitting error
    copy = list(holder)
    copy[key] = replaced(inner, rest, value)
    return copy
