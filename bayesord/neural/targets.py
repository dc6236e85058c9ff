"""What Keras hands a loss as `y_true`: category codes, one-hot rows or distributions over the categories.

Labels come as floats of shape (n,) or (n, 1). Where their values are known (outside a compiled step) they are
checked, and the error names the row. Inside a compiled step nothing can be raised: rows that could not be a
label make the loss NaN, which training shows, instead of a number that looks right.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from bayesord.checks import name_rows
from bayesord.predictive.inputs import check_codes

__all__ = ["known", "nan_where_invalid", "read_codes", "read_distribution"]

SUM_TOLERANCE = 1e-4
"""How far from 1 the sum of a soft target may be: float32 sums of K numbers, with a margin."""


def known(x) -> np.ndarray | None:
    """The numbers in x, or None while a graph is traced and they do not exist yet."""
    if isinstance(x, keras.KerasTensor):
        return None
    if keras.backend.backend() == "tensorflow":  # its traced tensors lack this method; to convert one warns
        return x.numpy() if hasattr(x, "numpy") else None
    try:
        return np.asarray(ops.convert_to_numpy(x))
    except (TypeError, NotImplementedError):  # JAX: values of a traced array; torch: of a tensor without data
        return None


def read_codes(y_true, n_categories: int | None):
    """Labels as int32 codes (n,), and which rows could be a label, bool (n,).

    Parameters
    ----------
    y_true : tensor (n,), (n, 1) or one-hot (n, K)
    n_categories : int or None
        None where neither the outputs nor the user told it: then only negative and broken codes are refused.

    Raises
    ------
    ValueError, TypeError
        Where values are known: for labels outside 0..K-1 or not integer, rows that are not one-hot.
    """
    y_true = ops.convert_to_tensor(y_true)
    columns = _columns(y_true, n_categories)
    if columns > 1:
        return _codes_of_one_hot(y_true, columns)
    labels = ops.reshape(y_true, (-1,))
    values = known(labels)
    if values is not None:
        top = n_categories if n_categories is not None else int(max(values.max(initial=0), 1)) + 1
        check_codes("y_true", values, top)
    nearest = ops.round(labels)
    valid = ops.logical_and(nearest >= 0, nearest == labels)
    if n_categories is not None:
        valid = ops.logical_and(valid, nearest <= n_categories - 1)
        nearest = ops.clip(nearest, 0, n_categories - 1)  # what is looked up stays inside the table
    return ops.cast(nearest, "int32"), valid


def read_distribution(y_true, n_categories: int, dtype):
    """Targets as distributions (n, K), and which rows are one, bool (n,). Codes become one-hot rows.

    Raises
    ------
    ValueError
        Where values are known: as `read_codes`, and for rows that are negative or do not sum to 1.
    """
    y_true = ops.convert_to_tensor(y_true)
    if _columns(y_true, n_categories) == 1:
        codes, valid = read_codes(y_true, n_categories)
        return ops.one_hot(codes, n_categories, dtype=dtype), valid
    table = ops.cast(y_true, dtype)
    values = known(table)
    if values is not None:
        _check_distribution(values)
    valid = ops.abs(ops.sum(table, axis=-1) - 1) <= SUM_TOLERANCE
    return table, ops.logical_and(valid, ops.all(table >= 0, axis=-1))


def nan_where_invalid(losses, valid):
    """The losses (n,), NaN in rows whose label was none."""
    return ops.where(valid, losses, ops.full_like(losses, float("nan")))


def _columns(y_true, n_categories: int | None) -> int:
    """1 for codes, K for one-hot rows and distributions."""
    shape = tuple(y_true.shape)
    columns = 1 if len(shape) < 2 else shape[-1]
    if len(shape) > 2 or columns is None or (columns > 1 and n_categories not in (None, columns)):
        told = "K" if n_categories is None else f"K={n_categories}"
        raise ValueError(
            f"y_true has shape {shape}; expected codes (n,) or (n, 1), or rows of {told} columns. "
            "Is the head made for another number of categories?"
        )
    return columns


def _codes_of_one_hot(y_true, columns: int):
    values = known(y_true)
    if values is not None:
        bad = (values.max(axis=1) != 1) | (np.abs(values).sum(axis=1) != 1)
        if bad.any():
            raise ValueError(
                f"y_true is not one-hot: {name_rows(bad)}. This loss needs one category per row; soft targets go "
                "to CrossEntropyLoss, EMDLoss or SoftLabelLoss(targets='given')."
            )
    table = ops.cast(y_true, "float32")
    one_hot = ops.logical_and(ops.max(table, axis=-1) == 1, ops.sum(ops.abs(table), axis=-1) == 1)
    return ops.cast(ops.argmax(table, axis=-1), "int32"), one_hot


def _check_distribution(values: np.ndarray) -> None:
    if (bad := ~(values >= 0).all(axis=1)).any():
        raise ValueError(
            f"y_true is negative or NaN: {name_rows(bad)}. Soft targets are probabilities over the categories."
        )
    sums = values.sum(axis=1)
    if (bad := np.abs(sums - 1) > SUM_TOLERANCE).any():
        raise ValueError(
            f"y_true does not sum to 1: {name_rows(bad)}, first sum {sums[np.argmax(bad)]:.6g}. "
            "Divide each row of soft targets by its sum."
        )
