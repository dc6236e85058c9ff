"""What may stand in the calls of a formula: a walk over the parsed tree that refuses what it does not name."""

from __future__ import annotations

from collections.abc import Callable

from formulae import expr as ast

from bayesord.checks import Problems, did_you_mean, name_list
from bayesord.modelling.syntax import Part, column_name, is_column
from bayesord.modelling.transforms import CONTRASTS, FUNCTIONS, Function

__all__ = ["CallChecker"]

_COMPARISONS = {"EQUAL_EQUAL", "BANG_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"}
_ARITHMETIC = {"PLUS", "MINUS", "STAR", "SLASH", "STAR_STAR"}


def _is_text(node: object) -> bool:
    return isinstance(node, ast.Literal) and isinstance(node.value, str)


class CallChecker:
    """Checks one call after another, and notes in `part` which columns they use, and how."""

    def __init__(self, part: Part, columns: list[str], problems: Problems) -> None:
        self.part, self.columns, self.problems = part, columns, problems

    def known(self, name: str) -> bool:
        """Whether a name is a column of the data; a problem where it is not."""
        if name in self.columns:
            return True
        shown = name if len(name) <= 80 else f"{name[:80]}..."
        self.problems.add(
            f"formula uses {shown!r}, which is not a column of the data.{did_you_mean(shown, self.columns)} "
            f"Columns: {name_list(self.columns, 10)}."
        )
        return False

    def check(self, node: ast.Call, *, interacting: bool) -> None:
        """Check a call that is a term, or part of an interaction."""
        function = self._function(node)
        if function is None:
            return
        if interacting and function.name in {"bs", "offset"}:
            self.problems.add(f"{function.name}() cannot take part in an interaction.")
        if not node.args or isinstance(node.args[0], ast.Assign):
            self.problems.add(f"{function.name}() needs a column as its first argument.")
            return
        first = node.args[0]
        if function.kind == "factor":
            if not is_column(first):
                self.problems.add(f"{function.name}() takes one plain column.")
            elif self.known(column_name(first)):
                self.part.factors[column_name(first)] = None
        elif not self._expression(first, function.name):
            self.problems.add(f"{function.name}() uses no column of the data.")
        self._options(node, function)

    def _function(self, node: ast.Call) -> Function | None:
        name = column_name(node.callee) if is_column(node.callee) else "something that is not a name"
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        self.problems.add(
            f"formula calls {name!r}: only {', '.join(FUNCTIONS)} may be called."
            f"{did_you_mean(name, FUNCTIONS)} Compute anything else as a column of the data first."
        )
        return None

    # -- arguments after the first: literals, of the names and types that the function takes -----------------

    def _options(self, node: ast.Call, function: Function) -> None:
        known = dict(function.options)
        given: set[str] = set()
        for position, argument in enumerate(node.args[1:]):
            if isinstance(argument, ast.Assign):
                name, value = column_name(argument.name), argument.value
            elif position < len(function.options):
                name, value = function.options[position][0], argument
            else:
                self.problems.add(f"{function.name}() takes at most {1 + len(known)} arguments.")
                return
            self._option(function, name, value, repeated=name in given)
            given.add(name)

    def _option(self, function: Function, name: str, value: object, repeated: bool) -> None:
        known = dict(function.options)
        if name in {"levels", "knots"}:
            self.problems.add(
                f"{function.name}({name}=...) cannot stand in a formula. For the order of levels make the "
                "column a Categorical: data['g'] = pd.Categorical(data['g'], categories=[...])."
            )
        elif function.name == "C" and name in {"ref", "reference", "base"}:
            self.problems.add(
                f"C() has no argument {name!r}. T(column, 'level') chooses the reference level."
            )
        elif name not in known or repeated:
            word = "second argument" if repeated else "argument"
            takes = f"It takes {name_list(list(known))}." if known else "It takes one column alone."
            self.problems.add(f"{function.name}() has no {word} {name!r}.{did_you_mean(name, known)} {takes}")
        elif name == "contrast":
            if not (is_column(value) and column_name(value) in CONTRASTS):
                self.problems.add(f"{function.name}() takes as contrast one of {', '.join(CONTRASTS)}.")
        elif not _is_literal(value, known[name]):
            types = " or ".join(kind.__name__ for kind in known[name])
            self.problems.add(
                f"{function.name}({name}=...) must be written out in the formula, as one {types}."
            )

    # -- the first argument: arithmetic with columns --------------------------------------------------------

    def _expression(self, node: object, call: str) -> bool:
        """Check arithmetic inside a call; whether anything in it is more than a number."""
        if isinstance(node, ast.Grouping):
            return self._expression(node.expression, call)
        if isinstance(node, ast.Literal) and isinstance(node.value, int | float) and node.value is not True:
            return False
        if is_column(node):
            if self.known(column_name(node)):
                self.part.numbers.setdefault(column_name(node), call)
            return True
        if isinstance(node, ast.Unary) and node.operator.kind in {"PLUS", "MINUS"}:
            return self._expression(node.right, call)
        if isinstance(node, ast.Binary) and node.operator.kind in _ARITHMETIC:
            if node.operator.kind == "STAR_STAR":
                self._check_power(node, call)
            return self._both(node, call, self._expression)
        if isinstance(node, ast.Binary) and node.operator.kind in _COMPARISONS:
            return self._comparison(node, call)
        if isinstance(node, ast.Call):
            return self._inner_call(node, call)
        what = repr(node.value) if isinstance(node, ast.Literal) else "something"
        self.problems.add(f"{what} stands inside {call}() that is neither a column, a number nor arithmetic.")
        return True

    def _both(self, node: ast.Binary, call: str, check: Callable) -> bool:
        left = check(node.left, call)
        return check(node.right, call) or left

    def _check_power(self, node: ast.Binary, call: str) -> None:
        """formulae reads -x**2 as (-x)**2 and a**b**c from the left, unlike Python: ask for parentheses."""
        chained = isinstance(node.left, ast.Binary) and node.left.operator.kind == "STAR_STAR"
        if chained or isinstance(node.left, ast.Unary):
            self.problems.add(f"a power inside {call}() can be read in two ways: write -(x**2) or (x**a)**b.")

    def _inner_call(self, node: ast.Call, call: str) -> bool:
        function = self._function(node)
        if function is None:
            return True
        if function.kind not in {"plain", "transform"}:
            self.problems.add(
                f"{function.name}() cannot stand inside {call}(): its result is not one column of numbers."
            )
        elif len(node.args) != 1 or isinstance(node.args[0], ast.Assign):
            self.problems.add(f"{function.name}() takes one argument.")
        else:
            return self._expression(node.args[0], function.name)
        return True

    def _comparison(self, node: ast.Binary, call: str) -> bool:
        """Numbers by any operator; a column with a string by == and != alone."""
        sides = (node.left, node.right)
        if not any(_is_text(side) for side in sides):
            return self._both(node, call, self._expression)
        if node.operator.kind not in {"EQUAL_EQUAL", "BANG_EQUAL"}:
            self.problems.add(f"strings inside {call}() can only be compared by == and !=.")
        columns = [side for side in sides if is_column(side)]
        if len(columns) != 1:
            self.problems.add(
                f"a string inside {call}() can only be compared with a column: {call}(g == 'a')."
            )
        elif self.known(column_name(columns[0])):
            self.part.compared.setdefault(column_name(columns[0]), call)
        return True


def _is_literal(node: object, types: tuple[type, ...]) -> bool:
    if isinstance(node, ast.Unary) and node.operator.kind in {"PLUS", "MINUS"}:
        number = isinstance(node.right, ast.Literal) and not isinstance(node.right.value, str | bool)
        return number and _is_literal(node.right, types)
    if not isinstance(node, ast.Literal) or node.value is None:
        return False
    return bool in types if isinstance(node.value, bool) else isinstance(node.value, types)
