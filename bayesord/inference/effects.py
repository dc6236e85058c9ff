"""Group effects in coordinates near N(0, I) for every standard deviation: the transport of one group at a time.

A term has J groups with q effects each, u_j ~ Normal(0, A A'), A = diag(sd) L, L the Cholesky factor of the
correlations. Given A, the rest of the model at δ from its mode, and the likelihood of a group about Gaussian with
information H_j and pull r_j = H_j û_j + ∇ log-likelihood(û_j) - B_j δ,

    M_j = I + A' H_j A = C_j C_j'
    u_j = A v_j,    v_j = C_j'^-1 (C_j^-1 A' r_j + e_j)          Jacobian of u = A v cancels in the prior: -½ v'v

so e_j is near N(0, I) whatever A is: centred where a group knows itself (H_j large), non-centred where it does not.
Nothing is divided by sd, which may be as small as it likes. With H = r = B = 0 the effects are u_j = A e_j.

`covariance` has A and its hyperparameters.
"""

from __future__ import annotations

import math

import numpy as np
from numba import carray

from bayesord.inference.covariance import factor, factor_pullback, hyper_prior
from bayesord.inference.record import (
    BORDER,
    G_FIRST,
    G_FIRST_HYPER,
    G_GROUPS,
    G_HYPER_CENTRE,
    G_HYPER_SCALE,
    G_INDEX,
    G_INFO,
    G_PULL,
    G_SD_KIND,
    G_SD_PRIOR,
    G_TERMS,
    G_Z,
    GROUPS,
    N_BORDER,
    N_EFFECTS,
    N_GROUP_SLOTS,
    N_ROWS,
    N_TERMS,
    WIDEST_TERM,
    float_pointer,
    int_pointer,
    matrix,
    times,
)
from bayesord.jit import njit

__all__ = ["add_effects", "collect_effects", "effects_at", "effects_pullback", "place_effects", "pulls"]


@njit
def _term(record, t):
    """The slots of group term t."""
    slots = carray(int_pointer(record[GROUPS]), (record[N_TERMS], N_GROUP_SLOTS))
    return slots[t]


# -- rows: gather effects, scatter derivatives ------------------------------------------------------------------


@njit
def add_effects(record, start, stop, effects, eta):
    """eta += z' u of each row's groups, for rows start ... stop-1."""
    n = record[N_ROWS]
    for t in range(record[N_TERMS]):
        term = _term(record, t)
        q, first = term[G_TERMS], term[G_FIRST]
        index = carray(int_pointer(term[G_INDEX]), (n,))
        Z = matrix(term[G_Z], n, q)
        for i in range(start, stop):
            at = first + index[i] * q
            for k in range(q):
                eta[i - start] += Z[i, k] * effects[at + k]


@njit
def collect_effects(record, start, stop, d_eta, grad_effects):
    """The transpose of `add_effects`."""
    n = record[N_ROWS]
    for t in range(record[N_TERMS]):
        term = _term(record, t)
        q, first = term[G_TERMS], term[G_FIRST]
        index = carray(int_pointer(term[G_INDEX]), (n,))
        Z = matrix(term[G_Z], n, q)
        for i in range(start, stop):
            at = first + index[i] * q
            for k in range(q):
                grad_effects[at + k] += Z[i, k] * d_eta[i - start]


# -- the transport ----------------------------------------------------------------------------------------------


