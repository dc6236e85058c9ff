"""Loops over rows of one category, from formulas that neither call nor branch; the row kernels where those end."""

from __future__ import annotations

import math

from bayesord.jit import njit
from bayesord.likelihood.elementary import FAST, use_wide_vectors
from bayesord.likelihood.special import NO_GAP, gap_terms

__all__ = ["loop_over", "named_after", "segment_of"]

_STEP_LIMIT = 700.0


def named_after(inner, function):
    """Name a function that is made around a compiled one after it, before it is compiled itself.

    Machine code from the disk is linked by name, and names tell functions apart by where they are written and by a
    count that starts anew in every process. Two that are written once, made around different inner functions and
    compiled by different processes can have the same name: then one of them is called for the other.
    """
    inner = inner.py_func
    function.__qualname__ += f"<{inner.__module__}.{inner.__qualname__}>"
    return function


def loop_over(formula):
    """A loop that fills logp (n,) and, unless they are None, d_eta and d_gap (n,).

    formula(eta, fixed) gives the three of one row, with `fixed` a tuple of what the category's rows share. Where
    the derivatives are None, a version without them is compiled, from the same formula.
    """

    def loop(eta, fixed, logp, d_eta, d_gap):
        use_wide_vectors()
        for i in range(eta.size):
            value, slope, gap = formula(eta[i], fixed)
            logp[i] = value
            if d_eta is not None:
                d_eta[i] = slope
                d_gap[i] = gap

    return njit(cache=False, **FAST)(named_after(formula, loop))


def segment_of(fill, link_row):
    """A function segment(k, steps, cutpoints, eta, logp, d_eta, d_gap) as `segments.segment` describes it.

    fill(place, lower, upper, gap, eta, logp, d_eta, d_gap) fills every row, and says from which eta to which it
    is exact enough; place and gap are those of `link_row`, and where an end is missing it is as the other one.
    The other rows, and whatever is not a number, are left to `link_row`.
    """

    def segment(k, steps, cutpoints, eta, logp, d_eta, d_gap):
        place, gap = 1, NO_GAP
        if k == 0:
            place, lower, upper = 0, cutpoints[0], cutpoints[0]
        elif k == steps.size:
            place, lower, upper = 2, cutpoints[k - 1], cutpoints[k - 1]
        else:
            lower, upper = cutpoints[k - 1], cutpoints[k]
            gap = gap_terms(math.exp(min(max(steps[k], -_STEP_LIMIT), _STEP_LIMIT)), steps[k])
        low, high = fill(place, lower, upper, gap, eta, logp, d_eta, d_gap)
        outside = 0
        for i in range(eta.size):
            outside += not (low <= eta[i] <= high)
        if outside == 0:
            return
        if place == 0:
            lower = -math.inf
        if place == 2:
            upper = math.inf
        for i in range(eta.size):
            if not (low <= eta[i] <= high):
                value, slope, width = link_row(place, lower - eta[i], upper - eta[i], gap)
                logp[i] = value
                if d_eta is not None:
                    d_eta[i] = slope
                    d_gap[i] = width

    return njit(cache=False, inline="always")(named_after(fill, segment))
