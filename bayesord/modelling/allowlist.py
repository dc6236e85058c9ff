"""What may stand outside the calls of a formula: columns, the operators between terms, and nothing else."""

from __future__ import annotations

from formulae import expr as ast

from bayesord.checks import Problems
from bayesord.modelling.calls import CallChecker
from bayesord.modelling.syntax import Part, column_name, is_column

__all__ = ["MAX_ORDER", "MAX_TERMS", "TermChecker"]

MAX_TERMS = 2_000
MAX_ORDER = 8

_TERM_OPERATORS = {"PLUS", "MINUS", "STAR", "SLASH", "COLON"}


class TermChecker:
    """Checks one sum of terms, and notes in `part` its summands and the columns they use.

    What an intercept, an offset and a bar mean depends on where the sum stands: subclasses say it.
    """

    def __init__(self, part: Part, columns: list[str], problems: Problems) -> None:
        self.part, self.columns, self.problems = part, columns, problems
        self.calls = CallChecker(part, columns, problems)
        self.expanded = 0  # terms that interactions stand for

    def check(self, tree: object) -> None:
        """Check a sum of terms, of any length."""
        for sign, node in _flatten(tree):
            self._summand(sign, node)

    def intercept(self, wanted: bool) -> None:
        """`1`, or with `wanted` False: `0` or `- 1`."""
        raise NotImplementedError

    def offset(self, sign: int, call: ast.Call) -> None:
        """`offset(x)`."""
        raise NotImplementedError

    def bar(self, sign: int, bar: ast.Binary) -> None:
        """`(terms | factor)`."""
        raise NotImplementedError

    def _summand(self, sign: int, node: object) -> None:
        if isinstance(node, ast.Literal) and type(node.value) is int and node.value in (0, 1):
            self.intercept((node.value == 1) == (sign > 0))
            return
        if isinstance(node, ast.Call) and is_column(node.callee) and column_name(node.callee) == "offset":
            self.offset(sign, node)
            return
        if _is_bar(node):
            self.bar(sign, node.expression)
            return
        terms, order = self._size(node, interacting=False)
        self.expanded += terms if terms > 1 else 0
        if self.expanded > MAX_TERMS or order > MAX_ORDER:
            if self.expanded - terms <= MAX_TERMS:  # said once
                self.problems.add(
                    f"formula expands to {self.expanded} terms or more, of order up to {order}; the limits are "
                    f"{MAX_TERMS} and {MAX_ORDER}. Name the interactions that matter."
                )
            return
        self.part.summands.append((sign, node))

    def _size(self, node: object, interacting: bool) -> tuple[int, int]:
        """Check a term, or a sum of terms; bounds on how many terms it expands to and on their order."""
        if isinstance(node, ast.Grouping):
            return self._size(node.expression, interacting)
        if isinstance(node, ast.Binary):
            return self._operator(node, interacting)
        if isinstance(node, ast.Call):
            self.calls.check(node, interacting=interacting)
        elif is_column(node):
            if self.calls.known(column_name(node)):
                self.part.terms[column_name(node)] = None
        elif isinstance(node, ast.Variable):
            self.problems.add(
                f"formula has brackets after {column_name(node)!r}; make a column of what is meant."
            )
        elif isinstance(node, ast.Literal):
            self.problems.add(
                f"{node.value!r} stands alone in the formula; only columns and calls can be terms."
            )
        else:
            self.problems.add("a sign or '=' stands where a term should be; arithmetic goes inside I(...).")
        return 1, 1

    def _operator(self, node: ast.Binary, interacting: bool) -> tuple[int, int]:
        kind = node.operator.kind
        if kind == "STAR_STAR":
            return self._power(node)
        if kind == "PIPE":
            self.problems.add(
                "a group term such as (1 | judge) stands between + signs only, in brackets of its own: it "
                "cannot be crossed with other terms. For slopes by group write (x | judge)."
            )
            return 1, 1
        if kind not in _TERM_OPERATORS:
            self.problems.add(
                f"{node.operator.lexeme!r} stands between terms; write a comparison inside I(...)."
            )
            return 1, 1
        crossing = interacting or kind not in {"PLUS", "MINUS"}
        left, left_order = self._size(node.left, crossing)
        right, right_order = self._size(node.right, crossing)
        if kind in {"PLUS", "MINUS"}:
            return left + right, max(left_order, right_order)
        if kind == "SLASH":
            # (a + b) / c nests c in all of a and b, so the order can be as high as their number
            return left + right, left * left_order + right_order
        both = left * right
        return both + (left + right if kind == "STAR" else 0), left_order + right_order

    def _power(self, node: ast.Binary) -> tuple[int, int]:
        power = getattr(node.right, "value", None)
        if type(power) is not int or not 1 <= power <= MAX_ORDER or not isinstance(node.left, ast.Grouping):
            self.problems.add(
                "'**' crosses terms, as in (a + b + c)**2. For a power of numbers write I(x**2)."
            )
            return 1, 1
        terms, order = self._size(node.left, interacting=True)
        total, combinations = 0, 1
        for i in range(1, power + 1):
            combinations = combinations * max(terms - i + 1, 0) // i
            total += combinations
        return total, order * power


def _is_bar(node: object) -> bool:
    bracketed = isinstance(node, ast.Grouping) and isinstance(node.expression, ast.Binary)
    return bracketed and node.expression.operator.kind == "PIPE"


def _flatten(node: object) -> list[tuple[int, object]]:
    """The summands of a sum with their signs; a loop, so that 1,000 terms need no deep recursion."""
    found, waiting = [], [(1, node)]
    while waiting:
        sign, node = waiting.pop()
        if isinstance(node, ast.Grouping) and sign > 0 and not _is_bar(node):
            waiting.append((sign, node.expression))
        elif isinstance(node, ast.Unary) and node.operator.kind in {"PLUS", "MINUS"}:
            waiting.append((sign if node.operator.kind == "PLUS" else -sign, node.right))
        elif isinstance(node, ast.Binary) and node.operator.kind in {"PLUS", "MINUS"} and sign > 0:
            waiting.append((1 if node.operator.kind == "PLUS" else -1, node.right))
            waiting.append((1, node.left))
        else:
            found.append((sign, node))
    return found
