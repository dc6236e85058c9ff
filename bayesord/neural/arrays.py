"""Arrays on their way into a network and out of it."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd

from bayesord import checks
from bayesord.checks import Problems

__all__ = ["finite", "numbers_in", "read_arrays", "rows_of"]


def read_arrays(X) -> tuple:
    """X as an array, or a list or dict of them, of the types that networks compute in; and all of them in a list.

    Raises
    ------
    ValueError
        For no rows, and for inputs of different lengths.
    TypeError
        For Python objects.
    """
    if isinstance(X, dict):
        arrays = {name: _array(values) for name, values in X.items()}
    elif isinstance(X, list | tuple) and X and all(hasattr(part, "shape") for part in X):
        arrays = [_array(part) for part in X]
    else:
        arrays = _array(X)
    flat = keras.tree.flatten(arrays)
    problems = Problems()
    if any(part.ndim == 0 for part in flat):
        problems.add("X must have one entry per row; got a single number.")
    else:
        checks.check_lengths({f"input {i}": len(part) for i, part in enumerate(flat)}, problems)
        checks.check_size(flat[0].shape, "X", problems)
    problems.raise_if_any()
    return arrays, flat


def rows_of(arrays, rows):
    """Some rows of each array."""
    return keras.tree.map_structure(lambda array: array[rows], arrays)


def _array(values) -> np.ndarray:
    """Numbers of the widths that networks compute in: what is wider they would narrow with a warning, or not at all."""
    if isinstance(values, pd.DataFrame | pd.Series):
        values = values.to_numpy()
    array = np.asarray(values)
    if array.dtype == object:
        raise TypeError("X holds Python objects: pass arrays of numbers, all rows of one shape.")
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"X is of type {array.dtype}: pass numbers, for example the index of each word in a list."
        )
    if array.dtype.kind == "f" and array.dtype.itemsize > 4:
        with np.errstate(over="ignore"):  # infinity is reported with the layer it reaches
            return array.astype(keras.config.floatx())
    return array.astype(np.int32) if array.dtype.kind in "iu" and array.dtype.itemsize > 4 else array


def numbers_in(variable) -> np.ndarray:
    """The numbers that a variable or tensor holds, on any backend.

    Of a copy: NumPy 2.5 warns of the protocol by which Keras 3.15 hands out a variable itself.
    """
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.copy(variable)))


def finite(units: np.ndarray, layer: str) -> np.ndarray:
    """Units (n, d) of a layer as float64; infinities and NaN are refused, with the likely reason."""
    kept = units.astype(np.float64)
    bad = ~np.isfinite(kept)
    if not bad.any():
        return kept
    narrow = {"float16": "65504", "float32": "3.4e38", "bfloat16": "3.4e38"}.get(str(units.dtype))
    word = "NaN" if np.isnan(kept).any() else "infinity"
    limit = f" It computes in {units.dtype}, which overflows beyond {narrow}:" if narrow else ""
    remedy = (
        "give that layer dtype='float32', or take one before it."
        if str(units.dtype) == "float16"
        else "look for missing or huge values in X, and whether training diverged."
    )
    raise ValueError(
        f"layer {layer!r} gives {word} in {checks.name_rows(bad.any(axis=1))}, in {bad.any(axis=0).sum()} of "
        f"{bad.shape[1]} units.{limit} {remedy}"
    )
