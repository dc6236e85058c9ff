"""Formulas run nothing: a corpus of hostile ones, and any text at all."""

import builtins
import os

import pandas as pd
import pytest
from formulae import design_matrices
from formulae import expr as ast
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesord.checks import Problems
from bayesord.modelling.design import from_formula
from bayesord.modelling.formula import parse_formula
from bayesord.modelling.transforms import FUNCTIONS

COLUMNS = ["y", "x", "z", "g", "h"]


@pytest.fixture
def data(rng):
    n = 24
    numbers = {"x": rng.normal(size=n), "z": rng.uniform(1, 2, n)}
    return pd.DataFrame(
        {"y": [1, 2, 3] * 8, **numbers, "g": ["a", "b", "c", "b"] * 6, "h": ["u", "v", "v"] * 8}
    )


class Trap:
    """Notes whatever is done to it."""

    def __init__(self):
        self.fired = []

    def __getattr__(self, name):
        self.fired.append(name)
        raise AttributeError(name)

    def __call__(self, *args):
        self.fired.append("called")
        return args[0] if args else None


COMMANDS = [
    "os.system('touch CANARY')",
    "__import__('os').system('touch CANARY')",
    "`__import__('os').system('touch CANARY')`",
    "eval('canary()')",
    "exec('canary()')",
    "open('CANARY', 'w')",
    "compile('canary()', '', 'exec')",
    "getattr(x, 'canary')",
    "canary()",
    "canary(x)",
    "CANARY_OBJECT.fire(x)",
    "np.save('CANARY', x)",
    "np.random.seed(1)",
    "pd.read_pickle('CANARY')",
    "x.to_csv('CANARY')",
    "x.to_pickle('CANARY')",
    "x.__class__.__base__.__subclasses__()",
    "I(x).to_csv('CANARY')",
    "I(x.to_csv('CANARY'))",
    "I(canary())",
    "I(canary(x))",
    "I(CANARY_OBJECT)",
    "I(os.system('touch CANARY'))",
    "I(__import__('os').system('touch CANARY'))",
    "{os.system('touch CANARY')}",
    "{canary()}",
    "{x + canary()}",
    "C(x, levels=canary())",
    "C(x, levels=[canary()])",
    "C(x, canary)",
    "C(x, contrast=canary)",
    "C(x, CANARY_OBJECT)",
    "C(x, Treatment(canary()))",
    "C(canary())",
    "T(g, ref=canary())",
    "T(g, canary())",
    "S(g, omit=canary())",
    "poly(x, canary())",
    "poly(x, degree=canary())",
    "bs(x, df=canary())",
    "bs(x, knots=canary())",
    "log(canary(x))",
    "log(x)(canary())",
    "C(x)(canary)",
    "scale(x, canary())",
    "scale(scale(scale(canary(x))))",
    "offset(canary(x))",
    "offset(x, canary())",
    "lambda: canary()",
    "(lambda: canary())()",
    "f'{canary()}'",
    'f"{canary()}"',
    "'{canary()}'",
    "x if canary() else x",
    "[canary() for _ in x]",
    "x[canary()]",
    "x[CANARY_OBJECT]",
    "`x`[canary]",
    "@canary",
    "x; canary()",
    "x\ncanary()",
    "x | canary(g)",
    "(canary(x) | g)",
    "(1 | canary(g))",
    "x ** canary()",
    "x:canary(x)",
    "x*canary(x)",
    "x/canary(x)",
    "x - canary(x)",
    "-canary(x)",
    "x == canary(x)",
    "I(x == canary(x))",
    "I(x > canary(x))",
    "y := canary()",
    "x = canary()",
    "I(x = canary())",
    "center(x=canary())",
    "hsgp(canary(), m=3, c=2)",
    "cr(x, df=canary())",
    "prop(canary(x), 3)",
    "binary(x, canary())",
    "ｅval('canary()')",
    "ｅｘｅｃ(x)",
    "сenter(canary(x))",  # a Cyrillic letter
    "оs.system('touch CANARY')",
    "log\u200b(canary(x))",
    "builtins.exec('canary()')",
    "sys.modules",
    "help()",
    "breakpoint()",
    "exit()",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_formulas_run_nothing(command, data, tmp_path, monkeypatch, capsys):
    """A folder, and a trap in this scope, this module and the builtins, wait for a formula that escapes."""
    canary = CANARY_OBJECT = Trap()
    for scope in (globals(), vars(builtins)):
        monkeypatch.setitem(scope, "canary", canary)
        monkeypatch.setitem(scope, "CANARY_OBJECT", CANARY_OBJECT)
    monkeypatch.setattr(os, "system", canary)
    monkeypatch.chdir(tmp_path)
    for place in (command, f"x + {command}", f"{command} + x"):
        with pytest.raises(ValueError, match=r"formula|response|column|takes|power|arithmetic|group|stands"):
            from_formula(f"y ~ {place}", data)
    with pytest.raises(ValueError, match=r"response|formula"):
        from_formula(f"{command} ~ x", data)
    assert not canary.fired
    assert os.listdir(tmp_path) == []
    assert capsys.readouterr().out == ""


def test_the_canary_would_sing(data, tmp_path, monkeypatch):
    """formulae by itself does run such commands, so the test above can fail."""
    canary = Trap()
    assert os
    monkeypatch.chdir(tmp_path)
    design_matrices("y ~ canary(x)", data)
    assert "called" in canary.fired
    with pytest.raises(ValueError, match="unrecognized type"):
        design_matrices("y ~ os.system('touch CANARY')", data)
    assert os.listdir(tmp_path) == ["CANARY"]


def test_only_data_and_the_registry_can_be_reached(data):
    """Names of Python, NumPy, formulae and this test are all unknown, in terms and in calls."""
    outside = 1.0
    assert outside
    for name in ["outside", "np", "pd", "data", "print", "Treatment", "Sum", "binary", "prop", "cr", "hsgp"]:
        with pytest.raises(ValueError, match="may be called"):
            from_formula(f"y ~ {name}(x)", data)
        for text in (name, f"I({name} + x)"):
            with pytest.raises(ValueError, match="not a column"):
                from_formula(f"y ~ {text}", data)


def test_evaluation_is_checked_first(data, monkeypatch):
    """One wrong name anywhere, and not even the allowed parts are evaluated."""

    def never(*args):
        raise AssertionError("evaluated")

    monkeypatch.setattr("bayesord.modelling.design.FormulaMap", never)
    with pytest.raises(ValueError, match="'nope'"):
        from_formula("y ~ log(x) + nope", data)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *"xzgh+-*/:|()[]{}~.,=<>!'\"`@;% 0123",
                "**",
                "==",
                "I(",
                "C(",
                "poly(",
                "log(",
                "canary",
                "lambda ",
                "1e3",
            ]
        ),
        max_size=25,
    ).map("".join)
)
def test_any_text_is_read_or_refused(text):
    """Whatever the text, no exception but ours, and only columns and registered calls get through."""
    problems = Problems()
    parsed = parse_formula("y ~ " + text, COLUMNS, problems)
    assert (parsed is None) == bool(problems)
    if parsed is not None:
        assert set(parsed.names) <= set(COLUMNS) - {"y"}
        for _, tree in parsed.summands:
            assert set(calls_in(tree)) <= set(FUNCTIONS)


def calls_in(tree):
    """The callee of every call in a tree, by formulae's own classes."""
    if isinstance(tree, ast.Call):
        yield tree.callee.name.lexeme
        for argument in tree.args:
            yield from calls_in(argument)
    for part in ("left", "right", "expression", "value", "name"):
        child = getattr(tree, part, None)
        if type(child).__module__ == ast.__name__:
            yield from calls_in(child)
