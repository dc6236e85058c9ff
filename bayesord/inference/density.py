"""The log posterior and its gradient as one compiled function for every model.

The pm.Model of `modelling.build` defines the density; this is the same function of the same numbers, written out
so that nothing compiles for a new model: link, priors and sizes are data in an int64 record, not code. NUTS calls
it through a C pointer, without Python. The tests hold it equal to `model.logp_dlogp_function()`, to 1e-10.

Coordinates (see `geometry` for why). x = (z_a, z_g, e, z_u, h): `a` are the K-1 cutpoint steps followed by the
coefficients with priors of fixed scale; `g` are the coefficients that share one learned scale τ, rotated;
u = log τ² = logit R²; e and h are the group effects and their hyperparameters, in the coordinates of `effects`.

    u = u_0 + s_u z_u,     d_j = h_j + e^-u
    g_j = r_j / d_j + z_j / √d_j
    a = a_0 - T (g - g_0) + L z_a          Jacobian: log|L| + log s_u - ½ Σ log d_j
    (z_a, z_g, e) = (I + Q diag(m) Q') y   before all that, where several group terms compete (Q has few columns)

The first entry of `a` is a cutpoint in the middle of the data (the anchor), not c_1, which empty categories leave
undetermined: c_1 = a_1 - Σ exp(a_j) over the gaps below the anchor, a shift with Jacobian 1.

With L = I, T = 0, the anchor at c_1 and no shared coefficients, x is simply `a`.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numba import carray

from bayesord.inference.effects import (
    add_effects,
    collect_effects,
    effects_at,
    effects_pullback,
    pulls,
)
from bayesord.inference.fixed_priors import cutpoint_prior, location_scale
from bayesord.inference.record import (
    ANCHOR,
    BORDER,
    C_SIGNATURE,
    CENTRE,
    FACTOR,
    FREE_KIND,
    FREE_PRIOR,
    HAS_OFFSET,
    HYPER,
    HYPER_A,
    HYPER_B,
    HYPER_CENTRE,
    HYPER_CONSTANT,
    HYPER_SCALE,
    INFO,
    MIXED,
    MIXING,
    N_BORDER,
    N_CATEGORIES,
    N_EFFECTS,
    N_FREE,
    N_MIXED,
    N_ROWS,
    N_SHARED,
    N_SLOTS,
    N_TERMS,
    OFFSET,
    PEAK,
    PULL,
    SEGMENT,
    STARTS,
    TILT,
    WEIGHT,
    WIDEST_TERM,
    X,
    int_pointer,
    matrix,
    record_pointer,
    times,
    transposed_times,
)
from bayesord.jit import cache_folder, cfunc, njit
from bayesord.likelihood.segments import segment

__all__ = ["c_density", "is_compiled", "log_density"]

_BLOCK_NUMBERS = 16384  # numbers of X in a block of rows: 128 KiB, well inside a core's own cache


@njit
def _row_pass(
    record, steps, cutpoints, coefficients, effects, by_eta, by_gap, grad_coefficients, grad_effects
):
    """Σ w log P over the rows; adds each category's derivative sums, and X' d(eta), block by block.

    Rows are sorted by category, so a block lies within one. X is read once: while a block is in the cache it
    gives eta = X b and then X' d.
    """
    n, K, p = record[N_ROWS], record[N_CATEGORIES], coefficients.shape[0]
    design, weight = matrix(record[X], n, p), matrix(record[WEIGHT], 1, n)[0]
    starts = carray(int_pointer(record[STARTS]), (K + 1,))
    size = max(64, min(1024, _BLOCK_NUMBERS // max(p, 1)))
    buffers = np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    by_block = np.empty(p)
    total = 0.0
    for k in range(K):
        for start in range(starts[k], starts[k + 1], size):
            stop = min(start + size, starts[k + 1])
            m = stop - start
            eta, logp, d_eta, d_gap = buffers[0][:m], buffers[1][:m], buffers[2][:m], buffers[3][:m]
            if p > 0:
                times(design[start:stop], coefficients, eta)
            else:
                eta[:] = 0.0
            if record[HAS_OFFSET]:
                offset = matrix(record[OFFSET], 1, n)[0]
                for i in range(m):
                    eta[i] += offset[start + i]
            if record[N_TERMS]:
                add_effects(record, start, stop, effects, eta)
            segment(record[SEGMENT], k, steps, cutpoints, eta, logp, d_eta, d_gap)
            value, slope, gap = _weighted_sums(weight[start:stop], logp, d_eta, d_gap)
            total += value
            by_eta[k] += slope
            by_gap[k] += gap
            if p > 0:
                transposed_times(design[start:stop], d_eta, by_block)
                for j in range(p):
                    grad_coefficients[j] += by_block[j]
            if record[N_TERMS]:
                collect_effects(record, start, stop, d_eta, grad_effects)
    return total


@njit(fastmath={"reassoc", "contract"})
def _weighted_sums(weight, logp, d_eta, d_gap):
    """Σ w log P, Σ w d_eta, Σ w d_gap; leaves w d_eta in d_eta. Sums may be taken in any order."""
    value, slope, gap = 0.0, 0.0, 0.0
    for i in range(weight.size):
        d_eta[i] *= weight[i]
        value += weight[i] * logp[i]
        slope += d_eta[i]
        gap += weight[i] * d_gap[i]
    return value, slope, gap


@njit
def _density_at(record, a, g, effects, precision, grad_a, grad_g, grad_effects):
    """Log posterior at cutpoint steps and coefficients, given e^-u for the shared ones, without the prior of the
    group effects; fills the gradients."""
    K, n_free, n_shared = record[N_CATEGORIES], record[N_FREE], record[N_SHARED]
    steps = a[: K - 1]
    cutpoints = np.empty(K - 1)
    cutpoints[0] = steps[0]
    for j in range(1, K - 1):
        cutpoints[j] = cutpoints[j - 1] + math.exp(steps[j])
    coefficients = np.empty(n_free + n_shared)
    for j in range(n_free):
        coefficients[j] = a[K - 1 + j]
    for j in range(n_shared):
        coefficients[n_free + j] = g[j]
    by_eta, by_gap, d_cut = np.zeros(K), np.zeros(K), np.zeros(K - 1)
    grad_coefficients = np.zeros(n_free + n_shared)

    total = _row_pass(
        record, steps, cutpoints, coefficients, effects, by_eta, by_gap, grad_coefficients, grad_effects
    )
    total += cutpoint_prior(record, steps, cutpoints, by_eta, by_gap, d_cut)

    above = by_eta[K - 1]  # Σ d(eta) over the categories above cutpoint j; a cutpoint moves against eta
    later = 0.0  # Σ d(cutpoint) from j upwards
    for j in range(K - 2, 0, -1):
        later += d_cut[j]
        grad_a[j] = by_gap[j] + math.exp(steps[j]) * (later - above) + 1.0
        above += by_eta[j]
    grad_a[0] = later + d_cut[0] - above - by_eta[0]

    kinds = carray(int_pointer(record[FREE_KIND]), (n_free,))
    numbers = matrix(record[FREE_PRIOR], n_free, 3)
    for j in range(n_free):
        value, slope = location_scale(kinds[j], coefficients[j], numbers[j, 0], numbers[j, 1], numbers[j, 2])
        total += value
        grad_a[K - 1 + j] = grad_coefficients[j] + slope
    for j in range(n_shared):
        total -= 0.5 * precision * g[j] * g[j]
        grad_g[j] = grad_coefficients[n_free + j] - precision * g[j]
    return total


@njit
def _anchored_density(record, a, g, effects, precision, grad_a, grad_g, grad_effects):
    """`_density_at` where a[0] is the anchor; a is changed to the steps."""
    anchor = record[ANCHOR]
    for j in range(1, anchor + 1):
        a[0] -= math.exp(a[j])
    total = _density_at(record, a, g, effects, precision, grad_a, grad_g, grad_effects)
    for j in range(1, anchor + 1):
        grad_a[j] -= math.exp(a[j]) * grad_a[0]
    return total


@njit
def log_density(record, x, grad, groups):
    """Log density of x, its Jacobian included; fills `grad`.

    `groups` is None for models without group terms: compiled without them, in half the time.
    """
    n_shared, n_effects = record[N_SHARED], record[N_EFFECTS]
    n_a = record[N_CATEGORIES] - 1 + record[N_FREE]
    n_main, n_border = n_a + n_shared + n_effects, n_a + n_shared
    main, centre = x[:n_main].copy(), matrix(record[CENTRE], 1, n_a)[0]
    _mix(record, main)

    # b = (a, g), and its distance from the mode
    b, delta = np.empty(n_border), np.empty(n_border)
    u = _shared(record, main, x, b, delta)
    factor, tilt = matrix(record[FACTOR], n_a, n_a), matrix(record[TILT], n_a, n_shared)
    times(factor, main[:n_a], delta[:n_a])
    if n_shared:
        shift = np.empty(n_a)
        times(tilt, delta[n_a:], shift)
        for j in range(n_a):
            delta[j] -= shift[j]
    for j in range(n_a):
        b[j] = centre[j] + delta[j]

    total = matrix(record[HYPER], 1, 5)[0, HYPER_CONSTANT]
    effects, r, v, s = np.empty(n_effects), np.empty(n_effects), np.empty(n_effects), np.empty(n_effects)
    chol = np.empty((n_effects, record[WIDEST_TERM]))
    h, grad_h = x[n_main + (n_shared > 0) :], grad[n_main + (n_shared > 0) :]
    if groups is not None:
        pulls(record, delta, r)
        total += effects_at(record, main[n_border:], h, r, effects, v, s, chol, grad_h)

    grad_b, grad_effects = np.empty(n_border), np.zeros(n_effects)
    total += _anchored_density(
        record, b[:n_a], b[n_a:], effects, math.exp(-u), grad_b[:n_a], grad_b[n_a:], grad_effects
    )

    if groups is not None:
        grad_r = np.empty(n_effects)
        effects_pullback(record, h, r, v, s, chol, grad_effects, grad[n_border:n_main], grad_h, grad_r)
        if record[N_BORDER]:
            moved = np.empty(n_border)
            transposed_times(matrix(record[BORDER], n_effects, n_border), grad_r, moved)
            for j in range(n_border):
                grad_b[j] -= moved[j]
    transposed_times(factor, grad_b[:n_a], grad[:n_a])
    if n_shared:
        by_g = np.empty(n_shared)
        transposed_times(tilt, grad_b[:n_a], by_g)
        for j in range(n_shared):
            by_g[j] = grad_b[n_a + j] - by_g[j]
        total += _shared_pullback(record, main, u, b[n_a:], by_g, grad)
    if record[N_MIXED]:
        _mix(record, grad[:n_main])
    return total


@njit
def _mix(record, main):
    """main + Q diag(m) Q' main, in place: its own transpose."""
    rank = record[N_MIXED]
    if rank:
        mixed, mixing = matrix(record[MIXED], rank, main.size), matrix(record[MIXING], 1, rank)[0]
        along, moved = np.empty(rank), np.empty(main.size)
        times(mixed, main, along)
        for j in range(rank):
            along[j] *= mixing[j]
        transposed_times(mixed, along, moved)
        for j in range(main.size):
            main[j] += moved[j]