@njit
def _hyper_of(term, h):
    """Log standard deviations and partial correlations from their coordinates."""
    q, first = term[G_TERMS], term[G_FIRST_HYPER]
    hyper = np.empty(q + q * (q - 1) // 2)
    centre, scale = (
        matrix(term[G_HYPER_CENTRE], 1, hyper.size)[0],
        matrix(term[G_HYPER_SCALE], 1, hyper.size)[0],
    )
    for i in range(hyper.size):
        hyper[i] = centre[i] + scale[i] * h[first + i]
    return hyper


@njit
def pulls(record, delta, r):
    """Fill r (N_effects,), the pull of every group with the rest of the model at `delta` from its mode."""
    n, n_border = record[N_EFFECTS], record[N_BORDER]
    if n_border:
        times(matrix(record[BORDER], n, n_border), delta, r)
    else:
        r[:] = 0.0
    for t in range(record[N_TERMS]):
        term = _term(record, t)
        first, size = term[G_FIRST], term[G_TERMS] * term[G_GROUPS]
        pull = matrix(term[G_PULL], 1, size)[0]
        for i in range(size):
            r[first + i] = pull[i] - r[first + i]


@njit
def effects_at(record, e, h, r, effects, v, s, chol, grad_h):
    """Effects u from coordinates e and hyperparameters h; returns the log prior and Jacobian.

    Also leaves v, s = C^-1 A' r and C (q numbers a row) for `effects_pullback`, and the derivative of the
    hyperparameters' own prior in `grad_h`.
    """
    total = 0.0
    for t in range(record[N_TERMS]):
        term = _term(record, t)
        q, J = term[G_TERMS], term[G_GROUPS]
        hyper = _hyper_of(term, h)
        slope = grad_h[term[G_FIRST_HYPER] : term[G_FIRST_HYPER] + hyper.size]
        slope[:] = 0.0
        total += hyper_prior(term[G_SD_KIND], matrix(term[G_SD_PRIOR], 1, 2 + q)[0], hyper, slope)
        A, HA = np.empty((q, q)), np.empty((q, q))
        factor(hyper, A)
        info = carray(float_pointer(term[G_INFO]), (J, q, q))
        if q == 1:
            total += _place_ones(A[0, 0], info, term[G_FIRST], r, e, s, v, chol, effects)
        elif q == 2:  # loops of known length
            for j in range(J):
                total += _place_group(2, A, HA, info, j, term[G_FIRST] + j * 2, r, e, s, v, chol, effects)
        else:
            for j in range(J):
                total += _place_group(q, A, HA, info, j, term[G_FIRST] + j * q, r, e, s, v, chol, effects)
    return total


@njit
def _place_ones(sd, info, first, r, e, s, v, chol, effects):
    """`_place_group` for all groups of a term with a single effect, where everything is a number."""
    total = 0.0
    for j in range(len(info)):
        i = first + j
        C = math.sqrt(1.0 + sd * sd * info[j, 0, 0])
        s[i] = sd * r[i] / C
        v[i] = (s[i] + e[i]) / C
        effects[i] = sd * v[i]
        chol[i, 0] = C
        total -= 0.5 * v[i] * v[i] + math.log(C)
    return total


@njit(inline="always")
def _half_information(q, A, info, j, HA):
    """HA = H_j A."""
    for a in range(q):
        for b in range(q):
            value = 0.0
            for k in range(b, q):
                value += info[j, a, k] * A[k, b]
            HA[a, b] = value


@njit(inline="always")
def _place_group(q, A, HA, info, j, first, r, e, s, v, chol, effects):
    """C, s, v and effects of one group, in rows `first` and on; returns -½ v'v - log|C|."""
    total, det = 0.0, 1.0
    _half_information(q, A, info, j, HA)
    for a in range(q):  # M = I + A'HA, and its Cholesky factor
        for b in range(a + 1):
            value = 1.0 if a == b else 0.0
            for k in range(a, q):
                value += A[k, a] * HA[k, b]
            for k in range(b):
                value -= chol[first + a, k] * chol[first + b, k]
            chol[first + a, b] = math.sqrt(value) if a == b else value / chol[first + b, b]
        det *= chol[first + a, a]
    for a in range(q):
        value = 0.0
        for k in range(a, q):
            value += A[k, a] * r[first + k]
        for k in range(a):
            value -= chol[first + a, k] * s[first + k]
        s[first + a] = value / chol[first + a, a]
    for a in range(q - 1, -1, -1):
        value = s[first + a] + e[first + a]
        for k in range(a + 1, q):
            value -= chol[first + k, a] * v[first + k]
        v[first + a] = value / chol[first + a, a]
        total -= 0.5 * v[first + a] * v[first + a]
    for a in range(q):
        value = 0.0
        for k in range(a + 1):
            value += A[a, k] * v[first + k]
        effects[first + a] = value
    return total - math.log(det)


@njit
def place_effects(record, e, h, delta, effects):
    """The effects (S, N_effects) of draws of the coordinates e, h and of δ."""
    n = record[N_EFFECTS]
    r, v, s = np.empty(n), np.empty(n), np.empty(n)
    chol, grad_h = np.empty((n, record[WIDEST_TERM])), np.empty(h.shape[1])
    for i in range(len(e)):
        pulls(record, delta[i], r)
        effects_at(record, e[i], h[i], r, effects[i], v, s, chol, grad_h)


@njit
def effects_pullback(record, h, r, v, s, chol, grad_effects, grad_e, grad_h, grad_r):
    """From d/du to d/de and d/dr (filled) and d/dh (added to, and brought to the scale of h).

    The derivative of a Cholesky factor is Murray's (2016, arXiv:1602.07527): with P the lower triangle of C' dC,
    its diagonal halved, dM = ½ C'^-1 (P + P') C^-1.
    """
    for t in range(record[N_TERMS]):
        term = _term(record, t)
        q, J = term[G_TERMS], term[G_GROUPS]
        hyper = _hyper_of(term, h)
        A, grad_A = np.empty((q, q)), np.zeros((q, q))
        factor(hyper, A)
        work = np.empty((5, q, q))
        info = carray(float_pointer(term[G_INFO]), (J, q, q))
        for j in range(J):
            first = term[G_FIRST] + j * q
            if q == 1:
                _pull_one(
                    A[0, 0],
                    info[j, 0, 0],
                    chol[first, 0],
                    first,
                    r,
                    v,
                    s,
                    grad_effects,
                    grad_e,
                    grad_r,
                    grad_A,
                )
            elif q == 2:
                _pull_group(2, A, info, j, chol, first, r, v, s, grad_effects, grad_e, grad_r, grad_A, work)
            else:
                _pull_group(q, A, info, j, chol, first, r, v, s, grad_effects, grad_e, grad_r, grad_A, work)
        start, stop = term[G_FIRST_HYPER], term[G_FIRST_HYPER] + hyper.size
        factor_pullback(hyper, A, grad_A, grad_h[start:stop])
        scale = matrix(term[G_HYPER_SCALE], 1, hyper.size)[0]
        for i in range(hyper.size):
            grad_h[start + i] *= scale[i]


@njit
def _pull_one(sd, H, C, i, r, v, s, grad_effects, grad_e, grad_r, grad_A):
    """`_pull_group` for a single effect, where everything is a number."""
    t = (sd * grad_effects[i] - v[i]) / C
    b = t / C
    grad_C = -v[i] * t - b * s[i] - 1.0 / C
    grad_e[i] = t
    grad_r[i] = sd * b
    grad_A[0, 0] += grad_effects[i] * v[i] + grad_C * H * sd / C + r[i] * b


@njit(inline="always")
def _pull_group(q, A, info, j, chol, first, r, v, s, grad_effects, grad_e, grad_r, grad_A, work):
    t, b, grad_C, P, HA, M = work[0, 0], work[0, 1], work[1], work[2], work[3], work[4]
    for a in range(q):  # t = C^-1 (A' du - v), and b = C'^-1 t
        value = -v[first + a]
        for k in range(a, q):
            value += A[k, a] * grad_effects[first + k]
        for k in range(a):
            value -= chol[first + a, k] * t[k]
        t[a] = value / chol[first + a, a]
        grad_e[first + a] = t[a]
    for a in range(q - 1, -1, -1):
        value = t[a]
        for k in range(a + 1, q):
            value -= chol[first + k, a] * b[k]
        b[a] = value / chol[first + a, a]
    for a in range(q):
        grad_r[first + a] = 0.0
        for k in range(a + 1):
            grad_r[first + a] += A[a, k] * b[k]
            grad_A[a, k] += grad_effects[first + a] * v[first + k] + r[first + a] * b[k]
            grad_C[a, k] = -v[first + a] * t[k] - b[a] * s[first + k]
        grad_C[a, a] -= 1.0 / chol[first + a, a]
    for a in range(q):  # P, made symmetric: both triangles
        for c in range(a + 1):
            value = 0.0
            for k in range(a, q):
                value += chol[first + k, a] * grad_C[k, c]
            P[a, c] = P[c, a] = 0.5 * value
    for c in range(q):  # P <- C'^-1 P, column by column
        for a in range(q - 1, -1, -1):
            value = P[a, c]
            for k in range(a + 1, q):
                value -= chol[first + k, a] * P[k, c]
            P[a, c] = value / chol[first + a, a]
    for a in range(q):  # M = P C^-1, row by row
        for c in range(q - 1, -1, -1):
            value = P[a, c]
            for k in range(c + 1, q):
                value -= chol[first + k, c] * M[a, k]
            M[a, c] = value / chol[first + c, c]
    _half_information(q, A, info, j, HA)
    for a in range(q):
        for c in range(a + 1):
            for k in range(q):
                grad_A[a, c] += 2.0 * HA[a, k] * M[k, c]
