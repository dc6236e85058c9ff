"""The linear program behind `separation`: the direction of least Σ|d_j| that puts the categories in order and gains."""

from __future__ import annotations

import time

import numpy as np

__all__ = ["Program", "spans"]

_TOUCH = 1e-7  # of the largest |x'd|: what the linear program's own tolerance may leave
_FAR = 1e6  # coefficients, in standard deviations, of a gain of 1: beyond, a gain is rounding
_WORST = 20  # rows of each category that enter the linear program at a time


def spans(starts: np.ndarray, n: int):
    """(start, stop) of each category in rows sorted by category."""
    return zip(starts, [*starts[1:], n], strict=True)


class Program:
    """min Σ|d_j| over (d, e) that satisfy all inequalities and gain; standardised columns, rows added as needed."""

    def __init__(self, X, y, order, starts, deadline):
        self.deadline = deadline
        self.mean, self.unit = X.mean(axis=0), 1.0 / X.std(axis=0)
        self.X, self.y, self.m = (X - self.mean) * self.unit, y, len(starts) - 1
        self.members = [order[a:b] for a, b in spans(starts, len(y))]
        self.gain = self._inequalities(np.arange(len(y)), total=True) / len(y)

    def _inequalities(self, rows: np.ndarray, *, total: bool = False) -> np.ndarray:
        """Gradients (d, e) of the inequalities of these rows, or their sum."""
        p, m = self.X.shape[1], self.m
        y, x = self.y[rows], self.X[rows]
        upper, lower = y < m, y > 0
        if total:
            ends = np.bincount(y[upper], minlength=m) - np.bincount(y[lower] - 1, minlength=m)
            return np.concatenate([x[lower].sum(axis=0) - x[upper].sum(axis=0), ends])
        table = np.zeros((upper.sum() + lower.sum(), p + m))
        table[: upper.sum(), :p] = -x[upper]
        table[np.arange(upper.sum()), p + y[upper]] = 1.0
        rest = np.arange(upper.sum(), len(table))
        table[upper.sum() :, :p] = x[lower]
        table[rest, p + y[lower] - 1] = -1.0
        return table

    def solve(self, *, complete: bool) -> tuple[np.ndarray, np.ndarray] | None:
        """(direction on the user's scale, which columns it uses), or None."""
        p, margin = self.X.shape[1], 1.0 if complete else 0.0
        rows = self._first_rows()
        while True:
            solution = self._least(rows, complete)
            if solution is None:
                return None
            d, e = solution[:p] - solution[p : 2 * p], solution[2 * p :]
            more = np.setdiff1d(self._violated(d, e, margin), rows)
            if not len(more):
                return d * self.unit / np.abs(d).max(), np.abs(d) > 1e-6 * np.abs(d).max()
            rows = np.union1d(rows, more)

    def _least(self, rows: np.ndarray, complete: bool) -> np.ndarray | None:
        """(d+, d-, e) of least Σ d+ + d- = Σ|d| that satisfies the inequalities of these rows."""
        from scipy.optimize import linprog

        p, m = self.X.shape[1], self.m
        left = self.deadline - time.perf_counter()
        if left <= 0:
            raise TimeoutError
        table = self._inequalities(rows)
        gain = None if complete else np.concatenate([self.gain[:p], -self.gain[:p], self.gain[p:]])[None]
        result = linprog(
            np.r_[np.ones(2 * p), np.zeros(m)],
            A_ub=-np.hstack([table[:, :p], -table[:, :p], table[:, p:]]),
            b_ub=np.full(len(table), -1.0 if complete else 0.0),
            A_eq=gain,
            b_eq=None if complete else [1.0],
            bounds=[(0, None)] * (2 * p) + [(None, None)] * m,
            method="highs",
            options={"time_limit": left},
        )
        if result.status == 1:  # the limit of time
            raise TimeoutError
        return result.x if result.status == 0 and result.fun <= _FAR else None

    def _first_rows(self) -> np.ndarray:
        """Rows with the smallest and the largest value of a column in a category, about two for each unknown."""
        ends = [member[f(self.X[member], axis=0)] for member in self.members for f in (np.argmin, np.argmax)]
        rows, most = np.unique(np.concatenate(ends)), 2 * (self.X.shape[1] + self.m) + 20
        return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(int)]

    def _violated(self, d: np.ndarray, e: np.ndarray, margin: float) -> np.ndarray:
        """The rows furthest on the wrong side, some of each category."""
        score = self.X @ d
        allowed = _TOUCH * max(np.abs(score).max(), np.abs(e).max(initial=0.0))
        found = []
        for k, member in enumerate(self.members):
            for side in ([score[member] - e[k]] if k < self.m else []) + (
                [e[k - 1] - score[member]] if k else []
            ):
                worst = np.argsort(-side, kind="stable")[:_WORST]
                found.append(member[worst[side[worst] + margin > allowed]])
        return np.concatenate(found)
