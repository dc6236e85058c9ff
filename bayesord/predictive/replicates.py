"""Kappa of replicated answers: by simulation, or by its normal approximation where that holds.

One replicate belongs to every draw: new answers for all rows, given the draw. A and B of `agreement` are
linear in the answers' values and squares, so a replicate needs one pass over the rows and keeps two numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord.jit import njit
from bayesord.predictive.agreement import ConditionalKappa, Labelled, settled
from bayesord.predictive.lanes import LANES
from bayesord.predictive.probabilities import Draws, LinearDraws
from bayesord.predictive.tables import answer
from bayesord.predictive.threads import for_each, spans
from bayesord.predictive.uniform import uniform

__all__ = ["TABLE_REPLICATES", "Replicates", "replicate_kappa", "simulate_kappa"]

#: Replicates of a single table of probabilities, which has no draws to go with.
TABLE_REPLICATES = 4000
_NONE = np.empty(0)
_ROWS_AT_ONCE = 1 << 16  # between two looks at Ctrl-C


@dataclass(frozen=True)
class Replicates:
    """Kappa of replicated answers, one for every draw.

    Attributes
    ----------
    kappa : array (S,)
    corrected : array (S,) or None
        Simulated: kappa - (A - rho B)/E[B], whose mean is the same and whose noise is much smaller; the
        subtracted part has mean 0 given the draw. None where kappa was not simulated.
    """

    kappa: np.ndarray
    corrected: np.ndarray | None


@njit
def _add_replicates(block, seeds, first, copies, weight, labels, values, sums):
    """sums (s, 2) += (Σ w 2 a y, Σ w y²) over replicated answers y; a block of one draw serves all seeds."""
    for s in range(seeds.size):
        source = s if block.shape[0] > 1 else 0
        for i in range(block.shape[1]):
            w = weight[i] if weight.size > 0 else 1.0
            repeats = copies[i] if copies.size > 0 else 1
            for copy in range(repeats):
                u = uniform(seeds[s], np.uint64(first[i] + copy + 1))
                y = values[answer(block[source, i], u)]
                sums[s, 0] += 2.0 * w * values[labels[i]] * y
                sums[s, 1] += w * y * y


def simulate_kappa(
    draws: Draws,
    labelled: Labelled,
    given: ConditionalKappa,
    rng: np.random.Generator,
    threads: int | None = None,
) -> Replicates:
    """Kappa of simulated answers. They depend on draw and row alone: neither blocks nor threads matter.

    Raises
    ------
    ValueError
        For frequency weights that are not whole numbers: there is no such number of answers.
    """
    copies, weight = np.empty(0, np.int64), _NONE
    first = np.arange(draws.n_rows)
    if labelled.weights is not None and labelled.kind == "frequency":
        if np.any(bad := labelled.weights != np.floor(labelled.weights)):
            row = np.argmax(bad)
            raise ValueError(
                f"sample_weight is not a whole number in row {row} ({labelled.weights[row]:g}): there is no "
                "such number of answers to replicate. Pass weights='importance' if a weight is not a count."
            )
        copies = labelled.weights.astype(np.int64)
        first = np.cumsum(copies) - copies
    elif labelled.weights is not None:
        weight = labelled.weights
    n_draws = draws.n_draws if draws.n_draws > 1 else TABLE_REPLICATES
    seeds = rng.integers(0, 2**64, size=n_draws, dtype=np.uint64)
    fast = isinstance(draws, LinearDraws) and draws.n_draws > 1
    work = _fast_sums if fast else _sums
    sums = work(draws, labelled, seeds, first, copies, weight, threads)
    numerator, chance = sums[:, 0], sums[:, 1] + labelled.spread
    kappa = numerator / chance
    return Replicates(kappa, kappa - (numerator - given.rho * chance) / given.chance)


def _sums(draws, labelled, seeds, first, copies, weight, threads):
    sums = np.zeros((seeds.size, 2))

    def one(start, stop):
        span = (start, stop) if draws.n_draws > 1 else (0, 1)
        for rows in draws.row_spans(span[1] - span[0]):
            here = slice(*rows)
            parts = (first[here], copies[here], weight[here], labelled.labels[here], labelled.centred)
            _add_replicates(draws.block(span, rows), seeds[start:stop], *parts, sums[start:stop])

    for_each(one, spans(seeds.size, 16), threads, amount=seeds.size * draws.n_rows)
    return sums


def _fast_sums(draws, labelled, seeds, first, copies, weight, threads):
    packed = draws.packed
    by_chunk = np.zeros((packed.n_chunks, 2, LANES))
    padded = np.zeros((packed.n_chunks, LANES), dtype=np.uint64)
    padded.reshape(-1)[: seeds.size] = seeds

    def one(chunk, begin, part):
        for start, stop in spans(part.n_rows, _ROWS_AT_ONCE):
            here = slice(begin + start, begin + stop)
            answers = (labelled.labels[here], first[here], copies[here], weight[here])
            rows, sums = part.rows(start, stop), by_chunk[chunk]
            part.packed.add_replicates(chunk, rows, *answers, labelled.centred, padded[chunk], sums)

    for begin, part in draws.parts(threads):
        chunks = [(chunk, begin, part) for chunk in range(packed.n_chunks)]
        for_each(one, chunks, threads, amount=seeds.size * part.n_rows)
    return np.moveaxis(by_chunk, 1, 2).reshape(-1, 2)[: seeds.size]


def replicate_kappa(
    draws: Draws,
    labelled: Labelled,
    given: ConditionalKappa,
    rng: np.random.Generator,
    threads: int | None = None,
) -> Replicates:
    """Kappa of replicated answers for every draw (for `TABLE_REPLICATES`, from a single table).

    Where `settled`, tanh of a normal variable with the conditional mean and variance of kappa,
    carried over to atanh(kappa) by a second-order expansion; else simulated answers. Constant labels: 0.
    """
    if not settled(labelled, given):
        return simulate_kappa(draws, labelled, given, rng, threads)
    n_draws = draws.n_draws if draws.n_draws > 1 else TABLE_REPLICATES
    if labelled.constant:
        return Replicates(np.broadcast_to(given.rho, n_draws).copy(), None)
    z = rng.standard_normal(n_draws)
    rho, room = given.rho, 1.0 - given.rho**2
    certain = given.variance == 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.arctanh(rho) + (given.mean - rho) / room + rho * given.variance / room**2
        kappa = np.where(certain, rho, np.tanh(centre + given.noise * z))
    return Replicates(kappa, None)
