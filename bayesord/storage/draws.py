"""Whether stored draws are those of a design: their shapes are what compiled code relies on."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesord.modelling.design import Design

__all__ = ["check_draws", "check_mode"]


def check_draws(idata: xr.DataTree, design: Design) -> None:
    """ValueError where the posterior lacks a variable of the design, or has it in another shape."""
    posterior = idata["posterior"]
    K = len(design.categories)
    expected = {"cutpoints": (K - 1,), "cutpoint_steps": (K - 1,)}
    if design.predictors:
        expected["beta"] = (len(design.predictors),)
    for term in design.groups:
        J, q = term.n_groups, term.n_terms
        expected |= {term.effect: (J, q), term.sd: (q,)}
        if q > 1:
            expected[term.chol_corr] = (q, q)
    draws = posterior["cutpoints"].shape[:2]
    if 0 in draws:
        raise ValueError("it has no draws")
    for name, shape in expected.items():
        values = posterior[name]
        good = values.dims[:2] == ("chain", "draw") and values.shape == (*draws, *shape)
        if not good or values.dtype != np.float64:
            raise ValueError(f"the posterior of {name!r} has shape {values.shape} and dtype {values.dtype}")


def check_mode(parts: dict, design: Design) -> None:
    """ValueError where a posterior mode is not that of the design."""
    p, m = len(design.predictors), len(design.categories) - 1
    lengths = {"beta": p, "cutpoints": m, "standard_errors": p + m}
    if any(len(parts[name]) != length for name, length in lengths.items()) or design.groups:
        raise ValueError("the posterior mode is that of another model")
