"""What a column of each kind may be used for in a formula: pieces of input that know what is wrong with them."""

from __future__ import annotations

from input_columns import COLUMNS, COMPLEX, CONSTANT, DATES, HOLES, NOT_NUMERIC

__all__ = ["ANYTHING", "USES", "fault_of"]

ANYTHING = "anything"
"""In place of a fault: refused or not, it depends on the numbers."""

USES = {
    "a term": ("{}", "term"),
    "an interaction": ("{}:z", "product"),
    "crossed": ("{} * h", "term"),
    "slopes": ("(0 + {} | g)", "slopes"),
    "scaled": ("scale({})", "number"),
    "centred": ("center({})", "number"),
    "computed": ("I(2 * {} + 1)", "number"),
    "compared": ("I({} > 0)", "comparison"),
    "a spline": ("bs({}, df=4)", "shape"),
    "a polynomial": ("poly({}, 2)", "shape"),
    "a logarithm": ("log({})", "shape"),
    "an offset": ("offset({} / 1000000)", "offset"),
    "coded": ("C({})", "factor"),
    "groups": ("(1 | {})", "groups"),
}
"""The text of a term, and what it makes of its column."""

_MEANINGLESS = "without a meaning|cannot tell groups apart"
_AS_IT_IS = {
    HOLES: HOLES,
    "contains infinity": "contains infinity|cannot tell groups apart",
    DATES: "dates or durations",
    COMPLEX: f"{COMPLEX}|complex numbers",
    "must be a number": _MEANINGLESS,
    "varies too little": "varies too little",
    CONSTANT: "constant|cannot be scaled|nothing that varies|distinct values|in every row|must enclose|knots",
}


def fault_of(column: str, use: str) -> str | None:
    """The pattern that a message about this column in this use must match; None where nothing is wrong."""
    fault, role = COLUMNS[column].fault, USES[use][1]
    if column == "numbers and strings":
        return _MEANINGLESS
    if column == "Categorical with a hole":
        return HOLES
    if fault == NOT_NUMERIC:  # a factor
        return ANYTHING if role in ("term", "product", "slopes", "factor", "groups") else NOT_NUMERIC
    if fault in (CONSTANT, "varies too little"):
        # a number that hardly varies, or not at all, can still be an offset
        return (
            ANYTHING
            if role in ("product", "slopes", "offset", "groups", "factor", "comparison", "shape")
            else _AS_IT_IS[fault]
        )
    if role == "groups" and column in ("dates with NaT", "beyond float64"):
        return HOLES if column == "dates with NaT" else ANYTHING  # any whole number can be a label
    if fault is not None:
        return _AS_IT_IS[fault]
    if column in ("huge", "tiny", "beyond int64"):  # sums may lose it, products and powers may leave float64
        return ANYTHING
    return None if role in ("term", "product", "slopes", "number", "offset") else ANYTHING
