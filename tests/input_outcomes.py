"""What may come of a call: it is accepted, or refused on purpose, before the engine starts, its input as it was."""

from __future__ import annotations

import copy
import traceback
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.exceptions import DataConversionWarning, NotFittedError

import bayesord
from bayesord.checks import ConvergenceWarning

__all__ = ["Outcome", "Reached", "attempt", "no_engine", "same"]

REFUSALS = (ValueError, TypeError, NotFittedError)
WARNINGS = (UserWarning, DataConversionWarning, ConvergenceWarning)
OURS = Path(bayesord.__file__).parent
ENGINES = ("bayesord.model.sampling.sample", "bayesord.model.fit_mode")


class Reached(BaseException):
    """The engine was called, with these arguments: everything before it has been passed. Nothing may catch this."""


@contextmanager
def no_engine():
    """In place of the engine, something that only says that it was reached."""

    def reached(*args, **kwargs):
        raise Reached(*args)

    with mock.patch.multiple("bayesord.inference.nuts", sample_density=reached, sample_model=reached):
        patches = [mock.patch(name, reached) for name in ENGINES]
        for patch in patches:
            patch.start()
        try:
            yield
        finally:
            for patch in patches:
                patch.stop()


@dataclass
class Outcome:
    """`result` of an accepted call (what it brought to the engine, if it came there), or the `message` of a refusal."""

    result: object = None
    message: str | None = None
    warned: tuple[str, ...] = ()


def attempt(function: Callable, *args, **options) -> Outcome:
    """Call it, and assert that what comes of it may come of it.

    A refusal is of one of three classes, is raised by a `raise` of this package rather than by something that broke
    on the way, says something in words, and ends as a sentence. Warnings are for users: no FutureWarning, no
    RuntimeWarning of NumPy. The input is as it was before.
    """
    before = copy.deepcopy((args, options))
    outcome = Outcome()
    with warnings.catch_warnings(record=True) as record, no_engine():
        warnings.simplefilter("always")
        try:
            outcome.result = function(*args, **options)
        except Reached as passed:
            outcome.result = passed.args[0]
        except REFUSALS as error:
            outcome.message = str(error)
            _check_refusal(error)
    for item in record:
        assert item.category in WARNINGS, f"{item.category.__name__}: {item.message}"
    outcome.warned = tuple(str(item.message) for item in record)
    assert same(before, (args, options)), "the input was changed"
    return outcome


def _check_refusal(error: Exception) -> None:
    text = str(error)
    where = traceback.extract_tb(error.__traceback__)[-1]
    on_purpose = (where.line or "").lstrip().startswith("raise ")
    ours = Path(where.filename).is_relative_to(OURS) or "sklearn/utils/validation" in where.filename
    refused = ours and on_purpose
    assert refused, (
        f"not refused, but broken: {type(error).__name__}: {text} ({where.filename}:{where.lineno})"
    )
    assert type(error) in REFUSALS, f"{type(error).__name__}: {text}"
    assert len(text) > 15, f"says too little: {text!r}"


def same(a: object, b: object) -> bool:
    """Whether two inputs are equal, holes, types and labels included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.random.Generator):
        return True  # what a generator is for
    if isinstance(a, pd.DataFrame):
        parts = zip(a.items(), b.items(), strict=True) if a.shape == b.shape else None
        return (
            parts is not None
            and a.index.equals(b.index)
            and a.columns.equals(b.columns)  # which takes a missing name for itself
            and all(same(s.array, t.array) for (_, s), (_, t) in parts)
        )
    if isinstance(a, pd.Series):
        return a.name == b.name and a.index.equals(b.index) and same(a.array, b.array)
    if isinstance(a, pd.arrays.NumpyExtensionArray):
        return same(a.to_numpy(), b.to_numpy())
    if isinstance(a, pd.Index | pd.api.extensions.ExtensionArray):
        return a.dtype == b.dtype and bool(a.equals(b))
    if sparse.issparse(a):
        return a.shape == b.shape and (a != b).nnz == 0
    if isinstance(a, np.ndarray):
        a, b = (one.astype(one.dtype.newbyteorder("=")) for one in (a, b))  # pandas' copies may turn it round
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype.kind == "O":
            return all(same(x, y) for x, y in zip(a.ravel(), b.ravel(), strict=True))
        return a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, pd.Period):  # it remembers what it was asked, which is no change
        return a == b
    if hasattr(a, "__dict__"):
        return same(vars(a), vars(b))
    return type(a) is object or repr(a) == repr(b)
