"""Whether predictors separate the categories: whether some direction raises the likelihood for ever.

Along (d, e), coefficients and cutpoints move as beta + t d, c + t e, and the ends of row i's interval move at the rates
e_y - x'd (lower) and e_y+1 - x'd (upper). The probability of the row goes to zero if both ends go the same way, and
never falls if the interval only widens. So the likelihood never falls along (d, e) if and only if, for all rows,

    e_y  <=  x_i'd  <=  e_y+1      (no lower bound in the first category, no upper bound in the last)

that is, if x'd puts the categories in order, neighbours at most touching; and it rises if one of these holds strictly
in some row. Then there is no maximum of the likelihood, and how far (beta, c) goes that way is left to the prior. The
separation is complete if some direction has all of them strict, else quasi-complete. The link plays no part, and an
empty category none either: only the order of those that were observed.

Three ways, the cheap ones first:

1. A column that does it alone is seen from its smallest and largest value in each category.
2. A proof that nothing does (the alternative of Stiemke's lemma): numbers λ > 0, one to every inequality, under
   which their gradients add up to zero. At a maximum of the likelihood, the derivatives of the rows with respect to
   their ends are such numbers; at a posterior mean they nearly are, and one weighted projection makes them so.
3. A linear program, the direction of least |d| among those that gain: it names few columns. Rows enter as
   they are violated, so that a hundred thousand cost little more than a hundred.

Albert & Anderson (1984), doi:10.1093/biomet/71.1.1, for nominal categories; Kosmidis (2014), doi:10.1111/rssb.12025,
for cumulative links; Konis (2007), PhD thesis, Oxford, for the linear program of binary answers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from bayesord.inference.cells import cells
from bayesord.inference.separation_program import Program, spans
from bayesord.likelihood.links import Link

__all__ = ["Estimate", "Separation", "find_separation"]

_CHUNK = 65536
_SURE = 0.9  # how much of a multiplier the projection may take away before the proof counts as failed
_FLAT = 1e-10  # an eigenvalue of a matrix with ones on its diagonal


class Estimate(NamedTuple):
    """Where a fit is: eta (n,) with offset and group effects, cutpoints (K-1,), and the link they belong to."""

    link: Link
    eta: np.ndarray
    cutpoints: np.ndarray


@dataclass(frozen=True)
class Separation:
    """A direction along which the likelihood never falls.

    Attributes
    ----------
    columns : tuple of str
        Those that do it alone, or else the columns of a combination that does.
    alone : bool
        Whether each of `columns` does it by itself.
    complete : bool
        Whether some direction parts all categories with room between them.
    direction : (p,) array
        On the user's scale; where several columns do it alone, that of the first.
    """

    columns: tuple[str, ...]
    alone: bool
    complete: bool
    direction: np.ndarray

    def __str__(self):
        each = "" if len(self.columns) == 1 else " each" if self.alone else " together"
        named = f"{list(self.columns[:5])}" + (
            f" and {len(self.columns) - 5} more" if self.columns[5:] else ""
        )
        return (
            f"{named}{each} separate the categories {'completely' if self.complete else 'quasi-completely'}"
        )


def find_separation(
    X: np.ndarray,
    y: np.ndarray,
    names: tuple[str, ...],
    *,
    near: Estimate | None = None,
    weights: np.ndarray | None = None,
    program: bool = True,
    seconds: float = 30.0,
) -> Separation | None:
    """Separation of the categories by the columns of X, or None.

    Parameters
    ----------
    X : (n, p) array
        Without constant columns.
    y : (n,) array of codes
    names : tuple of p str
    near : Estimate, optional
        Close to a maximum of the likelihood it proves that nothing separates, without a linear program.
    weights : (n,) array, optional
        Those of that estimate; whether there is separation does not depend on them.
    program : bool
        False: columns that separate in combination alone are not looked for.
    seconds : float
        For the linear program, which takes long with hundreds of columns.

    Returns
    -------
    Separation or None

    Raises
    ------
    TimeoutError
        Undecided after `seconds`.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0, 0], [2, 2], [1, 0], [3, 2], [2, 0], [4, 2]])  # x - z is 0, 0, 1, 1, 2, 2
    >>> print(find_separation(X, np.array([0, 0, 1, 1, 2, 2]), ("x", "z")))
    ['x', 'z'] together separate the categories completely
    >>> print(find_separation(X, np.array([0, 2, 1, 0, 2, 1]), ("x", "z")))
    None
    """
    deadline = time.perf_counter() + seconds
    seen, codes = np.unique(y, return_inverse=True)
    K = len(seen)
    if K < 2 or not X.shape[1]:
        return None
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(K))
    low, high = (
        np.array([f(X[order[a:b]], axis=0) for a, b in spans(starts, len(y))]) for f in (np.min, np.max)
    )
    alone = _alone(low, high)
    if not alone.any():
        if not program:
            return None
        if near is not None and _overlap(
            X, codes, near._replace(cutpoints=_between(near.cutpoints, seen)), weights
        ):
            return None
        program = Program(X, codes, order, starts, deadline)
        found = program.solve(complete=False)
        if found is None:
            return None
        direction, used = found
        complete = program.solve(complete=True) is not None
        return Separation(tuple(np.array(names, dtype=object)[used]), False, complete, direction)
    first = int(np.argmax(alone))
    direction = np.zeros(X.shape[1])
    direction[first] = 1.0 if np.all(high[:-1, first] <= low[1:, first]) else -1.0
    complete = (
        _alone(low, high, strict=True).any()
        or Program(X, codes, order, starts, deadline).solve(complete=True) is not None
    )
    return Separation(tuple(np.array(names, dtype=object)[alone]), True, bool(complete), direction)


def _alone(low: np.ndarray, high: np.ndarray, *, strict: bool = False) -> np.ndarray:
    """Which columns put the categories in order, from their extremes (K, p) in each."""
    before = np.less if strict else np.less_equal
    return before(high[:-1], low[1:]).all(axis=0) | before(high[1:], low[:-1]).all(axis=0)


def _between(cutpoints: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """One cutpoint between neighbours that were observed: the middle of those that lie between them."""
    return np.array([cutpoints[a:b].mean() for a, b in pairwise(seen)])


def _overlap(X: np.ndarray, y: np.ndarray, near: Estimate, weights: np.ndarray | None) -> bool:
    """Whether positive multipliers prove that no direction gains."""
    n, p = X.shape
    m = len(near.cutpoints)
    mean, unit = X.mean(axis=0), 1.0 / X.std(axis=0)
    information, residual, held = np.zeros((m + p, m + p)), np.zeros(m + p), []
    for start in range(0, n, _CHUNK):
        here = slice(start, start + _CHUNK)
        table = cells(near.link, near.cutpoints - near.eta[here, None])
        row, own = np.arange(len(table.f)), y[here]
        x = (X[here] - mean) * unit
        w = 1.0 if weights is None else weights[here]
        inverse = w * table.inverse[row, own]
        upper = np.where(own < m, table.f[row, np.minimum(own, m - 1)] * inverse, 0.0)
        lower = np.where(own > 0, table.f[row, np.maximum(own - 1, 0)] * inverse, 0.0)
        held.append((x, own, upper, lower))
        for multiplier, cut, sign in ((upper, own, 1.0), (lower, own - 1, -1.0)):
            inside = (cut >= 0) & (cut < m)
            a, k, part = multiplier[inside], cut[inside], x[inside]
            residual[:m] += sign * np.bincount(k, a, m)
            residual[m:] -= sign * (a @ part)
            information[np.arange(m), np.arange(m)] += np.bincount(k, a, m)
            information[m:, m:] += part.T @ (a[:, None] * part)
            cross = np.zeros((m, p))
            for one in range(m):
                cross[one] = a[k == one] @ part[k == one]
            information[:m, m:] -= cross
            information[m:, :m] -= cross.T
    size = np.sqrt(np.diag(information))
    if not np.all(size > 0) or not np.isfinite(size).all():
        return False
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    if values[0] < _FLAT:
        return False
    step = vectors @ ((vectors.T @ (residual / size)) / values) / size
    for x, own, upper, lower in held:
        shift = x @ step[m:]
        taken = np.where(own < m, step[np.minimum(own, m - 1)] - shift, 0.0)
        given = np.where(own > 0, shift - step[np.maximum(own - 1, 0)], 0.0)
        positive = np.all((upper > 0) | (own == m)) and np.all((lower > 0) | (own == 0))
        if not positive or max(taken.max(), given.max()) > _SURE:
            return False
    return True
