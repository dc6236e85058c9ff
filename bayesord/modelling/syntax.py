"""What a formula says once every check has passed, and before it meets data."""

from __future__ import annotations

from dataclasses import dataclass, field

from formulae import expr as ast

__all__ = ["Formula", "GroupPart", "Part", "column_name", "is_column"]


@dataclass
class Part:
    """One sum of terms, and the columns it uses: the right side of a formula, or what stands left of a bar.

    `summands` are (sign, node) pairs. The names used: `terms` stand as terms of their own, `factors` inside
    C(), T() or S(), `numbers` in arithmetic (with the call they stand in) and `compared` in comparisons with
    a string.
    """

    summands: list[tuple[int, object]] = field(default_factory=list)
    terms: dict[str, None] = field(default_factory=dict)
    factors: dict[str, None] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    compared: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Every column that the terms use, in order of first use."""
        return list(dict.fromkeys([*self.terms, *self.factors, *self.numbers, *self.compared]))


@dataclass
class GroupPart(Part):
    """`(summands | factor)`: terms that every group has effects of its own for, and the columns that tell groups apart.

    `a:b` makes a factor of two columns, whose groups are the combinations of their values.
    """

    intercept: bool = True
    factor: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The factor as a formula writes it."""
        return ":".join(self.factor)


@dataclass
class Formula(Part):
    """A formula; the fields of `Part` are those of its terms outside all bars.

    `offsets` are the arguments of `offset()`, `groups` the group terms, `a/b` already taken apart.
    """

    text: str = ""
    response: str = ""
    offsets: list[object] = field(default_factory=list)
    groups: list[GroupPart] = field(default_factory=list)

    @property
    def everywhere(self) -> Part:
        """The columns used by the terms of all parts; no summands."""
        whole = Part()
        for part in (self, *self.groups):
            whole.terms |= part.terms
            whole.factors |= part.factors
            whole.numbers = {**part.numbers, **whole.numbers}
            whole.compared = {**part.compared, **whole.compared}
        return whole


def is_column(node: object) -> bool:
    """Whether a node is a plain or back-quoted name, without brackets after it."""
    return isinstance(node, ast.QuotedName) or (isinstance(node, ast.Variable) and node.level is None)


def column_name(node: object) -> str:
    """The name that such a node writes."""
    return node.expression.lexeme[1:-1] if isinstance(node, ast.QuotedName) else node.name.lexeme
