"""The kinds of output that networks for ordered categories have, and the category probabilities they stand for.

Written once for two worlds: `xp` is `numpy` (answers, in float64) or `keras.ops` (metrics, inside a training step).

| kind       | width | what a column holds                                             |
|------------|-------|-----------------------------------------------------------------|
| categories | K     | logits, or log probabilities: any numbers z with p = softmax z  |
| cumulative | K-1   | logits of P(y > k), which may cross                             |
| leading    | K     | logits of P(y >= k); the first is not used                      |
| conditional| K-1   | logits of P(y > k given y >= k)                                 |
| margins    | K-1   | f - theta_k, ordered: signs that mean y > k or not              |
| score      | 1     | a number on the scale of the codes                              |
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord.checks import check_choice, name_rows

__all__ = ["KINDS", "Kind", "check_outputs", "cumulative_probabilities", "in_falling_order", "probabilities"]

PRECISION = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Kind:
    """A kind of output.

    Attributes
    ----------
    name : str
    beyond : int or None
        Width minus K; None where the width is 1.
    likelihood_free : bool
        Whether category probabilities need something learned from rows with known answers (a spread).
    """

    name: str
    beyond: int | None
    likelihood_free: bool = False

    def width(self, n_categories: int) -> int:
        """How many outputs a row has."""
        return 1 if self.beyond is None else n_categories + self.beyond


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("categories", 0),
        Kind("cumulative", -1),
        Kind("leading", 0),
        Kind("conditional", -1),
        Kind("margins", -1, likelihood_free=True),
        Kind("score", None, likelihood_free=True),
    )
}


def check_outputs(kind: str, outputs, n_categories: int) -> np.ndarray:
    """What a network predicted, as float64 (n, width) of that kind.

    Raises
    ------
    ValueError
        For another width than K asks for, NaN or infinity (naming rows), no rows.
    """
    width = KINDS[check_choice("kind", kind, KINDS)].width(n_categories)
    table = np.asarray(outputs, dtype=np.float64)
    if table.ndim == 1 and width == 1:
        table = table[:, None]
    if table.ndim != 2 or table.shape[1] != width:
        raise ValueError(
            f"outputs have shape {table.shape}, expected (n, {width}) for {n_categories} categories and outputs of "
            f"kind {kind!r}. Was the head made for another number of categories, or for another method?"
        )
    if table.shape[0] == 0:
        raise ValueError("outputs have 0 rows.")
    if (bad := ~np.isfinite(table).all(axis=1)).any():
        raise ValueError(
            f"outputs contain NaN or infinity: {name_rows(bad)}. Did training diverge? Try a smaller learning rate, and "
            "look for missing or huge values in X."
        )
    return table


def probabilities(kind: str, outputs, xp):
    """Category probabilities (n, K) from outputs (n, width) of a kind that has them; "margins" taken as logits."""
    if kind == "categories":
        shifted = xp.exp(outputs - xp.max(outputs, axis=-1, keepdims=True))
        return shifted / xp.sum(shifted, axis=-1, keepdims=True)
    if kind == "conditional":
        passed = xp.cumsum(_log_sigmoid(outputs, xp), axis=-1)
        before = xp.concatenate([xp.zeros_like(passed[:, :1]), passed[:, :-1]], axis=-1)
        stopped = xp.exp(before + _log_sigmoid(-outputs, xp))
        return xp.concatenate([stopped, xp.exp(passed[:, -1:])], axis=-1)
    return cumulative_probabilities(outputs[:, 1:] if kind == "leading" else outputs, xp)


def cumulative_probabilities(logits, xp):
    """Category probabilities (n, K) from logits (n, K-1) of P(y > k), which should fall and may cross.

    Where they fall, differences of the P(y > k), as s(g) - s(h) = s(g) s(-h) (1 - e^{h-g}): they keep their digits
    where both are near 1. Where they cross, isotonic regression brings them in order: it keeps their sum, the mean
    category, and no row's ranked probability score or summed cross-entropy gets worse by it, whatever the answer. It
    leaves nothing to the categories between two answers that cross, which is more than crossing answers can tell:
    the sum of the rises, by which they contradict each other, is spread evenly over the categories, and the total
    divided by 1 + that sum.
    """
    falls = xp.expand_dims(xp.all(logits[:, 1:] < logits[:, :-1], axis=-1), -1)
    fallen = xp.where(falls, logits, xp.zeros_like(logits))
    above, not_above = xp.exp(_log_sigmoid(fallen, xp)), xp.exp(_log_sigmoid(-fallen, xp))
    between = 0.0 - xp.expm1(fallen[:, 1:] - fallen[:, :-1])
    middle = above[:, :-1] * not_above[:, 1:] * between
    in_order = xp.concatenate([not_above[:, :1], middle, above[:, -1:]], axis=-1)

    answers = xp.exp(_log_sigmoid(logits, xp))
    above = in_falling_order(answers, xp)
    repaired = xp.concatenate([1 - above[:, :1], above[:, :-1] - above[:, 1:], above[:, -1:]], axis=-1)
    rises = xp.sum(xp.maximum(answers[:, 1:] - answers[:, :-1], 0.0), axis=-1, keepdims=True)
    rises = xp.maximum(rises, PRECISION)  # equal answers: no more is known of their difference
    repaired = (xp.maximum(repaired, 0.0) + rises / repaired.shape[-1]) / (1 + rises)
    return xp.where(falls, in_order, repaired)


def in_falling_order(answers, xp):
    """Isotonic regression of P(y > k) (n, K-1): min over a <= k of max over b >= k of the mean of those from a to b.

    Pooling adjacent violators as a formula, without loops that depend on numbers (Robertson, Wright & Dykstra 1988).
    """
    sums, counts = xp.cumsum(answers, axis=-1), xp.cumsum(xp.ones_like(answers), axis=-1)
    total = sums[:, None, :] - (sums - answers)[:, :, None]  # [a, b]
    number = counts[:, None, :] - counts[:, :, None] + 1
    there = number > 0.5
    mean = xp.where(there, total / xp.where(there, number, xp.ones_like(number)), xp.zeros_like(total))
    highest = _highest_from(mean, xp)  # [a, k]
    return xp.min(xp.where(there, highest, xp.ones_like(highest)), axis=1)


def _highest_from(table, xp):
    """The running maximum along the last axis, from its end."""
    if xp is np:
        return np.maximum.accumulate(table[..., ::-1], axis=-1)[..., ::-1]
    return xp.associative_scan(xp.maximum, table, reverse=True, axis=2)


def _log_sigmoid(x, xp):
    return -xp.logaddexp(xp.zeros_like(x), -x)
