"""Posterior draws of category probabilities, in whichever form they come, as one kind of thing.

Two kinds hold draws: `LinearDraws` (X, coefficients and cutpoints: the probabilities are computed when
needed) and `TableDraws` (the probabilities themselves). Both give small blocks of probabilities, means over
the draws and replicated answers; nothing here holds (draws, rows, K) unless it is asked for by `probs()`.
`as_draws` turns what a user has into one of the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from bayesord.likelihood.links import Link, get_link
from bayesord.predictive import tables
from bayesord.predictive.inputs import ROW_SUM_TOLERANCE
from bayesord.predictive.odds_lanes import PackedOdds, pack_odds
from bayesord.predictive.tail_lanes import PackedTails, pack_tails
from bayesord.predictive.threads import for_each, spans

__all__ = ["Draws", "LinearDraws", "TableDraws", "as_draws"]

_BLOCK_NUMBERS = 1 << 17  # probabilities in a block: 1 MB, which a processor's cache holds
_NONE = np.empty(0)


class Draws:
    """What both kinds share. Shapes: S draws (chain after chain), n rows, K categories."""

    n_chains: int

    def block(self, draws: tuple[int, int], rows: tuple[int, int]) -> np.ndarray:
        """Probabilities (s, r, K) of a range of draws and a range of rows."""
        raise NotImplementedError

    def row_spans(self, n_draws: int = 1) -> list[tuple[int, int]]:
        """Ranges of rows that make blocks of a handy size together with `n_draws` draws."""
        return spans(self.n_rows, max(1, _BLOCK_NUMBERS // (n_draws * self.n_categories)))

    def probs(self, threads: int | None = None) -> np.ndarray:
        """All probabilities (S, n, K)."""
        table = np.empty((self.n_draws, self.n_rows, self.n_categories))

        def one(first, last):
            for rows in self.row_spans(last - first):
                table[first:last, slice(*rows)] = self.block((first, last), rows)

        for_each(one, spans(self.n_draws, 16), threads, amount=self.n_draws * self.n_rows)
        return table

    def replicate(self, rng: np.random.Generator, threads: int | None = None) -> np.ndarray:
        """Replicated answers (S, n), one data set for each draw, as codes (int16).

        Blocks and threads do not change them: every number depends on its draw and row alone.
        """
        seeds = rng.integers(0, 2**64, size=self.n_draws, dtype=np.uint64)
        codes = np.empty((self.n_draws, self.n_rows), dtype=np.int16)

        def one(first, last):
            for start, stop in self.row_spans(last - first):
                block = self.block((first, last), (start, stop))
                tables.draw_answers(block, seeds[first:last], start, codes[first:last, start:stop])

        for_each(one, spans(self.n_draws, 16), threads, amount=self.n_draws * self.n_rows)
        return codes


@dataclass(frozen=True)
class LinearDraws(Draws):
    """Draws of the cumulative model: P(y <= k) = F(c_k - eta), eta = X beta + offset.

    Parameters
    ----------
    link : Link or its name
    X : array (n, p)
        Covariates on the scale of beta; p may be 0.
    beta : array (S, p)
    cutpoints : array (S, K-1)
        Increasing in each draw.
    offset : array (n,), optional
    n_chains : int
        The S draws are this many chains of equal length, one after another.

    Raises
    ------
    ValueError
        For shapes that do not fit together, values that are not finite, cutpoints that fall.

    Examples
    --------
    >>> import numpy as np
    >>> draws = LinearDraws("logit", np.zeros((2, 0)), np.zeros((1, 0)), np.log([[1 / 3, 1.0, 3.0]]))
    >>> draws.mean_probs().round(2)
    array([[0.25, 0.25, 0.25, 0.25],
           [0.25, 0.25, 0.25, 0.25]])
    """

    link: Link
    X: np.ndarray
    beta: np.ndarray
    cutpoints: np.ndarray
    offset: np.ndarray | None = None
    n_chains: int = 1

    def __post_init__(self):
        set_ = object.__setattr__  # the dataclass is frozen for everyone else
        set_(self, "link", get_link(self.link))
        for name, dimensions in (("X", 2), ("beta", 2), ("cutpoints", 2), ("offset", 1)):
            given = getattr(self, name)
            if name == "offset" and given is None:
                continue
            array = np.ascontiguousarray(given, dtype=np.float64)
            if array.ndim != dimensions:
                raise ValueError(f"{name} should have {dimensions} dimensions, got shape {array.shape}.")
            if not np.isfinite(array).all():
                first = np.argwhere(~np.isfinite(array))[0]
                raise ValueError(f"{name} contains NaN or infinity, first at row {first[0]}.")
            set_(self, name, array)
        (n, p), (n_draws, p_beta) = self.X.shape, self.beta.shape
        if p != p_beta or self.cutpoints.shape[0] != n_draws or self.cutpoints.shape[1] < 1:
            raise ValueError(
                f"X {self.X.shape}, beta {self.beta.shape} and cutpoints {self.cutpoints.shape} do not fit: "
                "expected (n, p), (S, p) and (S, K-1)."
            )
        if self.offset is not None and self.offset.shape != (n,):
            raise ValueError(f"offset.shape == {self.offset.shape}, expected ({n},).")
        if n == 0 or n_draws == 0:
            raise ValueError(f"{n} row(s) and {n_draws} draw(s): at least one of each is needed.")
        if (fall := (np.diff(self.cutpoints, axis=1) < 0).any(axis=1)).any():
            raise ValueError(f"cutpoints must increase within a draw; they fall in draw {np.argmax(fall)}.")
        _check_chains(self.n_chains, n_draws)

    @property
    def n_draws(self) -> int:
        return self.beta.shape[0]

    @property
    def n_rows(self) -> int:
        return self.X.shape[0]

    @property
    def n_categories(self) -> int:
        return self.cutpoints.shape[1] + 1

    @cached_property
    def packed(self) -> PackedOdds | PackedTails:
        """The draws as the fast loops take them."""
        odds = pack_odds(self.beta, self.cutpoints) if self.link.name == "logit" else None
        return odds or pack_tails(self.link.code, self.beta, self.cutpoints)

    def offset_of(self, start: int, stop: int) -> np.ndarray:
        """Offsets of a range of rows; empty where there are none."""
        return _NONE if self.offset is None else self.offset[start:stop]

    def rows(self, start: int, stop: int) -> LinearDraws:
        """The same draws for rows start ... stop-1."""
        offset = None if self.offset is None else self.offset[start:stop]
        part = replace(self, X=self.X[start:stop], offset=offset)
        if "packed" in self.__dict__:
            part.__dict__["packed"] = self.packed
        return part

    def block(self, draws: tuple[int, int], rows: tuple[int, int]) -> np.ndarray:
        """Probabilities (s, r, K) of a range of draws and a range of rows."""
        d = slice(*draws)
        block = np.empty((draws[1] - draws[0], rows[1] - rows[0], self.n_categories))
        offset = self.offset_of(*rows)
        tables.fill(self.link.code, self.X[slice(*rows)], offset, self.beta[d], self.cutpoints[d], block)
        return block

    def mean_probs(self, threads: int | None = None) -> np.ndarray:
        """Posterior mean probabilities (n, K), one pass over the draws for each row."""
        means = np.empty((self.n_rows, self.n_categories))

        def one(start, stop):
            self.packed.row_means(self.X[start:stop], self.offset_of(start, stop), means[start:stop])

        for_each(one, spans(self.n_rows, 1024), threads, amount=self.n_draws * self.n_rows)
        return means


@dataclass(frozen=True)
class TableDraws(Draws):
    """Category probabilities as they are.

    Parameters
    ----------
    table : array (S, n, K)
        Finite, not negative, each row summing to 1 within 1e-6.
    n_chains : int
        The S draws are this many chains of equal length, one after another.

    Raises
    ------
    ValueError
        For another shape, or naming the first row that holds no probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> TableDraws(np.full((1, 2, 4), 0.25)).n_categories
    4
    """

    table: np.ndarray
    n_chains: int = 1
    checked: bool = field(default=False, repr=False, compare=False)

    def __post_init__(self):
        table = np.ascontiguousarray(self.table, dtype=np.float64)
        if table.ndim != 3 or 0 in table.shape or table.shape[2] < 2:
            raise ValueError(
                f"probabilities must have shape (n, K) or (S, n, K) with K >= 2, got {np.shape(self.table)}."
            )
        object.__setattr__(self, "table", table)
        _check_chains(self.n_chains, table.shape[0])
        if not self.checked:
            _check_table(table)
            # what the tolerance let pass is divided out: products over many rows would magnify it
            sums = table.sum(axis=-1, keepdims=True)
            if np.abs(sums - 1.0).max(initial=0.0) > 1e-14:
                object.__setattr__(self, "table", table / sums)

    @property
    def n_draws(self) -> int:
        return self.table.shape[0]

    @property
    def n_rows(self) -> int:
        return self.table.shape[1]

    @property
    def n_categories(self) -> int:
        return self.table.shape[2]

    def rows(self, start: int, stop: int) -> TableDraws:
        """The same draws for rows start ... stop-1."""
        return TableDraws(self.table[:, start:stop], self.n_chains, checked=True)

    def block(self, draws: tuple[int, int], rows: tuple[int, int]) -> np.ndarray:
        """Probabilities (s, r, K) of a range of draws and a range of rows."""
        return np.ascontiguousarray(self.table[slice(*draws), slice(*rows)])

    def probs(self, threads: int | None = None) -> np.ndarray:
        """All probabilities (S, n, K)."""
        return self.table

    def mean_probs(self, threads: int | None = None) -> np.ndarray:
        """Posterior mean probabilities (n, K)."""
        return self.table.mean(axis=0)


def as_draws(probs, rows=None, *, n_chains: int | None = None) -> LinearDraws | TableDraws:
    """Posterior draws of category probabilities from whatever holds them.

    Parameters
    ----------
    probs : fit, DataArray, array (S, n, K), array (n, K), LinearDraws or TableDraws
        A fit is any object with `predictive_draws(rows)`. A DataArray has dims (obs_id, category) and any of
        (chain, draw) or (sample), in any order.
    rows : optional
        New rows for a fit, in the form that it predicts from; None for the rows that it was fitted to.
    n_chains : int, optional
        How many chains the S draws of an array are, one after another; default 1.

    Returns
    -------
    LinearDraws or TableDraws

    Raises
    ------
    TypeError
        For something that holds no probabilities.
    ValueError
        For NaN, negative entries or rows that do not sum to 1, with the row; for wrong shapes; for `rows`
        where the probabilities are those of fixed rows.

    Examples
    --------
    >>> as_draws([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]).n_draws
    1
    >>> as_draws([[0.5, 0.5, 0.0], [0.2, 0.3, 0.4]])
    Traceback (most recent call last):
    ...
    ValueError: probabilities do not sum to 1 in row 1: the sum is 0.9. Divide each row by its sum.
    """
    if hasattr(probs, "predictive_draws"):
        return probs.predictive_draws(rows)
    if rows is not None:
        raise ValueError("rows= goes with a fit; these probabilities already belong to rows of their own.")
    if isinstance(probs, Draws):
        return probs
    if hasattr(probs, "dims") and hasattr(probs, "transpose"):
        return _from_data_array(probs)
    try:
        table = np.asarray(probs, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(
            f"cannot read probabilities from {type(probs).__name__}: pass a fit, a DataArray, or an array of "
            "shape (n, K) or (S, n, K)."
        ) from None
    return TableDraws(table[None] if table.ndim == 2 else table, n_chains or 1)


def _from_data_array(array) -> TableDraws:
    dims = set(array.dims)
    draws = [name for name in ("chain", "draw", "sample") if name in dims]
    if not {"obs_id", "category"} <= dims or dims - {"obs_id", "category", *draws}:
        raise ValueError(
            "a DataArray of probabilities has dims (obs_id, category) and any of (chain, draw, sample), "
            f"got {tuple(array.dims)}."
        )
    values = np.asarray(array.transpose(*draws, "obs_id", "category").data, dtype=np.float64)
    return TableDraws(values.reshape(-1, *values.shape[-2:]), array.sizes["chain"] if "chain" in dims else 1)


def _check_chains(n_chains: int, n_draws: int) -> None:
    if n_chains < 1 or n_draws % n_chains:
        raise ValueError(f"{n_draws} draws cannot be {n_chains} chains of equal length.")


def _check_table(table: np.ndarray) -> None:
    draw, row, fault, number = tables.first_bad_row(table, ROW_SUM_TOLERANCE)
    if not fault:
        return
    where = f"row {row}" + (f" of draw {draw}" if table.shape[0] > 1 else "")
    what = {
        1: f"contain NaN or infinity in {where}.",
        2: f"are negative in {where} ({number:.4g}). Pass probabilities, not logits.",
        3: f"do not sum to 1 in {where}: the sum is {number:.9g}. Divide each row by its sum.",
    }
    raise ValueError(f"probabilities {what[fault]}")
