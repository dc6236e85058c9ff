"""Which formula belongs to which method, and its gradient by differences in 150 digits.

`FORMULAS[name]` is a loss of one row, or of the whole batch where it is wrapped in `Batch`.
"""

from dataclasses import dataclass
from functools import partial

import mpmath as mp
from network_formulas import (
    DIGITS,
    MARGINS,
    SOFT,
    absolute_error,
    all_threshold,
    binomial,
    co,
    condor,
    coral,
    corn,
    cross_entropy,
    cumulative_bits,
    cumulative_link,
    ho2,
    immediate_threshold,
    leading_bits,
    ordinal_cross_entropy,
    ordinal_log_loss,
    poisson,
    qwk,
    qwk_cross_entropy,
    qwk_log,
    ranked_probability_score,
    smooth_ordinal_cross_entropy,
    soft_label,
    squared_error,
    squared_step,
    stick_breaking,
)


@dataclass(frozen=True)
class Batch:
    """A formula of the whole batch: (rows, ys, K, weights, cutpoints) -> loss."""

    formula: object


FORMULAS = {
    "softmax": cross_entropy,
    "mse": squared_error,
    "mae": absolute_error,
    "ordinal_cross_entropy": ordinal_cross_entropy,
    "ordinal_cross_entropy_smooth": smooth_ordinal_cross_entropy,
    "qwk": Batch(qwk),
    "qwk_log": Batch(qwk_log),
    "qwk_cross_entropy": Batch(qwk_cross_entropy),
    **{f"cumulative_{link}": partial(cumulative_link, link=link) for link in ("logit", "probit", "cloglog")},
    "cumulative_bits": cumulative_bits,
    "cumulative_leading_bits": leading_bits,
    "coral": coral,
    "corn": Batch(corn),
    "condor": condor,
    "emd2": ranked_probability_score,
    **{f"soft_{targets}": partial(soft_label, targets=targets) for targets in SOFT},
    "binomial": binomial,
    "poisson": poisson,
    "stick_breaking": stick_breaking,
    "oll": partial(ordinal_log_loss, alpha=mp.mpf("1.5")),
    "cdw": partial(ordinal_log_loss, alpha=5),
    **{f"all_threshold_{margin}": partial(all_threshold, margin=margin) for margin in MARGINS},
    **{f"immediate_threshold_{margin}": partial(immediate_threshold, margin=margin) for margin in MARGINS},
    "all_threshold_squared": partial(all_threshold, margin="logistic", cost=squared_step),
    "lad": absolute_error,
    "ordinal_ridge": squared_error,
    "co": partial(co, margin=mp.mpf(0)),
    "co2": partial(co, margin=mp.mpf("0.05")),
    "ho2": ho2,
}


def reference(name, rows, ys, K, cutpoints=None, weights=None):
    """The mean loss (the batch's own where it is one), and its gradient in all numbers by central differences."""
    with mp.workdps(DIGITS):
        formula = FORMULAS[name]
        rows = [[mp.mpf(float(v)) for v in row] for row in rows]
        cutpoints = None if cutpoints is None else [mp.mpf(c) for c in cutpoints]
        weights = [mp.mpf(1)] * len(rows) if weights is None else [mp.mpf(float(w)) for w in weights]
        step = mp.mpf(10) ** -30

        def loss(changed, row):
            here = [changed if i == row else r for i, r in enumerate(rows)]
            if isinstance(formula, Batch):
                return formula.formula(here, ys, K, weights, cutpoints)
            return weights[row] * formula(here[row], ys[row], K, cutpoints) / len(rows)

        if isinstance(formula, Batch):
            value = loss(rows[0], 0)
        else:
            value = mp.fsum(loss(row, i) for i, row in enumerate(rows))
        gradient = []
        for i, row in enumerate(rows):
            sides = [
                [loss([v + sign * step * (k == j) for k, v in enumerate(row)], i) for sign in (1, -1)]
                for j in range(len(row))
            ]
            gradient.append([float((up - down) / (2 * step)) for up, down in sides])
        return float(value), gradient
