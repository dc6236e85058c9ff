"""Formula strings, read by `formulae` and checked against an allow-list before anything is evaluated.

    response ~ term + term + ...

Names must be columns of the data; calls only those of `transforms.FUNCTIONS`; no attribute, no
subscript, nothing from anyone's namespace. `formulae` scans, parses and expands terms; what stands
inside a call becomes the small nodes of `expressions`, which know columns, numbers, operators and the
allow-list, and nothing else. So a formula can be slow at worst, and length, depth and size are limited.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from formulae import expr as ast
from formulae.parser import Parser
from formulae.scanner import Scanner

from bayesord.checks import Problems, did_you_mean, name_list
from bayesord.modelling.transforms import CONTRASTS, FUNCTIONS, Function

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "MAX_ORDER", "MAX_TERMS", "Formula", "parse_formula"]

MAX_LENGTH = 20_000
MAX_DEPTH = 20
MAX_TERMS = 2_000
MAX_ORDER = 8

_COMPARISONS = {"EQUAL_EQUAL", "BANG_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"}
_ARITHMETIC = {"PLUS", "MINUS", "STAR", "SLASH", "STAR_STAR"}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


@dataclass
class Formula:
    """A formula that passed every check, not yet met with data.

    `summands` are (sign, node) pairs of the right side, `offsets` the arguments of `offset()`. The names
    used on the right: `terms` stand as terms of their own, `factors` inside C(), T() or S(), `numbers` in
    arithmetic (with the call they stand in) and `compared` in comparisons.
    """

    text: str
    response: str
    summands: list[tuple[int, object]] = field(default_factory=list)
    offsets: list[object] = field(default_factory=list)
    terms: dict[str, None] = field(default_factory=dict)
    factors: dict[str, None] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    compared: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Every column used on the right side, in order of first use."""
        return list(dict.fromkeys([*self.terms, *self.factors, *self.numbers, *self.compared]))


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
    tree = _tree(text, columns, problems)
    if tree is None:
        return None
    try:
        return _Checker(text, columns, problems).check(tree)
    except RecursionError:
        problems.add("formula is too deep to be read. Compute such a column beforehand.")
        return None


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
    if _depth(text) > MAX_DEPTH:
        problems.add(f"formula nests brackets deeper than {MAX_DEPTH}. Compute such a column beforehand.")
        return None
    if "~" not in text:
        problems.add(f"formula {text[:80]!r} has no '~': write \"response ~ predictor + predictor\".")
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
        rest = "".join(f" {token.lexeme}" for token in parser.tokens[parser.current : -1])
        problems.add(
            f"formula {text[:80]!r} cannot be read from {rest.strip()[:40]!r} on: an operator such as '+' is missing, "
            "or one does not belong there (comparisons go inside I(...))."
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
        others = " + ".join(name for name in columns if name != response)
        return f"'.' for all other columns is not part of this language. Name them: {others[:200]}."
    if "levels" in text and "[" in text:
        return (
            "lists such as levels=[...] cannot stand in a formula. Make the column a Categorical with the levels "
            "in your order: data['g'] = pd.Categorical(data['g'], categories=[...])."
        )
    if isinstance(error, IndexError) or "`" in text:
        return "a quote or backtick is not closed, or a name is not plain; put unusual names in `backticks`."
    return f"{str(error).rstrip('.')}. Names that are not plain words go in `backticks`."


class _Checker:
    """Walks the parsed tree; everything not named here is refused."""

    def __init__(self, text: str, columns: list[str], problems: Problems) -> None:
        self.columns, self.problems, self.text = columns, problems, text
        self.before = len(problems.found)

    def check(self, tree: object) -> Formula | None:
        if not (isinstance(tree, ast.Binary) and tree.operator.kind == "TILDE"):
            self._add("formula must have the form 'response ~ predictors'.")
            return None
        response = self._response(tree.left)
        self.formula = Formula(self.text, response or "")
        for sign, node in _flatten(tree.right):
            self._summand(sign, node)
        if response is not None and response in self.formula.names:
            self._add(f"the response {response!r} stands among the predictors. Drop it from the right side.")
        return self.formula if len(self.problems.found) == self.before else None

    def _add(self, text: str) -> None:
        self.problems.add(text)

    def _response(self, node: object) -> str | None:
        if isinstance(node, ast.Variable) and node.level is None or isinstance(node, ast.QuotedName):
            name = _name(node)
            return name if self._known(name) else None
        written = self.text.split("~", 1)[0].strip()
        self._add(
            f"the response must be one plain column, not {written[:60]!r}: make it a column of the data first. "
            "Its answers are categories; transforming them has no meaning."
        )
        return None

    def _known(self, name: str) -> bool:
        if name in self.columns:
            return True
        self._add(
            f"formula uses {name!r}, which is not a column of the data.{did_you_mean(name, self.columns)} "
            f"Columns: {name_list(self.columns, 10)}."
        )
        return False

    # -- the part outside calls: terms ---------------------------------------------------------------------------

    def _summand(self, sign: int, node: object) -> None:
        if isinstance(node, ast.Literal) and node.value in (0, 1) and not isinstance(node.value, bool):
            if (node.value == 0) == (sign > 0):
                self._add(
                    "formula removes the intercept ('0 +' or '- 1'), but an ordinal model has none: its cutpoints "
                    "play that role, and full dummy coding would be collinear with them. Leave it out."
                )
            return
        if isinstance(node, ast.Call) and _callee(node) == "offset":
            if sign < 0:
                self._add("an offset cannot be subtracted: write offset(-x), or leave it out.")
            self._call(node, interacting=False)
            self.formula.offsets.extend(node.args[:1])
            return
        terms, order = self._size(node, interacting=False)
        if terms > MAX_TERMS or order > MAX_ORDER:
            self._add(
                f"formula expands to {terms} terms of order up to {order}; the limits are {MAX_TERMS} and {MAX_ORDER}."
            )
            return
        self.formula.summands.append((sign, node))

    def _size(self, node: object, interacting: bool) -> tuple[int, int]:
        """Check a term (or a sum of terms); bounds on how many terms it expands to, and on their order."""
        if isinstance(node, ast.Grouping):
            return self._size(node.expression, interacting)
        if isinstance(node, ast.Variable | ast.QuotedName):
            if isinstance(node, ast.Variable) and node.level is not None:
                self._add(f"formula uses brackets after {_name(node)!r}; make a column of what you mean.")
            elif self._known(_name(node)):
                self.formula.terms[_name(node)] = None
            return 1, 1
        if isinstance(node, ast.Call):
            self._call(node, interacting)
            return 1, 1
        if isinstance(node, ast.Binary):
            return self._operator(node, interacting)
        if isinstance(node, ast.Literal):
            self._add(f"{node.value!r} stands alone in the formula; only columns and calls can be terms.")
        else:
            self._add("a sign or '=' stands where a term should be; arithmetic goes inside I(...).")
        return 1, 1

    def _operator(self, node: ast.Binary, interacting: bool) -> tuple[int, int]:
        kind = node.operator.kind
        if kind == "STAR_STAR":
            return self._power(node)
        if kind not in {"PLUS", "MINUS", "STAR", "SLASH", "COLON"}:
            if kind == "PIPE":
                self._add(
                    "group terms such as (1 | judge) cannot be fitted yet. Leave the group out, or add it as a factor."
                )
            else:
                self._add(f"{node.operator.lexeme!r} stands between terms; write a comparison inside I(...).")
            return 1, 1
        crossing = interacting or kind not in {"PLUS", "MINUS"}
        (a, m), (b, k) = self._size(node.left, crossing), self._size(node.right, crossing)
        if kind in {"PLUS", "MINUS"}:
            return a + b, max(m, k)
        if kind == "COLON":
            return a * b, m + k
        # a / (b + c) nests in all components of a, so its order can be the number of them
        return (a + b + a * b, m + k) if kind == "STAR" else (a + b, a * m + k)

    def _power(self, node: ast.Binary) -> tuple[int, int]:
        power = getattr(node.right, "value", None)
        whole = isinstance(power, int) and not isinstance(power, bool) and 1 <= power <= MAX_ORDER
        if not whole or not isinstance(node.left, ast.Grouping):
            self._add("'**' crosses terms, as in (a + b + c)**2. For the power of a number write I(x**2).")
            return 1, 1
        terms, order = self._size(node.left, interacting=True)
        total, count = 0, 1
        for i in range(1, power + 1):
            count = count * (terms - i + 1) // i
            total += max(count, 0)
        return total, order * power

    # -- calls -----------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, interacting: bool) -> None:
        function = self._function(node)
        if function is None:
            return
        if interacting and function.name in {"bs", "offset"}:
            self._add(f"{function.name}() cannot take part in an interaction.")
        if not node.args or isinstance(node.args[0], ast.Assign):
            self._add(f"{function.name}() needs a column as its first argument.")
            return
        names_before = len(self.formula.names)
        first = node.args[0]
        if function.kind == "factor":
            if (
                not isinstance(first, ast.Variable | ast.QuotedName)
                or getattr(first, "level", None) is not None
            ):
                self._add(f"{function.name}() takes one plain column.")
            elif self._known(_name(first)):
                self.formula.factors[_name(first)] = None
        else:
            used = self._expression(first, function.name)
            if (
                not used
                and len(self.problems.found) == self.before
                and len(self.formula.names) == names_before
            ):
                self._add(f"{function.name}() uses no column of the data.")
        self._options(node, function)

    def _function(self, node: ast.Call) -> Function | None:
        name = _callee(node)
        if name in FUNCTIONS and getattr(node.callee, "level", None) is None:
            return FUNCTIONS[name]
        self._add(
            f"formula calls {name!r}: only {', '.join(FUNCTIONS)} may be called.{did_you_mean(name, FUNCTIONS)} "
            "Compute anything else as a column of the data first."
        )
        return None

    def _options(self, node: ast.Call, function: Function) -> None:
        """Arguments after the first: literals only, of the names and types that the function takes."""
        known = dict(function.options)
        given = set()
        for position, argument in enumerate(node.args[1:]):
            if isinstance(argument, ast.Assign):
                name, value = _name(argument.name), argument.value
            elif position < len(function.options):
                name, value = function.options[position][0], argument
            else:
                self._add(f"{function.name}() takes at most {1 + len(known)} arguments.")
                return
            if name in {"levels", "knots"}:
                self._add(
                    f"{function.name}({name}=...) cannot stand in a formula. For the order of levels make the column "
                    "a Categorical: data['g'] = pd.Categorical(data['g'], categories=[...])."
                )
            elif name not in known or name in given:
                hint = did_you_mean(name, known)
                self._add(
                    f"{function.name}() has no (second) argument {name!r}.{hint} It takes: {list(known)}."
                )
            elif not _is_option(value, known[name], contrast=name == "contrast"):
                types = " or ".join(kind.__name__ for kind in known[name])
                self._add(f"{function.name}({name}=...) must be written out, as one {types}.")
            given.add(name)

    def _expression(self, node: object, call: str) -> bool:
        """Check arithmetic inside a call; whether it uses a column."""
        if isinstance(node, ast.Grouping):
            return self._expression(node.expression, call)
        if isinstance(node, ast.Literal):
            if not isinstance(node.value, int | float) or isinstance(node.value, bool):
                self._add(
                    f"{node.value!r} stands inside {call}(); only numbers and columns can be computed with."
                )
            return False
        if isinstance(node, ast.Variable | ast.QuotedName) and getattr(node, "level", None) is None:
            if self._known(_name(node)):
                self.formula.numbers.setdefault(_name(node), call)
            return True
        if isinstance(node, ast.Unary) and node.operator.kind in {"PLUS", "MINUS"}:
            return self._expression(node.right, call)
        if isinstance(node, ast.Binary) and node.operator.kind in _ARITHMETIC:
            return self._expression(node.left, call) | self._expression(node.right, call)
        if isinstance(node, ast.Binary) and node.operator.kind in _COMPARISONS:
            return self._comparison(node, call)
        if isinstance(node, ast.Call):
            function = self._function(node)
            if function is not None and function.kind not in {"plain", "transform"}:
                self._add(
                    f"{function.name}() cannot stand inside {call}(): its result is not one column of numbers."
                )
            elif function is not None and len(node.args) == 1:
                return self._expression(node.args[0], function.name)
            elif function is not None:
                self._add(f"{function.name}() takes one argument.")
            return True
        self._add(f"something stands inside {call}() that is neither a column, a number nor arithmetic.")
        return True

    def _comparison(self, node: ast.Binary, call: str) -> bool:
        """column == 'label' and its like; strings may stand nowhere else."""
        used = False
        text = any(
            isinstance(side, ast.Literal) and isinstance(side.value, str) for side in (node.left, node.right)
        )
        for side in (node.left, node.right):
            if isinstance(side, ast.Literal) and isinstance(side.value, str):
                continue
            if (
                text
                and isinstance(side, ast.Variable | ast.QuotedName)
                and getattr(side, "level", None) is None
            ):
                used = True
                if self._known(_name(side)):
                    self.formula.compared.setdefault(_name(side), call)
            elif text:
                self._add(
                    f"a string inside {call}() can only be compared with a column: {call}(colour == 'red')."
                )
            else:
                used |= self._expression(side, call)
        if text and node.operator.kind not in {"EQUAL_EQUAL", "BANG_EQUAL"}:
            self._add(f"strings inside {call}() can only be compared by == and !=.")
        return used


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


def _is_option(node: object, types: tuple[type, ...], contrast: bool) -> bool:
    if contrast:
        return isinstance(node, ast.Variable) and node.level is None and _name(node) in CONTRASTS
    if isinstance(node, ast.Unary) and node.operator.kind in {"PLUS", "MINUS"}:
        return _is_option(node.right, types, contrast) and not isinstance(node.right.value, str | bool)
    if not isinstance(node, ast.Literal):
        return False
    if isinstance(node.value, bool):
        return bool in types
    return isinstance(node.value, types)


def _name(node: object) -> str:
    if isinstance(node, ast.QuotedName):
        return node.expression.lexeme[1:-1]
    return node.name.lexeme


def _callee(node: ast.Call) -> str:
    if isinstance(node.callee, ast.Variable):
        return node.callee.name.lexeme
    return "something that is not a name"
