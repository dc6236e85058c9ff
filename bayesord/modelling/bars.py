"""Group terms of a formula, `(terms | factor)`: what may stand on either side of the bar."""

from __future__ import annotations

from dataclasses import replace

from formulae import expr as ast

from bayesord.checks import Problems, did_you_mean, name_list
from bayesord.modelling.allowlist import MAX_ORDER, TermChecker
from bayesord.modelling.syntax import GroupPart, column_name, is_column

__all__ = ["read_bar"]


def read_bar(bar: ast.Binary, columns: list[str], problems: Problems) -> list[GroupPart]:
    """The group terms that a bar stands for: one for each factor on its right side.

    Parameters
    ----------
    bar : Binary
        Of the parsed tree.
    columns : list of str
        The names that the formula may use.
    problems : Problems
        What is not allowed is added here.
    """
    part, before = GroupPart(), len(problems.found)
    _Left(part, columns, problems).check(bar.left)
    if not part.summands and not part.intercept and len(problems.found) == before:
        problems.add("nothing stands left of the bar in (0 | ...): write (1 | ...) or (0 + x | ...).")
    return [replace(part, factor=factor) for factor in _factors(bar.right, columns, problems)]


class _Left(TermChecker):
    """The terms left of a bar: an intercept unless taken out, as everywhere outside ordinal models."""

    def intercept(self, wanted: bool) -> None:
        self.part.intercept = wanted

    def offset(self, sign: int, call: ast.Call) -> None:
        self.problems.add(
            "offset() stands left of a bar, where it has no meaning: take it out of the group term."
        )

    def bar(self, sign: int, bar: ast.Binary) -> None:
        self.problems.add("a group term stands within another: write them side by side, (1 | g) + (1 | h).")


def _factors(node: object, columns: list[str], problems: Problems) -> list[tuple[str, ...]]:
    """The factors right of a bar: a column, `a:b`, or `a/b` for `a` and `a:b`."""
    if isinstance(node, ast.Grouping):
        return _factors(node.expression, columns, problems)
    if is_column(node):
        name = column_name(node)
        if name not in columns:
            problems.add(
                f"formula groups by {name!r}, which is not a column of the data.{did_you_mean(name, columns)} "
                f"Columns: {name_list(columns, 10)}."
            )
            return []
        return [(name,)]
    kind = node.operator.kind if isinstance(node, ast.Binary) else None
    if kind not in {"COLON", "SLASH"}:
        problems.add(
            "right of the bar of a group term stands a column, g:h (the combinations of two) or g/h (h within "
            "g). For several factors write (1 | g) + (1 | h); anything computed must be a column first."
        )
        return []
    left, right = _factors(node.left, columns, problems), _factors(node.right, columns, problems)
    if not left or not right:
        return []
    if len(right) > 1 or (kind == "COLON" and len(left) > 1):
        problems.add("'/' right of a bar nests from the left, as in (1 | g/h/i). Write other factors out.")
        return []
    deepest = tuple(dict.fromkeys(left[-1] + right[0]))
    if len(deepest) > MAX_ORDER:
        problems.add(f"a grouping factor combines {len(deepest)} columns; the limit is {MAX_ORDER}.")
        return []
    return [deepest] if kind == "COLON" else [*left, deepest]
