"""Formula strings, read by `formulae` and checked against an allow-list before anything is evaluated.

    response ~ term + term + ... + (term + ... | group)

Names must be columns of the data; calls only those of `transforms.FUNCTIONS`; no attribute, no
subscript, nothing from anyone's namespace. `formulae` scans, parses and expands terms; what stands
inside a call becomes the small nodes of `expressions`, which know columns, numbers, operators and the
allow-list, and nothing else. So a formula can be slow at worst, and length, depth and size are limited.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager

from formulae import expr as ast
from formulae.parser import ParseError, Parser
from formulae.scanner import Scanner

from bayesord.checks import Problems
from bayesord.modelling.allowlist import TermChecker
from bayesord.modelling.bars import read_bar
from bayesord.modelling.syntax import Formula, column_name, is_column

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "Formula", "parse_formula"]

MAX_LENGTH = 20_000
MAX_DEPTH = 20
MAX_GROUPS = 50
MAX_CALLS = 1_000  # of the parser, one within the other

_TOO_LONG = re.compile(r"\d{100}")  # times a number of rows it may leave float64
_SCIENTIFIC = re.compile(r"(?<![\w.])\d+\.?\d*[eE][+-]?\d")

_BAR = "(1 | judge), or (x | judge) with a slope for every judge"
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


def parse_formula(text: str, columns: list[str], problems: Problems) -> Formula | None:
    """Parse and check a formula; None where it cannot be used (the reasons are added to `problems`).

    Parameters
    ----------
    text : str
        Such as ``"rating ~ temp * contact + scale(age)"``.
    columns : list of str
        The names that the formula may use.
    problems : Problems

    Returns
    -------
    Formula or None

    Examples
    --------
    >>> from bayesord.checks import Problems
    >>> problems = Problems()
    >>> parse_formula("rating ~ os.system('ls')", ["rating", "temp"], problems)
    >>> problems.found[0][1].split(":")[0]
    "formula calls 'os.system'"
    """
    with _shallow():
        tree = _tree(text, columns, problems)
        return None if tree is None else _checked(tree, text, columns, problems)


@contextmanager
def _shallow():
    """Hold the depth of calls to what Python allows by itself: libraries raise the limit for their own sake."""
    frame, depth = sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(min(before, depth + MAX_CALLS))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _checked(tree: object, text: str, columns: list[str], problems: Problems) -> Formula | None:
    try:
        return _check_tree(tree, text, columns, problems)
    except RecursionError:
        problems.add("formula is too deep to be read. Compute such a column beforehand.")
        return None


def _check_tree(tree: object, text: str, columns: list[str], problems: Problems) -> Formula | None:
    """The formula that a parsed tree stands for, or None where anything in it is not allowed."""
    before = len(problems.found)
    if not (isinstance(tree, ast.Binary) and tree.operator.kind == "TILDE"):
        problems.add("formula must have the form 'response ~ predictors'.")
        return None
    formula = Formula(text=text)
    right = _RightSide(formula, columns, problems)
    formula.response = _response(tree.left, right)
    right.check(tree.right)
    if formula.response in formula.everywhere.names:
        problems.add(f"the response {formula.response!r} stands among the predictors. Drop it there.")
    if any(formula.response in part.factor for part in formula.groups):
        problems.add(f"the response {formula.response!r} is a grouping factor, which would explain itself.")
    return formula if len(problems.found) == before else None


def _response(node: object, right: TermChecker) -> str:
    if is_column(node):
        return column_name(node) if right.calls.known(column_name(node)) else ""
    written = right.part.text.split("~", 1)[0].strip()
    right.problems.add(
        f"the response must be one plain column, not {written[:60]!r}: make it a column of the data "
        "first. Its answers are categories; transforming them has no meaning."
    )
    return ""


class _RightSide(TermChecker):
    """The terms outside all bars."""

    def intercept(self, wanted: bool) -> None:
        if not wanted:
            self.problems.add(
                "formula removes the intercept ('0 +' or '- 1'), but an ordinal model has none: its "
                "cutpoints play that role, and full dummy coding would be collinear with them. Leave it "
                "out."
            )

    def offset(self, sign: int, call: ast.Call) -> None:
        if sign < 0:
            self.problems.add("an offset cannot be subtracted: write offset(-x), or leave it out.")
        self.calls.check(call, interacting=False)
        self.part.offsets.extend(call.args[:1])

    def bar(self, sign: int, bar: ast.Binary) -> None:
        if sign < 0:
            self.problems.add("a group term cannot be subtracted: leave it out.")
        if len(self.part.groups) > MAX_GROUPS:
            self.problems.add(
                f"formula has more than {MAX_GROUPS} group terms. Leave those out that matter least."
            )
            return
        self.part.groups.extend(read_bar(bar, self.columns, self.problems))


def _tree(text: str, columns: list[str], problems: Problems) -> object | None:
    """The parsed tree, or None; nothing but text has been looked at so far."""
    if not isinstance(text, str):
        problems.add(f"formula must be a string; got {type(text).__name__}.", TypeError)
        return None
    if len(text) > MAX_LENGTH:
        problems.add(
            f"formula has {len(text)} characters; the limit is {MAX_LENGTH}. Pass X and y as arrays."
        )
        return None
    if _TOO_LONG.search(text):
        problems.add("formula holds a number of 100 digits or more. Divide the column by it beforehand.")
        return None
    if _depth(text) > MAX_DEPTH:
        problems.add(f"formula nests brackets deeper than {MAX_DEPTH}. Compute such a column beforehand.")
        return None
    if "~" not in text:
        problems.add(f"formula {text[:80]!r} has no '~': write \"response ~ predictor + predictor\".")
        return None
    if not text.split("~", 1)[0].strip():
        problems.add(f"formula {text[:80]!r} has nothing left of '~': write the column of the answers there.")
        return None
    try:
        tokens = Scanner(text).scan(add_intercept=False)
        parser = Parser(tokens)
        tree = parser.parse()
    except RecursionError:
        problems.add("formula is too deep to be read. Compute such a column beforehand.")
        return None
    except Exception as error:  # formulae raises its own classes, and bare IndexErrors on unclosed quotes
        problems.add(f"formula {text[:80]!r} cannot be read: {_reading_hint(text, columns, error)}")
        return None
    if not parser.at_end():
        # formulae stops here in silence, and would fit a model without the rest
        rest = " ".join(token.lexeme for token in parser.tokens[parser.current : -1])
        if rest.startswith("|"):
            problems.add(f"a bar stands outside brackets: write the group term as {_BAR}.")
            return None
        problems.add(
            f"formula {text[:80]!r} cannot be read from {rest[:40]!r} on: an operator such as '+' is "
            "missing, or one does not belong there (comparisons go inside I(...))."
        )
        return None
    return tree


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in _BRACKETS:
            depth += 1
            deepest = max(deepest, depth)
        elif character in _BRACKETS.values():
            depth -= 1
    return deepest


def _reading_hint(text: str, columns: list[str], error: Exception) -> str:
    right = text.split("~", 1)[1]
    if not right.strip():
        return "nothing stands on its right side. For a model without predictors write '~ 1'."
    if right.strip().startswith(".") or "+ ." in right:
        response = text.split("~", 1)[0].strip()
        others = " + ".join(_written(name) for name in columns if name != response)
        return f"'.' for all other columns is not part of this language. Name them: {others[:200]}."
    if "||" in right:
        return "'||' is not part of this language. For effects without correlation: (1 | g) + (0 + x | g)."
    if "|" in right and isinstance(error, ParseError):
        return f"{str(error).rstrip('.')}. A group term is written {_BAR}."
    if "levels" in text and "[" in text:
        return (
            "lists such as levels=[...] cannot stand in a formula. Make the column a Categorical with the "
            "levels in your order: data['g'] = pd.Categorical(data['g'], categories=[...])."
        )
    if isinstance(error, IndexError) or "`" in text:
        return "a quote or backtick is not closed, or a name is not plain; put unusual names in `backticks`."
    if _SCIENTIFIC.search(text):
        return "a number such as 1e-3 is written 0.001 in this language."
    return f"{str(error).rstrip('.')}. Names that are not plain words go in `backticks`."


def _written(name: str) -> str:
    """A column name as a formula must write it."""
    plain = name[:1].isalpha() and all(character.isalnum() or character in "._" for character in name)
    return name if plain else f"`{name}`"
