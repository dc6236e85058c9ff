"""Formulas run nothing: a corpus of hostile ones, and any text at all."""

import os

import numpy as np
import pytest
from formulae import design_matrices
from formulae import expr as ast
from hypothesis import given, settings
from hypothesis import strategies as st
from input_commands import COMMANDS
from input_hostile import LAUGHS, NAMES, data, refused, run_by_formulae, trapped

from bayesord.checks import Problems
from bayesord.modelling.design import from_formula
from bayesord.modelling.formula import parse_formula
from bayesord.modelling.transforms import FUNCTIONS

COLUMNS = ["y", "x", "z", "g", "h"]
EXPLAINED = r"formula|response|column|takes|power|arithmetic|group|stands|offset|called|'\*\*'|nothing|argument|needs|cannot"


@pytest.fixture
def rows():
    return data()


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", COMMANDS)
def test_formulas_run_nothing(command, rows, capsys):
    """A folder, and a trap in the table's scope, the builtins and `os`, wait for a formula that escapes."""
    for place in (command, f"x + {command}", f"{command} + x"):
        assert len(refused(place)) > 20
    with trapped(), pytest.raises(ValueError, match=EXPLAINED):
        from_formula(f"{command} ~ x", rows)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", LAUGHS)
def test_a_little_text_is_little_work(name):
    """Refused within a second, however much it stands for."""
    assert len(refused(LAUGHS[name])) < 2_000


@pytest.mark.parametrize("name", NAMES)
def test_columns_may_be_named_like_code(name):
    """In backticks such a column is a column, in calls too; without, it is code and refused."""
    rows = data(name)
    with trapped():
        for text in (f"`{name}`", f"scale(`{name}`)", f"x:`{name}`"):
            design = from_formula(f"y ~ {text}", rows)
            assert design.X.shape == (24, 1)
        np.testing.assert_array_equal(from_formula(f"y ~ `{name}`", rows).X[:, 0], rows[name])
        with pytest.raises(ValueError, match=EXPLAINED):
            from_formula(f"y ~ {name}(x)", rows)


def test_the_canary_would_sing(rows, tmp_path):
    """formulae by itself does run such commands, so the tests above can fail."""
    assert os
    with pytest.raises(AssertionError, match="it came as far as.*called"):
        run_by_formulae("y ~ canary(x)")
    with pytest.raises(ValueError, match="unrecognized type"):
        design_matrices("y ~ os.system('touch CANARY')", rows)
    assert os.listdir(tmp_path) == ["CANARY"]
    with pytest.raises(AssertionError, match="is accepted"):
        refused("x + z")


def test_only_data_and_the_registry_can_be_reached(rows):
    """Names of Python, NumPy, formulae and this test are all unknown, in terms and in calls."""
    outside = 1.0
    assert outside
    for name in ["outside", "np", "pd", "data", "print", "Treatment", "Sum", "binary", "prop", "cr", "hsgp"]:
        with pytest.raises(ValueError, match="may be called"):
            from_formula(f"y ~ {name}(x)", rows)
        for text in (name, f"I({name} + x)"):
            with pytest.raises(ValueError, match="not a column"):
                from_formula(f"y ~ {text}", rows)


def test_evaluation_is_checked_first(rows, monkeypatch):
    """One wrong name anywhere, and not even the allowed parts are evaluated."""

    def never(*args):
        raise AssertionError("evaluated")

    monkeypatch.setattr("bayesord.modelling.design.FormulaMap", never)
    with pytest.raises(ValueError, match="'nope'"):
        from_formula("y ~ log(x) + nope", rows)


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
