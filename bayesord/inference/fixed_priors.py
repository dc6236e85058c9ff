"""Log densities of the priors whose scale is fixed, with their derivatives: of cutpoints, and of single coefficients."""

from __future__ import annotations

import math

import numpy as np

from bayesord.inference.record import CUT_KIND, CUT_PRIOR, LINK, N_CATEGORIES, SEGMENT, matrix
from bayesord.jit import njit
from bayesord.likelihood import kernels
from bayesord.likelihood.segments import segment

__all__ = ["cutpoint_prior", "location_scale"]


@njit
def cutpoint_prior(record, steps, cutpoints, by_eta, by_gap, d_cut):
    """Log prior of the cutpoints (without constants) plus the Jacobian of the steps; adds its derivatives.

    Dirichlet(alpha) is alpha_k - 1 further rows of category k at eta = 0, plus the link's density at each cutpoint.
    """
    K, link, kind = record[N_CATEGORIES], record[LINK], record[CUT_KIND]
    total = 0.0
    for j in range(1, K - 1):
        total += steps[j]
    if kind == 0:
        alpha = matrix(record[CUT_PRIOR], 1, K)[0]
        zero, logp, d_eta, d_gap = np.zeros(1), np.empty(1), np.empty(1), np.empty(1)
        for k in range(K):
            if alpha[k] != 1.0:
                segment(record[SEGMENT], k, steps, cutpoints, zero, logp, d_eta, d_gap)
                total += (alpha[k] - 1.0) * logp[0]
                by_eta[k] += (alpha[k] - 1.0) * d_eta[0]
                by_gap[k] += (alpha[k] - 1.0) * d_gap[0]
        for j in range(K - 1):
            total += kernels.log_pdf(link, cutpoints[j])
            d_cut[j] += kernels.d_log_pdf(link, cutpoints[j])
    elif kind < 3:
        numbers = matrix(record[CUT_PRIOR], 1, 3)[0]
        for j in range(K - 1):
            value, slope = location_scale(kind, cutpoints[j], numbers[1], numbers[2], numbers[0])
            total += value
            d_cut[j] += slope
    return total


@njit
def location_scale(kind, x, location, scale, nu):
    """Log density (without constants) and its derivative: flat, normal, student_t, laplace."""
    z = (x - location) / scale
    if kind == 1:
        return -0.5 * z * z, -z / scale
    if kind == 2:
        return -0.5 * (nu + 1.0) * math.log1p(z * z / nu), -(nu + 1.0) * z / ((nu + z * z) * scale)
    if kind == 3:
        return -abs(z), -np.sign(z) / scale
    return 0.0, 0.0