@njit
def _shared(record, main, x, b, delta):
    """g and its distance from the peak, behind `a` in b and delta; returns u (0 without shared coefficients)."""
    n_shared, n_a = record[N_SHARED], b.size - record[N_SHARED]
    if n_shared == 0:
        return 0.0
    hyper = matrix(record[HYPER], 1, 5)[0]
    peak, info, pull = _shared_numbers(record)
    u = hyper[HYPER_CENTRE] + hyper[HYPER_SCALE] * x[main.size]
    for j in range(n_shared):
        d = info[j] + math.exp(-u)
        b[n_a + j] = pull[j] / d + main[n_a + j] / math.sqrt(d)
        delta[n_a + j] = b[n_a + j] - peak[j]
    return u


@njit
def _shared_numbers(record):
    n = record[N_SHARED]
    return matrix(record[PEAK], 1, n)[0], matrix(record[INFO], 1, n)[0], matrix(record[PULL], 1, n)[0]


@njit
def _shared_pullback(record, main, u, g, by_g, grad):
    """log Beta(R²) in u = logit R², log τ^-p of the shared prior, and the Jacobian; fills the gradient in z and z_u."""
    n_shared, n_main = record[N_SHARED], main.size
    n_a = n_main - record[N_EFFECTS] - n_shared
    hyper = matrix(record[HYPER], 1, 5)[0]
    _, info, pull = _shared_numbers(record)
    precision = math.exp(-u)
    log_r2, log_rest = -_softplus(-u), -_softplus(u)
    total = hyper[HYPER_A] * log_r2 + hyper[HYPER_B] * log_rest - 0.5 * n_shared * u
    slope = hyper[HYPER_A] * math.exp(log_rest) - hyper[HYPER_B] * math.exp(log_r2) - 0.5 * n_shared
    for j in range(n_shared):
        d, z = info[j] + precision, main[n_a + j]
        root = math.sqrt(d)
        grad[n_a + j] = by_g[j] / root
        total -= 0.5 * math.log(d)
        moved = pull[j] / (d * d) + 0.5 * z / (d * root)
        slope += precision * (0.5 * g[j] * g[j] + 0.5 / d + by_g[j] * moved)
    grad[n_main] = hyper[HYPER_SCALE] * slope
    return total


@njit
def _softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@njit
def _into(dim, x, gradient, logp, data, groups):
    """The C side: 0 for success, 1 for a point where value or gradient is not finite (NUTS rejects it)."""
    record = carray(record_pointer(data), (N_SLOTS,))
    grad = carray(gradient, (dim,))
    value = log_density(record, carray(x, (dim,)), grad, groups)
    carray(logp, (1,))[0] = value
    if not np.isfinite(value):
        return 1
    for i in range(dim):
        if not np.isfinite(grad[i]):
            return 1
    return 0


def _c_plain(dim, x, gradient, logp, data):
    return _into(dim, x, gradient, logp, data, None)


def _c_grouped(dim, x, gradient, logp, data):
    return _into(dim, x, gradient, logp, data, True)


@cache
def c_density(groups: bool = False):
    """The density as a C function (an object with `.address`): one for all models on this machine, and one for all
    with group terms."""
    return cfunc(C_SIGNATURE)(_c_grouped if groups else _c_plain)


def is_compiled(groups: bool = False) -> bool:
    """Whether the density is in the cache of this machine, so that a first fit will not have to wait for it."""
    name = (_c_grouped if groups else _c_plain).__name__
    return any(cache_folder.rglob(f"*{name}*.nbi"))
