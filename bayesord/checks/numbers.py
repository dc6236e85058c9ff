"""Anything to real numbers, or the knowledge that it is none; nothing turns into a number in silence."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["float_of", "real_numbers"]


def float_of(value: object) -> float:
    """One number as a float: NaN where it is missing, infinity where it is beyond float64."""
    try:
        return np.nan if pd.isna(value) else float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def real_numbers(values: object) -> np.ndarray | None:
    """Numbers of any shape as float64, uncopied where they are it already; missing ones become NaN.

    None for anything else: strings, dates, complex numbers, lists of different lengths.
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O":
            if any(isinstance(value, str | bytes) for value in array.flat):
                return None
            array = np.array([float_of(value) for value in array.flat], dtype=np.float64).reshape(array.shape)
        return np.asarray(array, dtype=np.float64) if array.dtype.kind in "biuf" else None
    except (TypeError, ValueError):
        return None
