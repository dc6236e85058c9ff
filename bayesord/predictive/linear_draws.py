"""Draws of a cumulative model: category probabilities from X, coefficients, group effects and cutpoints, when needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bayesord.checks import check_memory
from bayesord.likelihood.links import Link, get_link
from bayesord.predictive import tables
from bayesord.predictive.draws import Draws, check_chains
from bayesord.predictive.effect_lanes import pack_effects
from bayesord.predictive.group_effects import GroupEffects, add_shifts
from bayesord.predictive.lanes import Rows
from bayesord.predictive.odds_lanes import PackedOdds, pack_odds
from bayesord.predictive.tail_lanes import PackedTails, pack_tails
from bayesord.predictive.threads import for_each, spans

__all__ = ["LinearDraws", "Part"]

_NONE, _NO_SHIFTS = np.empty(0), np.empty((0, 0))
_MOST_EFFECTS = 1 << 25  # group effects at hand at once: 256 MB


@dataclass(frozen=True)
class Part:
    """Rows and draws as the fast loops take them, group effects included."""

    packed: PackedOdds | PackedTails
    lane_rows: Rows

    @property
    def n_rows(self) -> int:
        return len(self.lane_rows.X)

    def rows(self, start: int, stop: int) -> Rows:
        """A range of the rows."""
        X, offset, Z, place = self.lane_rows
        here = slice(start, stop)
        return Rows(X[here], offset[here], Z[here], place[here])


@dataclass(frozen=True)
class LinearDraws(Draws):
    """Draws of the cumulative model: P(y <= k) = F(c_k - eta), eta = X beta + offset + Σ_terms z'u_g.

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
    groups : tuple of GroupEffects

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
    groups: tuple[GroupEffects, ...] = ()

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
        for term in self.groups:
            if (len(term.index), len(term.effects)) != (n, n_draws):
                raise ValueError(
                    f"group effects of {len(term.index)} rows and {len(term.effects)} draws; X and beta have {n} "
                    f"and {n_draws}."
                )
        check_chains(self.n_chains, n_draws)

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
        """Coefficients and cutpoints as the fast loops take them, without group effects."""
        odds = pack_odds(self.beta, self.cutpoints) if self.link.name == "logit" else None
        return odds or pack_tails(self.link.code, self.beta, self.cutpoints)

    def parts(self, threads: int | None = None) -> Iterator[tuple[int, Part]]:
        """(first row, part) over all rows: in one part, or in as many as there is no room for more group effects at once."""
        m = sum(term.Z.shape[1] for term in self.groups)
        most = sum(min(term.n_groups, self.n_rows) * term.Z.shape[1] for term in self.groups)
        size = self.n_rows if most * self.n_draws <= _MOST_EFFECTS else _MOST_EFFECTS // (m * self.n_draws)
        for start, stop in spans(self.n_rows, max(1, size)):
            here = slice(start, stop)
            packed, count = self.packed, stop - start
            place, Z = np.empty((count, 0), dtype=np.int64), np.empty((count, 0))
            if self.groups:
                terms = tuple(term.rows(start, stop) for term in self.groups)
                effects, place, Z = pack_effects(terms, packed.unit, threads)
                packed = packed.with_effects(effects)
            yield start, Part(packed, Rows(self.X[here], self.offset_of(start, stop), Z, place))

    def offset_of(self, start: int, stop: int) -> np.ndarray:
        """Offsets of a range of rows; empty where there are none."""
        return _NONE if self.offset is None else self.offset[start:stop]

    def rows(self, start: int, stop: int) -> LinearDraws:
        """The same draws for rows start ... stop-1."""
        offset = None if self.offset is None else self.offset[start:stop]
        groups = tuple(term.rows(start, stop) for term in self.groups)
        part = replace(self, X=self.X[start:stop], offset=offset, groups=groups)
        if "packed" in self.__dict__:
            part.__dict__["packed"] = self.packed
        return part

    def eta(self) -> np.ndarray:
        """The linear predictor of all draws and rows (S, n).

        Raises
        ------
        MemoryError
            Where it would take more than half of the memory that is free.
        """
        check_memory(
            "the linear predictor (draws x rows)",
            (self.n_draws, self.n_rows),
            "predict_proba() averages over the draws and holds rows x categories; or ask for some of the rows at a time.",
        )
        eta = self.beta @ self.X.T
        if self.offset is not None:
            eta += self.offset
        add_shifts(self.groups, (0, self.n_draws), eta)
        return eta

    def _shifts(self, draws: tuple[int, int], rows: tuple[int, int]) -> np.ndarray:
        """What group effects add to eta (s, r); empty without them."""
        if not self.groups:
            return _NO_SHIFTS
        shifts = np.zeros((draws[1] - draws[0], rows[1] - rows[0]))
        add_shifts(tuple(term.rows(*rows) for term in self.groups), draws, shifts)
        return shifts

    def block(self, draws: tuple[int, int], rows: tuple[int, int]) -> np.ndarray:
        """Probabilities (s, r, K) of a range of draws and a range of rows."""
        d = slice(*draws)
        block = np.empty((draws[1] - draws[0], rows[1] - rows[0], self.n_categories))
        parts = (self.X[slice(*rows)], self.offset_of(*rows), self._shifts(draws, rows))
        tables.fill(self.link.code, *parts, self.beta[d], self.cutpoints[d], block)
        return block

    def mean_probs(self, threads: int | None = None) -> np.ndarray:
        """Posterior mean probabilities (n, K), one pass over the draws for each row."""
        means = np.empty((self.n_rows, self.n_categories))

        def one(begin, part, start, stop):
            part.packed.row_means(part.rows(start, stop), means[begin + start : begin + stop])

        for begin, part in self.parts(threads):
            blocks = [(begin, part, *block) for block in spans(part.n_rows, 1024)]
            for_each(one, blocks, threads, amount=self.n_draws * part.n_rows)
        return means
