"""From the plug-in labels to those of highest expected kappa: E[A/B] instead of E[A]/E[B].

The two differ by Cov(kappa, B)/E[B], which is small for many rows, and the best labels rarely differ. Two
steps:

1. *Reweighting.* Near the present labels, E[A/B] rises with Σ_s ω_s (A_s - kappa_s B_s), ω_s = 1/B_s, where
   s runs over draws. That is maximised row by row, by the category value nearest to
   g_i = Σ_s ω_s (m_si - (1 - kappa_s) mbar_s) / Σ_s ω_s kappa_s. Repeat while it helps.
2. *Moves.* Change the label of one row whenever that raises E[A/B] itself. A move does to E[A/B] what g_i
   says up to O(1/n²), so with many rows only those nearest to a tie are tried; with few, every row.

The result is a local optimum, and never worse than the plug-in labels. Draws that contradict each other can
hide a better one beyond the reach of single moves: two equally likely worlds y = (0, 0, 3) and y = (2, 2, 0)
end in (0, 0, 3), worth 1/18, where (2, 2, 1) is worth 5/44.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord.predictive.agreement import MANY_ROWS, Labelled, expected_value
from bayesord.predictive.confusion import confusion
from bayesord.predictive.inputs import unit_values
from bayesord.predictive.probabilities import Draws, TableDraws
from bayesord.predictive.threads import for_each, spans

__all__ = ["expected_optimum"]

_ROUNDS = 20
_MOVES = 200  # tried in a round where rows are many: those that cost least to first order
_GAIN = 1e-13  # what counts as better: more than rounding


def expected_optimum(
    draws: Draws,
    labels: np.ndarray,
    values: np.ndarray,
    weights: np.ndarray | None,
    kind: str,
    threads: int | None = None,
) -> tuple[np.ndarray, float]:
    """Improve labels until neither reweighting nor a move of one row raises their expected kappa.

    Parameters
    ----------
    draws : LinearDraws or TableDraws
    labels : array (n,) of codes
        Where to start: the plug-in labels.
    values : array (K,)
    weights : array (n,) or None
    kind : "frequency" or "importance"
    threads : int, optional

    Returns
    -------
    labels : array (n,) of codes
    value : float
        `expected_value` of the labels, never below that of the start; 0 for constant labels.
    """
    values = unit_values(values)
    task = _Task(draws, values, weights, kind, threads)
    if few := draws.n_rows < MANY_ROWS and Labelled(labels, values, weights, kind).size < MANY_ROWS:
        # every row is tried again and again: keep the probabilities, and start no threads for so little
        table = TableDraws(draws.probs(), draws.n_chains, checked=True)
        task = _Task(table, values, weights, kind, threads=1)
    best, best_value = labels, task.value(labels)
    middles = (values[:-1] + values[1:]) / 2
    for _ in range(_ROUNDS):
        target, pull = _target(task, best)
        if not pull > 0:
            break
        proposal = np.searchsorted(middles, target)
        value = task.value(proposal)
        if not value > best_value + _GAIN:
            break
        best, best_value = proposal, value
    for _ in range(_ROUNDS):
        moves = _moves(task, best)
        moved = _move_few(task, best, best_value, moves) if few else _move_many(task, best, moves[:_MOVES])
        value = task.value(moved)
        if not value > best_value:
            break
        best, best_value = moved, value
    return best, best_value


@dataclass(frozen=True)
class _Task:
    """What stays the same while labels change; values run from 0 to 1."""

    draws: Draws
    values: np.ndarray
    weights: np.ndarray | None
    kind: str
    threads: int | None = None

    def value(self, labels: np.ndarray) -> float:
        """E[A/B]. Constant labels have kappa 0 whatever happens, save where answers agree with them: 0/0."""
        if Labelled(labels, self.values, self.weights, self.kind).constant:
            return 0.0
        kept = {"values": self.values, "weights": self.weights, "weights_kind": self.kind}
        return expected_value(self.draws, labels, **kept, threads=self.threads)


class _Expansion:
    """E[A/B] to second order in every draw, as sums that one row's move changes a little. Arrays are (S,).

    With m, v and c the mean and variance of the answer and its covariance with its square in one row:
    E[A] = 2 Σ w (a - abar) m, E[B] = Σ w (q + a²) - 2 abar Σ w m, and Cov(A, B) and Var B are made of the
    sums of v, a v, c, a c and Var Y².
    """

    def __init__(self, task: _Task, labels: np.ndarray):
        t, w = task.values, task.weights
        self.w = np.ones(task.draws.n_rows) if w is None else w
        self.w2 = self.w**2 if task.kind == "importance" else self.w
        sums = confusion(task.draws, labels, t, w)
        answers = sums[:, :, : t.size]
        self.m, self.q = (answers @ t).sum(axis=1), (answers @ t**2).sum(axis=1)
        self.am = answers @ t @ t
        if task.kind == "importance" and w is not None:
            sums = confusion(task.draws, labels, t, w**2)
            answers = sums[:, :, : t.size]
        v, c = answers @ t**2 - sums[:, :, -3], answers @ t**3 - sums[:, :, -2]
        self.v, self.av = v.sum(axis=1), v @ t
        self.c, self.ac = c.sum(axis=1), c @ t
        self.var_q = (answers @ t**4 - sums[:, :, -1]).sum(axis=1)
        a = t[labels]
        self.total, self.a, self.aa = self.w.sum(), self.w @ a, self.w @ a**2

    def kappa_and_chance(self) -> tuple[np.ndarray, np.ndarray]:
        """E[A]/E[B] and E[B]."""
        abar = self.a / self.total
        chance = self.q + self.aa - 2 * abar * self.m
        return 2 * (self.am - abar * self.m) / chance, chance

    def value(self) -> float:
        """The mean over draws of E[A/B] = rho - (Cov(A, B) - rho Var B)/E[B]²."""
        abar = self.a / self.total
        rho, chance = self.kappa_and_chance()
        cov = 2 * (self.ac - abar * self.c) - 4 * abar * (self.av - abar * self.v)
        var_b = self.var_q - 4 * abar * self.c + 4 * abar**2 * self.v
        return float(np.mean(rho - (cov - rho * var_b) / chance**2))

    def move(self, row: int, moments, before: float, after: float) -> None:
        """Change the value of one row's label; `moments` are its m, v, c."""
        m, v, c = moments
        step = after - before
        self.a += self.w[row] * step
        self.aa += self.w[row] * (after**2 - before**2)
        self.am = self.am + self.w[row] * step * m
        self.av = self.av + self.w2[row] * step * v
        self.ac = self.ac + self.w2[row] * step * c


