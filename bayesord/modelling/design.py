"""Data to arrays: a formula and a DataFrame, or X and y, become one `Design`, checked as a whole.

    eta = X beta + offset,    P(y <= k) = F(c_k - eta)

X stays on the user's scale and has no intercept (the cutpoints are it). The same map codes new rows.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from bayesord import checks
from bayesord.checks import Problems
from bayesord.modelling.covariates import kept_columns
from bayesord.modelling.encoding import Coded, FormulaMap
from bayesord.modelling.formula import parse_formula
from bayesord.modelling.grouping import group_notes
from bayesord.modelling.groups import GroupTerm
from bayesord.modelling.new_rows import NewRows, code_rows, frozen, frozen_groups
from bayesord.modelling.sources import ArraySource, FormulaSource, TrainingRows, column_of, read_table

__all__ = ["Design", "from_arrays", "from_formula"]


@dataclass(frozen=True, eq=False)
class Design:
    """What the model is built from; every array is read-only and its own copy.

    Attributes
    ----------
    X : ndarray, shape (n, p)
        float64, C-contiguous, on the user's scale; p may be 0.
    predictors : tuple of str
        Names of the columns, such as ``"temp[warm]"`` or ``"poly(age, 2)[0]"``.
    y : ndarray of int64, shape (n,)
        Codes 0..K-1.
    categories : tuple
        The K labels, from lowest to highest.
    weights : ndarray, shape (n,), or None
        Positive weights; rows of weight 0 are gone.
    weights_kind : str
        "frequency" (weight w stands for w equal rows) or "importance".
    offset : ndarray, shape (n,), or None
    obs_id : Index
        Labels of the rows kept.
    response : str
        Name of the response.
    formula : str or None
    notes : tuple of str
        Things worth saying once, such as how integers were read.
    mean, sd : ndarray, shape (p,)
        Weighted moments of the columns, divisor Σw.
    offset_mean : float
        Weighted mean of the offset, 0 without one.
    n_effective : float
        How many answers the rows stand for: n, Σw for frequency weights, (Σw)²/Σw² for importance weights.
    groups : tuple of GroupTerm
        The group terms of the formula, in its order.
    source : FormulaSource or ArraySource
        The map from data to X.
    data : DataFrame, n rows, or None
        The columns that the formula uses, the response left out; None for arrays, whose columns are X.
    """

    X: np.ndarray
    predictors: tuple[str, ...]
    y: np.ndarray
    categories: tuple
    weights: np.ndarray | None
    weights_kind: str
    offset: np.ndarray | None
    obs_id: pd.Index
    response: str
    formula: str | None
    notes: tuple[str, ...]
    mean: np.ndarray
    sd: np.ndarray
    offset_mean: float
    n_effective: float
    groups: tuple[GroupTerm, ...] = ()
    source: FormulaSource | ArraySource | None = field(default=None, repr=False)
    data: pd.DataFrame | None = field(default=None, repr=False)

    @cached_property
    def counts(self) -> np.ndarray:
        """How many rows have each category, (K,)."""
        return np.bincount(self.y, minlength=len(self.categories))

    def rows(
        self,
        data: object,
        *,
        offset: object = None,
        new_groups: str = "error",
        group_effects: bool = True,
    ) -> NewRows:
        """Code new rows as the training rows were coded.

        Parameters
        ----------
        data : DataFrame, or array of shape (n, p) where the fit had arrays
        offset : array of shape (n,), optional
            Needed where the fit was given an offset as an array.
        new_groups : {"error", "sample", "zero"}
            What to do with groups that the training rows did not have: refuse them, number them as new ones,
            or mark them as having no effects.
        group_effects : bool
            False leaves the group terms out, and their columns need not be there.

        Returns
        -------
        NewRows

        Raises
        ------
        ValueError
            Missing, renamed or reordered columns, levels that training did not have, missing values.
        """
        return code_rows(self.source, data, offset, new_groups, group_effects)

    def without_groups(self) -> NewRows:
        """The training rows without their groups."""
        return NewRows(self.X, self.offset, self.obs_id)


def from_formula(
    formula: str,
    data: pd.DataFrame,
    *,
    categories: object = None,
    sample_weight: object = None,
    weights: str = "frequency",
    offset: object = None,
    strict: bool = False,
) -> Design:
    """A `Design` from a formula and a DataFrame.

    Parameters
    ----------
    formula : str
        ``"response ~ predictors"``; ``"rating ~ 1"`` asks for a model without predictors, ``(1 | judge)`` for
        an effect of every judge, ``(x | judge)`` for slopes as well.
    data : DataFrame, n rows
    categories : sequence, optional
        All K labels from lowest to highest; needed where the order cannot be known (strings).
    sample_weight : array of shape (n,) or the name of a column, optional
    weights : {"frequency", "importance"}
    offset : array of shape (n,) or the name of a column, optional
        Added to the offset() terms of the formula.
    strict : bool
        Collinearity and p > n raise instead of warning.

    Returns
    -------
    Design

    Raises
    ------
    ValueError, TypeError
        Everything that is wrong with the input, at once.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"rating": [1, 2, 3, 2, 1, 3], "temp": list("ccwwcw")})
    >>> from_formula("rating ~ temp", data).predictors
    ('temp[w]',)
    """
    if not isinstance(data, pd.DataFrame):
        raise TypeError(
            f"data must be a pandas DataFrame; got {type(data).__name__}. Use pandas.DataFrame(data)."
        )
    problems = Problems()
    data = read_table(data, "data", problems)
    parsed = parse_formula(formula, [name for name in data.columns if isinstance(name, str)], problems)
    if problems and (data.columns.nlevels > 1 or data.empty):
        problems.raise_if_any()
    offset_name = offset if isinstance(offset, str) else offset is not None
    rows = TrainingRows(
        len(data),
        data.index,
        sample_weight=column_of(data, sample_weight, "sample_weight", problems),
        kind=weights,
        offset=column_of(data, offset, "offset", problems),
        problems=problems,
    )
    if parsed is None:  # what else is wrong, as far as it can be told
        name = str(formula).partition("~")[0].strip().strip("`")
        if (data.columns == name).sum() == 1:
            rows.read(data[name], categories, name)
        problems.raise_if_any()
    response = rows.read(column_of(data, parsed.response, "response", problems), categories, parsed.response)
    kept = data if rows.keep is None else data.loc[rows.keep]
    encoder = FormulaMap(parsed)
    coded = encoder.learn(kept, rows.weights, problems)
    rows.add_offset(coded.offset)
    source = FormulaSource(encoder, offset_name)
    design = _assemble(coded, encoder.predictors, response, parsed.response, rows, source, formula, strict)
    named = [offset] if isinstance(offset, str) else []
    used = [*parsed.everywhere.names, *encoder.group_labels, *named]
    return replace(design, data=kept_columns(kept, used, encoder.levels))


def from_arrays(
    X: object,
    y: object,
    *,
    categories: object = None,
    sample_weight: object = None,
    weights: str = "frequency",
    offset: object = None,
    strict: bool = False,
) -> Design:
    """A `Design` from a table of numbers and ordered answers.

    Parameters
    ----------
    X : ndarray, DataFrame or list of lists, shape (n, p)
        p = 0 asks for a model without predictors.
    y : ndarray, Series, Categorical or list, shape (n,)
        Consecutive integers, an ordered Categorical, or any labels together with `categories`.
    categories, sample_weight, weights, offset, strict
        As in `from_formula`; weights and offset are arrays.

    Returns
    -------
    Design

    Raises
    ------
    ValueError, TypeError
        Everything that is wrong with the input, at once.

    Examples
    --------
    >>> from_arrays([[0.0], [1.0], [2.0], [3.0]], [1, 2, 1, 2]).categories
    (1, 2)
    """
    problems = Problems()
    name = y.name if isinstance(y, pd.Series) and isinstance(y.name, str) else "y"
    carried = {"sample_weight": sample_weight, "kind": weights, "offset": offset}
    covariates = checks.read_covariates(X, problems, checks.positive_rows(sample_weight, checks.length_of(X)))
    if covariates is None:
        checks.check_lengths({"X": checks.length_of(X), name: checks.length_of(y)}, problems)
        if n := checks.length_of(y):
            TrainingRows(n, checks.index_of(y), **carried, problems=problems).read(y, categories, name)
        else:
            checks.read_response(y, problems, categories=categories, name=name)
        problems.raise_if_any()
    n = len(covariates.values)
    checks.check_size(covariates.values.shape, "X", problems)
    equal = checks.check_lengths({"X": n, name: checks.length_of(y)}, problems)
    checks.check_index(covariates.index, checks.index_of(y), ("X", name), problems)
    index = covariates.index if covariates.index is not None else checks.index_of(y)
    if n == 0 or not equal:
        checks.read_response(y, problems, categories=categories, name=name, index=checks.index_of(y))
        if n:
            TrainingRows(n, index, **carried, problems=problems)
            _judge_columns(covariates.values, covariates.names, None, problems)
        problems.raise_if_any()
    rows = TrainingRows(n, index, **carried, problems=problems)
    response = rows.read(y, categories, name)
    values = covariates.values if rows.keep is None else covariates.values[rows.keep]
    source = ArraySource(covariates.names, covariates.named, offset is not None)
    return _assemble(Coded(values, None), covariates.names, response, name, rows, source, None, strict)


def _assemble(coded: Coded, predictors, response, name, rows, source, formula, strict) -> Design:
    """Judge the numbers, raise or warn, and freeze."""
    X, problems = coded.X, rows.problems
    checks.check_repeated_names(predictors, problems)
    mean, sd, notes = _judge_columns(X, predictors, rows.weights, problems)
    said = []
    if not problems:
        said = checks.check_rank(X, predictors, mean, sd, problems, weights=rows.weights, strict=strict)
    problems.raise_if_any()
    if response.column_vector:
        from sklearn.exceptions import (
            DataConversionWarning,  # a second of imports for one warning
        )

        warnings.warn(checks.COLUMN_VECTOR, DataConversionWarning, stacklevel=4)
    for text in (*response.warnings, *said):
        warnings.warn(text, UserWarning, stacklevel=4)
    offsets = np.zeros((len(X), 1)) if rows.offset is None else rows.offset[:, None]
    return Design(
        X=frozen(X),
        predictors=tuple(predictors),
        y=frozen(response.codes),
        categories=response.categories,
        weights=frozen(rows.weights),
        weights_kind=rows.kind,
        offset=frozen(rows.offset),
        obs_id=rows.obs_id,
        response=name,
        formula=formula,
        notes=(*response.notes, *notes, *group_notes(coded.groups, len(X))),
        mean=frozen(mean),
        sd=frozen(sd),
        offset_mean=float(checks.column_moments(offsets, rows.weights)[0][0]),
        n_effective=_n_effective(len(X), rows.weights, rows.kind),
        groups=frozen_groups(coded.groups),
        source=source,
    )


def _judge_columns(X: np.ndarray, names, weights, problems: Problems):
    """Moments of the columns, and notes on them; columns with holes are left to the message about these."""
    finite = np.isfinite(X).all(axis=0)
    usable = X if finite.all() else X[:, finite]
    names = tuple(name for name, one in zip(names, finite, strict=True) if one)
    mean, sd = checks.column_moments(usable, weights)
    return mean, sd, checks.check_columns(usable, names, mean, sd, problems)


def _n_effective(n: int, weights: np.ndarray | None, kind: str) -> float:
    if weights is None:
        return float(n)
    total = float(weights.sum())
    return total if kind == "frequency" else total**2 / float(weights @ weights)
