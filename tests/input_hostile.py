"""Formulas that mean much work, columns named like code, and what must come of a hostile formula."""

from __future__ import annotations

import builtins
import os
import tempfile
import time
from contextlib import chdir, contextmanager
from unittest import mock

import numpy as np
import pandas as pd
from formulae import design_matrices

from bayesord.modelling.design import from_formula

__all__ = ["LAUGHS", "NAMES", "Trap", "data", "refused", "run_by_formulae", "trapped"]

SECONDS = 3.0  # of this thread alone; what must be refused would take minutes, or for ever


def data(*names):
    """A few rows of the usual columns, and of numbers under more names."""
    n, rng = 24, np.random.default_rng(20261122)
    numbers = {name: rng.normal(size=n) for name in ("x", "z", *LETTERS, *names)}
    return pd.DataFrame(
        {
            "y": [1, 2, 3] * 8,
            **numbers,
            "g": ["a", "b", "c", "b"] * 6,
            "h": ["u", "v", "v"] * 8,
            "id": range(n),
        }
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


@contextmanager
def trapped():
    """A trap wherever a name might be looked up: the builtins, the module of the caller, `os.system`, the folder."""
    trap = Trap()
    names = {"canary": trap, "CANARY_OBJECT": trap}
    with (
        tempfile.TemporaryDirectory() as own,  # other tests may write where they all started
        chdir(own),
        mock.patch.dict(globals(), names),
        mock.patch.dict(vars(builtins), names),
        mock.patch.object(os, "system", trap),
    ):
        yield trap
        assert os.listdir() == [], "it wrote a file"
    assert not trap.fired, f"it came as far as {trap.fired}"


def refused(command: str) -> str:
    """The message with which `y ~ command` is refused: soon, and without a trace."""
    rows = data()
    before = rows.copy(deep=True)
    with trapped():
        began = time.thread_time()
        try:
            from_formula(f"y ~ {command}", rows)
        except (ValueError, TypeError) as error:
            message = str(error)
        else:
            raise AssertionError(f"{command[:80]!r} is accepted")
        seconds = time.thread_time() - began
    assert seconds < SECONDS, f"refused after {seconds:.1f} s"
    assert rows.equals(before), "the data were changed"
    return message


def run_by_formulae(formula):
    """What formulae by itself makes of it, in the presence of the same traps."""
    with trapped():
        design_matrices(formula, data())


NAMES = [
    "__import__('os').system('touch CANARY')",
    "canary()",
    "eval",
    "print",
    "__class__",
    "x.canary",
    "os",
]
"""Columns may be named like code: in backticks they are columns, and nothing else."""

LETTERS = [f"a{i}" for i in range(12)]

_SUM = "+".join(LETTERS)
LAUGHS = {
    "powers of a sum": f"({_SUM})**50",
    "a power that is allowed": f"({_SUM})**8",
    "powers of powers": "((((x + z)**8)**8)**8)**8",
    "sums of powers": "+".join([f"({_SUM})**3"] * 300),
    "crossed": "*".join(LETTERS),
    "crossed again": "*".join([f"({_SUM})"] * 40),
    "nested": "/".join(LETTERS),
    "a long interaction": ":".join(["x"] * 5000),
    "a long sum inside a call": "I(" + "+".join(["x"] * 6000) + ")",
    "deep brackets": "(" * 5000 + "x" + ")" * 5000,
    "brackets that never close": "(" * 5000,
    "mixed brackets": "([{" * 3000,
    "deep calls": "scale(" * 3000 + "x" + ")" * 3000,
    "signs": "-" * 9000 + "x",
    "many tildes": "~".join(["x"] * 3000),
    "many bars": "x" + "|x" * 3000,
    "many group terms": "+".join(["(1|g)"] * 2000),
    "many factors of a group": "(1 | " + ":".join(["g"] * 4000) + ")",
    "commas": "C(x" + ",x" * 5000 + ")",
    "quotes": "'" * 9999,
    "backticks": "`" * 9999,
    "dots": "." * 9999,
    "a number of 15,000 digits": "I(x * " + "9" * 15_000 + ")",
    "a tower": "I(x" + "**9" * 3000 + ")",
    "9**9**9": "I(9**9**9 * x)",
    "a name of 19,000 letters": "a" * 19_000,
    "a million letters": "a" * 1_000_000,
    "a million plus signs": "+" * 1_000_000,
    "many columns of a spline": "bs(x, df=1000000000)",
    "the degree of a spline": "bs(x, df=23, degree=23)",
    "the degree of a polynomial": "poly(x, 1000000000)",
    "levels times levels": "C(id):C(x):C(z):C(a0):C(a1)",
}
"""Formulas that mean much work by few letters."""
