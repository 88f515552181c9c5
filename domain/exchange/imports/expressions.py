"""The small closed language of import profiles: parsed by Python's own grammar, never evaluated by Python.

An expression names columns (`qty`, `header.currency`), literals, `+ - * /`, comparisons, `in`, `is null`,
`and or not`, and the functions of `FUNCTIONS` and `AGGREGATES`. An aggregate reads many rows of one file:
`sum(delivery.qty where delivery.issued_on is not null)`.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from domain.exchange.imports.functions import AGGREGATES, ASPECTS, FUNCTIONS
from domain.vocabulary.errors import DomainError

Values = list[Any]
_LITERAL_NAMES = {"null": None, "true": True, "false": False}


@dataclass(frozen=True)
class Expression:
    """A parsed expression with its text, so that an error can quote it."""

    text: str
    tree: ast.expr

    def columns(self) -> Iterable[tuple[str | None, str]]:
        """Yield (file or None, column) of every column that the expression names."""
        return _columns(self.tree)


class Scope(Protocol):
    """Where names get their values: a level (rows of a file, or records of an entity) of `length` rows."""

    length: int

    def column(self, file: str | None, name: str, aspect: str) -> Values:
        """Return the column at this level; `aspect` is "" or one of ASPECTS."""
        ...

    def maps(self) -> Mapping[str, Mapping[str, str | None]]:
        """Return the code maps of the profile by name."""
        ...

    def rows_of(self, columns: Sequence[tuple[str | None, str]]) -> tuple[Scope, Sequence[int]] | None:
        """Return the row scope of the file those columns belong to and, per row, its index at this level.

        None when a file among them or all of the columns are missing: then nothing is known, not even that
        there is nothing.
        """
        ...


def parse(text: str) -> Expression:
    """Parse `text`; raise DomainError import.expression_invalid naming the place and what is allowed."""
    try:
        tree = ast.parse(_with_where(text), mode="eval").body
    except (SyntaxError, tokenize.TokenError) as error:
        place = f" at character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise _invalid(text, f"cannot be read{place}") from None
    _check(tree, text)
    return Expression(text, tree)


def evaluate(expression: Expression, scope: Scope) -> Values:
    """Return the expression's value for every row of the scope."""
    return _spread(_evaluate(expression.tree, scope, expression.text), scope.length)


def _with_where(text: str) -> str:
    """Turn `f(x where y)` into `f(x, where=y)`, leaving strings alone."""
    parts: list[str] = []
    position = 0
    text = " ".join(text.split("\n"))
    for token in list(tokenize.generate_tokens(io.StringIO(text).readline)):
        if token.type == tokenize.NAME and (plain := _plain_word(token.string)) != token.string:
            # People write AND and IS NULL as they know them from SQL; the length stays the same.
            text = text[: token.start[1]] + plain + text[token.end[1] :]
        if token.string == "<" and text[token.end[1] : token.end[1] + 1] == ">":
            parts.append(text[position : token.start[1]] + "!=")
            position = token.end[1] + 1
        elif token.type == tokenize.NAME and token.string.lower() == "where":
            parts.append(text[position : token.start[1]] + ", where=")
            position = token.end[1]
        elif token.type == tokenize.OP and token.string == "=":  # people write it for ==
            parts.append(text[position : token.start[1]] + "==")
            position = token.end[1]
    return "(" + "".join(parts) + text[position:] + ")"


def _plain_word(word: str) -> str:
    if word.isupper() and word.lower() in {"and", "or", "not", "in", "is", "null", "true", "false"}:
        return word.lower()
    return word


def _invalid(text: str, problem: str, fix: str = "") -> DomainError:
    return DomainError(
        "import.expression_invalid",
        f"The expression {text!r} {problem}.",
        fix=fix or "See docs/reference/import_profiles.md for what an expression may say.",
        expression=text,
    )


_ALLOWED = (
    ast.Name, ast.Attribute, ast.Constant, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In,
    ast.NotIn, ast.Is, ast.IsNot, ast.Call, ast.List, ast.Tuple, ast.keyword, ast.Load,
)  # fmt: skip