def _target(task: _Task, labels: np.ndarray) -> tuple[np.ndarray, float]:
    """g (n,) at the present labels, and its weight Σ ω kappa / S; zeros where that is not positive."""
    nothing = np.zeros(task.draws.n_rows), 0.0
    if Labelled(labels, task.values, task.weights).constant:
        return nothing
    now = _Expansion(task, labels)
    rho, chance = now.kappa_and_chance()
    omega = 1.0 / chance
    pull = float(np.mean(omega * rho))
    if not pull > 0:
        return nothing
    scores = np.zeros(task.draws.n_rows)

    def one(start, stop):
        for first, last in spans(task.draws.n_draws, 16):
            block = task.draws.block((first, last), (start, stop))
            scores[start:stop] += omega[first:last] @ (block @ task.values)

    for_each(one, spans(task.draws.n_rows, 1024))
    shift = np.mean(omega * (1 - rho) * now.m / now.total)
    return (scores / task.draws.n_draws - shift) / pull, pull


def _moves(task: _Task, labels: np.ndarray) -> np.ndarray:
    """All (row, new label), those that cost least to first order first."""
    target, _ = _target(task, labels)
    w = np.ones(labels.size) if task.weights is None else task.weights
    distance = (task.values - target[:, None]) ** 2
    cost = w[:, None] * (distance - np.take_along_axis(distance, labels[:, None], axis=1))
    cost[np.arange(labels.size), labels] = np.inf
    cost[w == 0] = np.inf
    order = np.argsort(cost, axis=None, kind="stable")
    order = order[np.isfinite(cost.ravel()[order])]
    return np.column_stack(np.divmod(order, task.values.size))


def _move_few(task: _Task, labels: np.ndarray, value: float, moves: np.ndarray) -> np.ndarray:
    """Make every move that raises the exact expected kappa."""
    for row, label in moves:
        trial = labels.copy()
        trial[row] = label
        if (reached := task.value(trial)) > value + _GAIN:
            labels, value = trial, reached
    return labels


def _move_many(task: _Task, labels: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Make every move that raises the expansion of the expected kappa."""
    t, labels = task.values, labels.copy()
    now = _Expansion(task, labels)
    value = now.value()
    for row, label in moves:
        probs = task.draws.block((0, task.draws.n_draws), (row, row + 1))[:, 0]
        m, q = probs @ t, probs @ t**2
        moments = m, q - m**2, probs @ t**3 - m * q
        now.move(row, moments, t[labels[row]], t[label])
        if (reached := now.value()) > value + _GAIN:
            labels[row], value = label, reached
        else:
            now.move(row, moments, t[label], t[labels[row]])
    return labels
