"""What a fit was given, for some of its rows: so that the same model can be fitted to them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.checks import Problems
from bayesord.modelling.design import Design, from_arrays, from_formula
from bayesord.modelling.sources import ArraySource

__all__ = ["covariates_of", "design_of_rows"]


def covariates_of(design: Design, rows: np.ndarray) -> pd.DataFrame | np.ndarray:
    """The covariates of some training rows, as the user gave them: what predictions for them take as `new`.

    Parameters
    ----------
    rows : (m,) positions
    """
    if design.formula is not None:
        return design.data.iloc[rows]
    if design.source.named:
        return pd.DataFrame(design.X[rows], columns=list(design.predictors), index=design.obs_id[rows])
    return design.X[rows]


def offset_given(design: Design) -> np.ndarray | None:
    """The offset that the user gave as an array, (n,), or None; offsets in the formula or its columns are not in it."""
    if design.source.offset_name is not True:
        return None
    if isinstance(design.source, ArraySource):
        return design.offset
    own = design.source.encode(design.data, Problems(), None)[0].offset
    return design.offset if own is None else design.offset - own


def design_of_rows(design: Design, rows: np.ndarray) -> Design:
    """A design of some training rows, learned from them alone: centres, scales and levels are theirs.

    Parameters
    ----------
    rows : (m,) positions
    """
    X = covariates_of(design, rows)
    y = pd.Categorical.from_codes(design.y[rows], categories=list(design.categories), ordered=True)
    name = design.source.offset_name
    offset = name if isinstance(name, str) else offset_given(design)
    options = {
        "sample_weight": None if design.weights is None else design.weights[rows],
        "weights": design.weights_kind,
        "offset": offset[rows] if isinstance(offset, np.ndarray) else offset,
        "categories": list(design.categories),
    }
    if design.formula is None:
        return from_arrays(X, y, **options)
    return from_formula(design.formula, X.assign(**{design.response: y}), **options)