def _check(tree: ast.expr, text: str) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise _invalid(text, f"uses {type(node).__name__}, which is not part of the language")
        if isinstance(node, ast.Call):
            _check_call(node, text)
        if isinstance(node, ast.Attribute) and not isinstance(node.value, ast.Name):
            raise _invalid(text, "may use one dot only: file.column")
        if isinstance(node, ast.Compare) and len(node.ops) != 1:
            raise _invalid(text, "chains comparisons", "Join them with `and`.")
        if isinstance(node, ast.Constant) and not isinstance(node.value, (str, int, float, bool, type(None))):
            raise _invalid(text, f"has a constant of kind {type(node.value).__name__}")


def _check_call(node: ast.Call, text: str) -> None:
    known = sorted({*FUNCTIONS, *AGGREGATES, *ASPECTS})
    if not isinstance(node.func, ast.Name) or node.func.id not in known:
        name = ast.unparse(node.func)
        raise _invalid(
            text, f"calls {name!r}, which is not a function", f"The functions are: {', '.join(known)}."
        )
    if any(keyword.arg != "where" for keyword in node.keywords):
        raise _invalid(text, "has a named argument other than `where`")
    if node.keywords and node.func.id not in AGGREGATES:
        raise _invalid(text, f"uses `where` in {node.func.id}, which is not an aggregate")
    if node.func.id in ASPECTS and (
        len(node.args) != 1 or not isinstance(node.args[0], (ast.Name, ast.Attribute))
    ):
        raise _invalid(text, f"wants one column inside {node.func.id}()")


def _columns(tree: ast.AST) -> list[tuple[str | None, str]]:
    found: list[tuple[str | None, str]] = []
    if isinstance(tree, ast.Attribute):
        assert isinstance(tree.value, ast.Name)
        return [(tree.value.id, tree.attr)]
    if isinstance(tree, ast.Name):
        return [] if tree.id.lower() in _LITERAL_NAMES else [(None, tree.id)]
    children = ast.iter_child_nodes(tree)
    if isinstance(tree, ast.Call):
        children = iter([*tree.args, *(keyword.value for keyword in tree.keywords)])
    for child in children:
        found.extend(_columns(child))
    return found


