"""Rows to train on and rows to validate on."""

from __future__ import annotations

import numpy as np

from bayesord import checks
from bayesord.checks import Problems
from bayesord.neural.arrays import read_arrays, rows_of

__all__ = ["read_rows", "split_rows"]


def read_rows(X, y, categories, name: str):
    """X as arrays, y (n,) as int32 codes, and the categories in order.

    Raises
    ------
    ValueError, TypeError
        For the bad input of `bayesord.fit`; `name` is that of y in the message.
    """
    arrays, flat = read_arrays(X)
    problems = Problems()
    response = checks.read_response(y, problems, categories=categories, name=name)
    checks.check_lengths({f"X of {name}": len(flat[0]), name: checks.length_of(y)}, problems)
    problems.raise_if_any()
    return arrays, response.codes.astype(np.int32), list(response.categories)


def split_rows(arrays, codes, validation, seed: int, categories) -> tuple[tuple, tuple]:
    """((X, codes) to train on, (X, codes) to validate on).

    `validation` is a share of the rows, drawn with this seed and the categories evenly where they are frequent
    enough; or (X, y) of other rows, and then all of the given ones train.
    """
    if isinstance(validation, tuple):
        X, y = validation
        held_out, answers, _ = read_rows(X, y, categories, "y of validation")
        return (arrays, codes), (held_out, answers)
    from sklearn.model_selection import train_test_split

    share = checks.check_number("validation", validation, above=0, below=1)
    counts = np.bincount(codes)
    training, held_out = train_test_split(
        np.arange(codes.size),
        test_size=share,
        random_state=seed,
        stratify=codes if counts[counts > 0].min() > 1 and share * codes.size >= counts.size else None,
    )
    return (rows_of(arrays, training), codes[training]), (rows_of(arrays, held_out), codes[held_out])
