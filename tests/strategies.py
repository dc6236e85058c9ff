"""Calls put together from pieces that know what is wrong with them.

So the outcome of a call is known beforehand: one of good pieces must be accepted, and the message about any other
must name the faults in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from input_arguments import FUNCTIONS, PARAMETERS, N
from input_columns import COLUMNS
from input_comparison import COMPARE, COMPARED
from input_formulas import ANYTHING, USES, fault_of
from input_new_rows import (
    ANSWERS_ASKED,
    ARRAY_NUMBERS,
    FACTORS,
    GROUPS,
    NUMBERS,
    PLAIN_TABLES,
    WHOLE_FRAMES,
    fits,
    grouped,
)
from input_outcomes import Outcome, attempt
from input_parts import INDEXES, OFFSETS, TABLES, WEIGHTS
from input_responses import ANSWERS
from input_settings import FRONT_DOOR, SETTINGS

import bayesord as bo

__all__ = ["CALLS", "Call"]


@dataclass
class Call:
    """A call, what it is made of, and the faults in it: patterns that the message must match.

    `every` says whether all of them must be named, or only one.
    """

    function: Callable
    args: tuple
    options: dict
    made_of: tuple[str, ...]
    faults: tuple[str, ...]
    every: bool = True

    def __repr__(self):
        return f"Call({', '.join(self.made_of)})"

    @property
    def bad(self) -> bool:
        """Whether something is wrong for certain."""
        return any(fault != ANYTHING for fault in self.faults)

    def tried(self) -> Outcome:
        """What comes of it; AssertionError where a bad call is accepted, a good one refused, or a fault unsaid."""
        outcome = attempt(self.function, *self.args, **self.options)
        sure = [fault for fault in self.faults if fault != ANYTHING]
        if outcome.message is None:
            assert not sure, f"accepted in spite of {sure}"
            return outcome
        assert self.faults, f"refused without reason: {outcome.message}"
        silent = [fault for fault in sure if not re.search(fault, outcome.message, re.DOTALL)]
        said = not silent or (not self.every and len(silent) < len(sure))
        assert said, f"{silent} unsaid: {outcome.message}"
        return outcome


@dataclass
class Parts:
    """Draws pieces, and notes what they are and what is wrong with them; in every second call nothing is wrong."""

    draw: Callable
    made_of: list
    faults: list
    rng: np.random.Generator
    clean: bool

    @classmethod
    def begin(cls, draw):
        return cls(draw, [], [], np.random.default_rng(draw(st.integers(0, 2**32))), draw(st.booleans()))

    def name(self, known):
        """The name of a piece, as often good as bad where both exist."""
        good = sorted(name for name, piece in known.items() if piece.fault is None)
        bad = sorted(name for name, piece in known.items() if piece.fault is not None)
        groups = [good] if self.clean and good else [names for names in (good, bad) if names]
        return self.draw(st.one_of(*map(st.sampled_from, groups)))

    def take(self, what, known, *args):
        """A piece made: what it is and what is wrong with it are noted."""
        piece = known[name := self.name(known)]
        self.made_of.append(f"{what}: {name}")
        self.faults.append(piece.fault)
        return piece, piece.make(self.rng, *args)

    def call(self, function, args, options, every=True):
        faults = tuple(fault for fault in self.faults if fault)
        return Call(function, args, options, tuple(self.made_of), faults, every)


def _fit(*args, **options):
    return bo.fit(*args, progressbar=False, **options)


@st.composite
def array_calls(draw):
    """`bayesord.fit(X, y, ...)`."""
    parts, n = Parts.begin(draw), draw(st.sampled_from([12, 30]))
    answer, y = parts.take("y", ANSWERS, n)
    options = {} if answer.categories is None else {"categories": answer.categories}
    if not parts.clean and draw(st.integers(0, 5)) == 0:
        _, X = parts.take("X", TABLES, n)
        return parts.call(_fit, (X, y), options)
    plain = (
        isinstance(y, list | np.ndarray) and np.ndim(y) == 1 and len(y) == n and not np.ma.isMaskedArray(y)
    )
    x_labels, y_labels = parts.take("index", INDEXES if plain else _NO_LABELS, n)[1]
    frame = pd.DataFrame(
        {f"x{j}": parts.take("column", COLUMNS, n)[1] for j in range(draw(st.integers(1, 3)))}
    )
    for option, known in (("sample_weight", _FIT_WEIGHTS), ("offset", OFFSETS)):
        options[option] = _carried(parts, n, option, known, x_labels)
    plain = x_labels is None and not {"category", "complex128"} & set(map(str, frame.dtypes))
    X = frame.to_numpy() if plain and draw(st.booleans()) else frame.set_axis(_or_range(x_labels, n))
    return parts.call(_fit, (X, y if y_labels is None else pd.Series(y, index=y_labels)), options)


# Where a few rows weigh all, other columns may be as good as constant
_FIT_WEIGHTS = {name: piece for name, piece in WEIGHTS.items() if name != "of all sizes"}
_NO_LABELS = {"none": INDEXES["none"]}


def _or_range(labels, n):
    return pd.RangeIndex(n) if labels is None else labels


def _carried(parts, n, option, known, index):
    """Weights or an offset; a Series has the labels of the data."""
    if parts.draw(st.booleans()):
        return None
    _, value = parts.take(option, known, n)
    if isinstance(value, pd.Series) and index is not None and len(value) == n:
        value.index = index
    return value


@st.composite
def formula_calls(draw):
    """`bayesord.fit("y ~ ...", data)`."""
    parts, n = Parts.begin(draw), 30
    rng = parts.rng
    good = {"y": rng.permutation(n) % 3, "z": rng.normal(size=n), "g": [*"abcde"] * 6, "h": [*"uv"] * 15}
    data, terms = pd.DataFrame(good), []
    for i in range(draw(st.integers(1, 2))):
        column, use = parts.name(COLUMNS), draw(st.sampled_from(sorted(USES)))
        data[f"x{i}"] = COLUMNS[column].make(rng, n)
        terms.append(USES[use][0].format(f"x{i}"))
        parts.made_of.append(f"{column} as {use}")
        parts.faults.append(fault_of(column, use))
    data.index = _or_range(INDEXES[draw(st.sampled_from(sorted(INDEXES)))].make(rng, n)[0], n)
    options = {"sample_weight": _carried(parts, n, "sample_weight", _FIT_WEIGHTS, data.index)}
    # what a formula computes with is looked at once its columns can be read
    every = sum(fault is not None for fault in parts.faults) == 1
    return parts.call(_fit, ("y ~ " + " + ".join(terms), data), options, every)


@st.composite
def row_calls(draw):
    """New rows for fits to formulas."""
    parts, n, _alone = Parts.begin(draw), 12, False
    data = pd.DataFrame({"x": parts.take("x", NUMBERS, n)[1], "z": parts.rng.normal(size=n), "y": 1})
    data["c"] = parts.take("c", FACTORS, n)[1]
    groups, how = draw(st.booleans()), draw(st.sampled_from(["error", "sample", "zero"]))
    data["g"] = parts.take("g", GROUPS, n)[1] if groups else "a"
    if how != "error" and groups and parts.made_of[-1] == "g: new":
        parts.faults[-1] = None
    piece, new = parts.take("table", WHOLE_FRAMES, data)
    if piece.alone:
        parts.faults = [piece.fault]
    elif parts.made_of[-1] in ("table: a column less", "table: renamed"):
        parts.faults[1] = None
    elif parts.made_of[-1] == "table: one row":
        parts.faults = [fault and ANYTHING for fault in parts.faults]
    if groups:
        return parts.call(grouped().rows, (new,), {"new_groups": how}, every=False)
    return parts.call(
        getattr(fits()["formula"], draw(st.sampled_from(ANSWERS_ASKED))), (new,), {}, every=False
    )


@st.composite
def table_calls(draw):
    """New rows for fits to arrays and tables."""
    parts, n = Parts.begin(draw), 12
    fit, method = draw(st.sampled_from(["table", "array"])), draw(st.sampled_from(ANSWERS_ASKED))
    if not parts.clean and draw(st.booleans()):
        _, new = parts.take("X", PLAIN_TABLES, n)
    else:
        new = pd.DataFrame({name: parts.take(name, ARRAY_NUMBERS, n)[1] for name in ("x", "z")})
        columns = draw(st.sampled_from([["x", "z"], ["z", "x"], ["x", "zz"], [0, 1]]))
        new = new.set_axis(columns, axis=1)
        if fit == "table" and columns in (["z", "x"], ["x", "zz"]):
            parts.faults.append("should match those that were passed")
    return parts.call(getattr(fits()[fit], method), (new,), {}, every=False)


@st.composite
def argument_calls(draw, functions, parameters):
    """A function of settings and arrays, with one or two bad arguments or none."""
    parts = Parts.begin(draw)
    parts.made_of.append(name := draw(st.sampled_from(sorted(functions))))
    function, takes = functions[name]
    bad = (
        set()
        if parts.clean
        else draw(st.sets(st.sampled_from(takes), min_size=1, max_size=min(2, len(takes))))
    )
    options = {}
    for parameter in takes:
        known = parameters[parameter].items()
        wanted = {key: piece for key, piece in known if (piece.fault is not None) == (parameter in bad)}
        options[parameter] = parts.take(parameter, wanted, N)[1]
    return parts.call(function, (), options, every=False)


@st.composite
def classifier_calls(draw):
    """`OrdinalClassifier(...).fit(X, y, sample_weight)`."""
    call = draw(array_calls().filter(lambda call: call.options.pop("offset", None) is None))
    categories, weight = call.options.get("categories"), call.options.get("sample_weight")

    def fit(X, y, sample_weight):
        return bo.OrdinalClassifier(categories=categories).fit(X, y, sample_weight)

    return Call(fit, (*call.args, weight), {}, call.made_of, call.faults)


CALLS: dict[str, st.SearchStrategy] = {
    "fit to arrays": array_calls(),
    "fit to a formula": formula_calls(),
    "scikit-learn classifier": classifier_calls(),
    "new rows for formulas": row_calls(),
    "new rows for arrays": table_calls(),
    "settings, priors, simulations": argument_calls(FRONT_DOOR, SETTINGS),
    "kappas, decisions, scores": argument_calls(FUNCTIONS, PARAMETERS),
    "comparisons": argument_calls(COMPARE, COMPARED),
}
"""Strategies for calls, by what they call."""