class _Scalar:
    """A value that is the same for every row; kept single until it must be spread."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def _spread(values: Values | _Scalar, length: int) -> Values:
    return [values.value] * length if isinstance(values, _Scalar) else values


def _evaluate(node: ast.expr, scope: Scope, text: str) -> Values | _Scalar:
    match node:
        case ast.Constant(value=value):
            return _Scalar(
                Decimal(str(value))
                if isinstance(value, (int, float)) and value is not True and value is not False
                else value
            )
        case ast.Name(id=name) if name.lower() in _LITERAL_NAMES:
            return _Scalar(_LITERAL_NAMES[name.lower()])
        case ast.Name(id=name):
            return scope.column(None, name, "")
        case ast.Attribute(value=ast.Name(id=file), attr=name):
            return scope.column(file, name, "")
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return _Scalar([ast.literal_eval(item) for item in items])
        case ast.Call():
            return _call(node, scope, text)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return [not value for value in _spread(_evaluate(operand, scope, text), scope.length)]
        case ast.UnaryOp(operand=operand):
            inner = _evaluate(operand, scope, text)
            if isinstance(inner, _Scalar):
                return _Scalar(-inner.value)
            return [None if value is None else -value for value in inner]
        case ast.BoolOp(op=op, values=parts):
            columns = [_spread(_evaluate(part, scope, text), scope.length) for part in parts]
            joined: Callable[[Iterable[Any]], bool] = all if isinstance(op, ast.And) else any
            return [joined(row) for row in zip(*columns, strict=True)]
        case ast.BinOp(left=left, op=op, right=right):
            return _pairwise(_ARITHMETIC[type(op)], left, right, scope, text)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _pairwise(_COMPARISON[type(op)], left, right, scope, text)
    raise _invalid(text, f"has an unexpected {type(node).__name__}")


def _pairwise(
    operation: Callable[[Any, Any], Any], left: ast.expr, right: ast.expr, scope: Scope, text: str
) -> Values:
    pairs = zip(
        _spread(_evaluate(left, scope, text), scope.length),
        _spread(_evaluate(right, scope, text), scope.length),
        strict=True,
    )
    try:
        return [operation(a, b) for a, b in pairs]
    except (TypeError, ArithmeticError) as error:
        raise _invalid(text, f"cannot be worked out: {error}", "Check the types of its columns.") from None


def _call(node: ast.Call, scope: Scope, text: str) -> Values:
    assert isinstance(node.func, ast.Name)
    name = node.func.id
    if name in ASPECTS:
        file, column = _columns(node.args[0])[0]
        return scope.column(file, column, name)
    if name in AGGREGATES and (len(node.args) == 1 or node.keywords):
        return _aggregate(name, node, scope, text)
    if name not in FUNCTIONS:
        raise _invalid(text, f"wants one argument inside {name}()")
    arguments = [_spread(_evaluate(argument, scope, text), scope.length) for argument in node.args]
    function = FUNCTIONS[name]
    if name == "lookup":
        function = _looked_up(scope, node, text)
    if not arguments:
        raise _invalid(text, f"calls {name}() with nothing")
    try:
        return [function(*row) for row in zip(*arguments, strict=True)]
    except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise _invalid(text, f"cannot be worked out: {error}", "Check the types of its columns.") from None


def _looked_up(scope: Scope, node: ast.Call, text: str) -> Callable[..., Any]:
    """Return the function that translates by one of the profile's code maps; unknown codes give None."""
    first = node.args[0] if node.args else None
    if not isinstance(first, ast.Constant) or first.value not in scope.maps():
        known = ", ".join(scope.maps()) or "none"
        raise _invalid(text, "wants the name of a code map first", f"The profile's code maps are: {known}.")
    codes = {code.casefold(): target for code, target in scope.maps()[str(first.value)].items()}
    return lambda _map, value: None if value is None else codes.get(str(value).strip().casefold())


def _aggregate(name: str, node: ast.Call, scope: Scope, text: str) -> Values:
    where = node.keywords[0].value if node.keywords else None
    named = _columns(node.args[0]) + (_columns(where) if where is not None else [])
    if not named:
        raise _invalid(text, f"names no column inside {name}()")
    found = scope.rows_of(named)
    judged = _columns(where) if where is not None else []
    if found is None or any(scope.rows_of([column]) is None for column in judged):
        return [None] * scope.length
    rows, owner = found
    values = _spread(_evaluate(node.args[0], rows, text), rows.length)
    kept = _spread(_evaluate(where, rows, text), rows.length) if where is not None else [True] * rows.length
    groups: list[list[Any]] = [[] for _ in range(scope.length)]
    for index, value, keep in zip(owner, values, kept, strict=True):
        if keep and index >= 0:
            groups[index].append(value)
    reduce = AGGREGATES[name]
    return [reduce(group) for group in groups]


def _nullable(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: None if a is None or b is None else operation(a, b)


def _ordered(operation: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    # Unknown is neither smaller nor larger.
    return lambda a, b: False if a is None or b is None else operation(a, b)


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _nullable(lambda a, b: a + b),
    ast.Sub: _nullable(lambda a, b: a - b),
    ast.Mult: _nullable(lambda a, b: a * b),
    ast.Div: _nullable(lambda a, b: None if b == 0 else a / b),
}
_COMPARISON: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Is: lambda a, b: a is None if b is None else a == b,
    ast.IsNot: lambda a, b: a is not None if b is None else a != b,
    ast.Lt: _ordered(lambda a, b: a < b),
    ast.LtE: _ordered(lambda a, b: a <= b),
    ast.Gt: _ordered(lambda a, b: a > b),
    ast.GtE: _ordered(lambda a, b: a >= b),
    ast.In: lambda a, b: a in (b or ()),
    ast.NotIn: lambda a, b: a not in (b or ()),
}
