"""What stands inside a call of a formula, as nodes that know columns, numbers, operators and the allow-list.

`formulae` would look names up in the caller's namespace here. These nodes take its place: a name is a
column or nothing, a function is an entry of `transforms.FUNCTIONS`, and evaluation can reach nothing else.
They offer what `formulae.terms.Call` asks of a call: `callee`, `eval`, and a text that names the term.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from formulae import expr as ast
from formulae.categorical import CategoricalBox
from formulae.resolver import Resolver
from formulae.terms import Intercept, Model, Term
from formulae.terms.call import Call

from bayesord.checks import name_list
from bayesord.modelling.syntax import column_name
from bayesord.modelling.transform_state import restore_transform
from bayesord.modelling.transforms import FUNCTIONS

__all__ = ["Columns", "Learned", "build_terms", "evaluate"]


@dataclass(frozen=True)
class Columns:
    """The columns that a formula uses: float64 arrays and, for factors, Categoricals.

    `values` holds what terms of their own see, `factors` what C(), T() and S() see; `formulae` indexes
    this in place of a DataFrame.
    """

    n_rows: int
    values: dict[str, np.ndarray | pd.Categorical]
    factors: dict[str, pd.Categorical]

    def __getitem__(self, name: str) -> np.ndarray | pd.Categorical:
        return self.values[name]

    @property
    def shape(self) -> tuple[int, int]:
        return self.n_rows, len(self.values)


@dataclass
class Learned:
    """What the transforms of one formula learned from the training rows, by the text of their call.

    `stored` are the numbers of an earlier fit, from which transforms are then made instead.
    """

    weights: np.ndarray | None = None
    transforms: dict[str, object] = field(default_factory=dict)
    fitted: bool = False
    stored: dict[str, object] | None = None
    written: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def tell_apart(self, text: str, columns: tuple[str, ...]) -> None:
        """Refuse two things of one text, which is all that terms and transforms are known by."""
        known = self.written.setdefault(text, columns)
        if known != columns:
            raise _FormulaError(
                f"{text!r} stands for two things, made of {name_list(known)} and of {name_list(columns)}: rename "
                "the column that is called like a computation."
            )

    def __deepcopy__(self, memo):
        return self  # formulae copies terms to build interactions; all copies must share one state


@dataclass(frozen=True)
class _Column:
    name: str

    def __str__(self) -> str:
        return self.name

    def eval(self, columns: Columns, env: object = None) -> np.ndarray | pd.Categorical:
        return columns.values[self.name]


@dataclass(frozen=True)
class _Number:
    # A float also where an integer was written: 9**9**9 then overflows instead of running for ever.
    value: float
    text: str

    def __str__(self) -> str:
        return self.text

    def eval(self, columns: Columns, env: object = None) -> np.float64:
        return np.float64(self.value)


@dataclass(frozen=True)
class _Text:
    value: str
    text: str

    def __str__(self) -> str:
        return self.text

    def eval(self, columns: Columns, env: object = None) -> str:
        return self.value


@dataclass(frozen=True)
class _Parentheses:
    inner: object

    def __str__(self) -> str:
        return f"({self.inner})"

    def eval(self, columns: Columns, env: object = None) -> object:
        return self.inner.eval(columns)


_OPERATORS = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "==": lambda a, b: np.asarray(a == b, dtype=np.float64),
    "!=": lambda a, b: np.asarray(a != b, dtype=np.float64),
    "<": lambda a, b: np.asarray(a < b, dtype=np.float64),
    "<=": lambda a, b: np.asarray(a <= b, dtype=np.float64),
    ">": lambda a, b: np.asarray(a > b, dtype=np.float64),
    ">=": lambda a, b: np.asarray(a >= b, dtype=np.float64),
}


@dataclass(frozen=True)
class _Operation:
    symbol: str
    left: object
    right: object

    def __str__(self) -> str:
        return f"{self.left} {self.symbol} {self.right}"

    def eval(self, columns: Columns, env: object = None) -> np.ndarray:
        left, right = self.left.eval(columns), self.right.eval(columns)
        if isinstance(left, str) or isinstance(right, str):
            left, right = (
                side if isinstance(side, str) else np.asarray(side, dtype=object) for side in (left, right)
            )
        return _OPERATORS[self.symbol](left, right)


@dataclass(frozen=True)
class _Negative:
    inner: object

    def __str__(self) -> str:
        return f"-{self.inner}"

    def eval(self, columns: Columns, env: object = None) -> np.ndarray:
        return -self.inner.eval(columns)


@dataclass(frozen=True)
class _FunctionCall:
    callee: str
    argument: object
    options: tuple[tuple[str, object], ...]
    text: str
    learned: Learned = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    def eval(self, columns: Columns, env: object = None) -> np.ndarray | CategoricalBox:
        function = FUNCTIONS[self.callee]
        try:
            if function.kind == "factor":
                return self._coded(columns.factors[self.argument.name])
            values = np.asarray(self.argument.eval(columns), dtype=np.float64)
            if function.kind in {"transform", "basis"}:
                return self._learnt(values)(values)
            return function.make(values)
        except _FormulaError:
            raise
        except ValueError as error:
            raise _FormulaError(f"{self.text}: {error}.") from error

    def _learnt(self, values: np.ndarray) -> object:
        known, stored = self.learned.transforms, self.learned.stored
        if self.text not in known and stored is not None:
            known[self.text] = restore_transform(self.callee, stored.get(self.text), dict(self.options))
        if self.text not in known:
            if not np.isfinite(values).all():
                raise ValueError(f"{self.argument} is not finite in {np.sum(~np.isfinite(values))} rows")
            known[self.text] = FUNCTIONS[self.callee].make(values, self.learned.weights, **dict(self.options))
        return known[self.text]

    def _coded(self, column: pd.Categorical) -> CategoricalBox:
        if self.learned.fitted:  # formulae keeps the coding, and wants only the values of new rows
            return CategoricalBox(np.asarray(column), None, None)
        levels = column.categories.tolist()
        contrast = FUNCTIONS[self.callee].make(levels, **dict(self.options))
        return CategoricalBox(np.asarray(column), contrast, levels)


class _FormulaError(ValueError):
    """A sentence that already names the call; outer calls pass it on."""


class _Nodes:
    """Visitor: from the parsed tree of a call (checked beforehand) to the nodes above."""

    def __init__(self, learned: Learned) -> None:
        self.learned = learned
        self.used: list[str] = []  # columns, in the order of the text

    def visitGroupingExpr(self, tree):
        inner = tree.expression.accept(self)
        return _Parentheses(inner) if isinstance(inner, _Operation | _Negative) else inner

    def visitBinaryExpr(self, tree):
        return _Operation(tree.operator.lexeme, tree.left.accept(self), tree.right.accept(self))

    def visitUnaryExpr(self, tree):
        inner = tree.right.accept(self)
        return _Negative(inner) if tree.operator.kind == "MINUS" else inner

    def visitVariableExpr(self, tree):
        return self._column(tree)

    def visitQuotedNameExpr(self, tree):
        return self._column(tree)

    def _column(self, tree):
        self.used.append(column_name(tree))
        return _Column(self.used[-1])

    def visitLiteralExpr(self, tree):
        if isinstance(tree.value, str):
            return _Text(tree.value, tree.lexeme)
        return _Number(float(tree.value), str(tree.value))

    def visitCallExpr(self, tree):
        name, before = tree.callee.name.lexeme, len(self.used)
        argument = tree.args[0].accept(self)
        written, options = [str(argument)], []
        for position, given in enumerate(tree.args[1:]):
            named = isinstance(given, ast.Assign)
            option = given.name.name.lexeme if named else FUNCTIONS[name].options[position][0]
            value = _literal(given.value if named else given)
            options.append((option, value))
            shown = value if option == "contrast" else repr(value)
            written.append(f"{option}={shown}" if named else str(shown))
        text = f"{name}({', '.join(written)})"
        self.learned.tell_apart(text, tuple(self.used[before:]))
        return _FunctionCall(name, argument, tuple(options), text, self.learned)


def _literal(tree: object) -> object:
    if isinstance(tree, ast.Unary):
        value = _literal(tree.right)
        return -value if tree.operator.kind == "MINUS" else value
    return tree.name.lexeme if isinstance(tree, ast.Variable) else tree.value


class _Terms(Resolver):
    """formulae's algebra of terms, over our calls."""

    def __init__(self, learned: Learned) -> None:
        super().__init__(None)
        self.learned = learned

    def visitCallExpr(self, expr):
        return Term(Call(expr.accept(_Nodes(self.learned))))

    def visitVariableExpr(self, expr):
        self.learned.tell_apart(column_name(expr), (column_name(expr),))
        return super().visitVariableExpr(expr)

    def visitQuotedNameExpr(self, expr):
        self.learned.tell_apart(column_name(expr), (column_name(expr),))
        return super().visitQuotedNameExpr(expr)


def build_terms(summands: list[tuple[int, object]], learned: Learned, *, intercept: bool = True) -> Model:
    """Expand the summands of a checked formula into formulae's model, with its intercept or without."""
    resolver, model = _Terms(learned), Model(Intercept()) if intercept else Model()
    for sign, tree in summands:
        piece = tree.accept(resolver)
        model = model + piece if sign > 0 else model - piece
    # `g / h` and `(a + b)**2` share component objects between terms, whose codings may differ
    model.common_terms = [copy.deepcopy(term) for term in _distinct(model.common_terms)]
    return model


def _distinct(terms: list) -> list:
    """Terms of different components: x:g and g:x are one, on which formulae stumbles."""
    kept = {
        frozenset(part.name for part in getattr(term, "components", ())): term for term in reversed(terms)
    }
    return [term for term in terms if term in kept.values()]


def evaluate(tree: object, columns: Columns, learned: Learned) -> np.ndarray:
    """The value of one checked expression, (n,) float64."""
    return np.asarray(tree.accept(_Nodes(learned)).eval(columns), dtype=np.float64)
