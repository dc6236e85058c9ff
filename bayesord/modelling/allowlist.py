"""What may stand outside the calls of a formula: columns, the operators between terms, and nothing else."""

from __future__ import annotations

from formulae import expr as ast

from bayesord.checks import Problems
from bayesord.modelling.calls import CallChecker, Formula, column_name, is_column

__all__ = ["MAX_ORDER", "MAX_TERMS", "check_tree"]

MAX_TERMS = 2_000
MAX_ORDER = 8

_TERM_OPERATORS = {"PLUS", "MINUS", "STAR", "SLASH", "COLON"}


def check_tree(tree: object, text: str, columns: list[str], problems: Problems) -> Formula | None:
    """The formula that a parsed tree stands for, or None where anything in it is not allowed."""
    return _TermChecker(text, columns, problems).check(tree)


class _TermChecker:
    def __init__(self, text: str, columns: list[str], problems: Problems) -> None:
        self.problems, self.formula = problems, Formula(text)
        self.calls = CallChecker(self.formula, columns, problems)

    def check(self, tree: object) -> Formula | None:
        before = len(self.problems.found)
        if not (isinstance(tree, ast.Binary) and tree.operator.kind == "TILDE"):
            self.problems.add("formula must have the form 'response ~ predictors'.")
            return None
        self._response(tree.left)
        for sign, node in _flatten(tree.right):
            self._summand(sign, node)
        if self.formula.response in self.formula.names:
            self.problems.add(
                f"the response {self.formula.response!r} stands among the predictors. Drop it there."
            )
        return self.formula if len(self.problems.found) == before else None

    def _response(self, node: object) -> None:
        if is_column(node):
            if self.calls.known(column_name(node)):
                self.formula.response = column_name(node)
            return
        written = self.formula.text.split("~", 1)[0].strip()
        self.problems.add(
            f"the response must be one plain column, not {written[:60]!r}: make it a column of the data "
            "first. Its answers are categories; transforming them has no meaning."
        )

    def _summand(self, sign: int, node: object) -> None:
        if isinstance(node, ast.Literal) and type(node.value) is int and node.value in (0, 1):
            if (node.value == 0) == (sign > 0):
                self.problems.add(
                    "formula removes the intercept ('0 +' or '- 1'), but an ordinal model has none: its "
                    "cutpoints play that role, and full dummy coding would be collinear with them. Leave it "
                    "out."
                )
            return
        if isinstance(node, ast.Call) and is_column(node.callee) and column_name(node.callee) == "offset":
            if sign < 0:
                self.problems.add("an offset cannot be subtracted: write offset(-x), or leave it out.")
            self.calls.check(node, interacting=False)
            self.formula.offsets.extend(node.args[:1])
            return
        terms, order = self._size(node, interacting=False)
        if terms > MAX_TERMS or order > MAX_ORDER:
            self.problems.add(
                f"formula expands to {terms} terms of order up to {order}; the limits are {MAX_TERMS} and "
                f"{MAX_ORDER}. Name the interactions that matter."
            )
            return
        self.formula.summands.append((sign, node))

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
                self.formula.terms[column_name(node)] = None
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
                "group terms such as (1 | judge) cannot be fitted yet. Leave the group out, or add it as a "
                "factor."
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


def _flatten(node: object) -> list[tuple[int, object]]:
    """The summands of the right side with their signs; a loop, so that 1,000 terms need no deep recursion."""
    found, waiting = [], [(1, node)]
    while waiting:
        sign, node = waiting.pop()
        if isinstance(node, ast.Grouping) and sign > 0:
            waiting.append((sign, node.expression))
        elif isinstance(node, ast.Unary) and node.operator.kind in {"PLUS", "MINUS"}:
            waiting.append((sign if node.operator.kind == "PLUS" else -sign, node.right))
        elif isinstance(node, ast.Binary) and node.operator.kind in {"PLUS", "MINUS"} and sign > 0:
            waiting.append((1 if node.operator.kind == "PLUS" else -1, node.right))
            waiting.append((1, node.left))
        else:
            found.append((sign, node))
    return found
