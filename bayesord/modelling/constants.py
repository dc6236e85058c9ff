"""The arrays of a model: what enters the pm.Model as `pm.Data`, and ArviZ's group constant_data under the same names.

Every array enters as data, never as a constant: a constant is baked into the compiled code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord.likelihood.links import Link
from bayesord.modelling import priors as P
from bayesord.modelling.cutpoints import cutpoint_labels, step_labels, steps_from_cutpoints
from bayesord.modelling.design import Design

__all__ = ["Block", "coefficient_variables", "model_constants", "model_coords"]


@dataclass(frozen=True)
class Block:
    """Coefficients that share a prior, and the names of their variable and its dim."""

    name: str
    suffix: str
    dim: str
    prior: P.Prior
    indices: np.ndarray


def coefficient_variables(design: Design, priors: P.Priors) -> list[Block]:
    """One block called `beta` where all coefficients share a prior, else `beta_1`, `beta_2`, ..."""
    blocks = P.coefficient_blocks(design, priors)
    if len(blocks) == 1:
        return [Block("beta", "", "predictor", *blocks[0])]
    return [Block(f"beta_{i}", f"_{i}", f"predictor_{i}", *block) for i, block in enumerate(blocks, start=1)]


def model_coords(design: Design, priors: P.Priors) -> dict[str, list]:
    """Labels of every dim."""
    index = design.obs_id
    coords = {
        "obs_id": list(index) if index.nlevels == 1 and index.is_unique else list(range(len(index))),
        "cutpoint": cutpoint_labels(design.categories),
        "cutpoint_step": step_labels(design.categories),
    }
    if design.predictors:
        coords["predictor"] = list(design.predictors)
        for block in coefficient_variables(design, priors):
            coords[block.dim] = [design.predictors[j] for j in block.indices]
    for group in design.groups:
        coords[group.name] = list(group.labels)
        coords[group.term_dim] = list(group.terms)
        if group.n_terms > 1:
            coords[group.other_term_dim] = list(group.terms)
    return coords


def model_constants(
    design: Design, link: Link, priors: P.Priors
) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Name -> (dims, array) of everything in the model that is neither a variable nor the outcome's law."""
    K = len(design.categories)
    constants = {
        "y_codes": (("obs_id",), design.y.astype(np.int32)),  # the width in which PyMC keeps integers
        "cutpoint_prior": (("cutpoint_prior_dim",), _cutpoint_numbers(priors.cutpoints, K)),
        "cutpoint_start": (("cutpoint_step",), steps_from_cutpoints(link.quantile(np.arange(1, K) / K))),
    }
    if design.predictors:
        constants["X"] = ("obs_id", "predictor"), design.X - design.mean
        constants["X_mean"] = ("predictor",), design.mean
    if design.offset is not None:
        constants["offset"] = ("obs_id",), design.offset - design.offset_mean
    if design.weights is not None:
        constants["extra_weight"] = ("obs_id",), design.weights - 1.0
    for block in coefficient_variables(design, priors):
        constants[f"{block.name}_scale"] = (block.dim,), _scales(block, design, link)
    for group, (sd, _) in zip(design.groups, priors.by_group(design.groups), strict=True):
        constants[f"{group.name}_index"] = ("obs_id",), group.index.astype(np.int32)
        constants[f"{group.name}_Z"] = ("obs_id", group.term_dim), group.Z
        constants[f"{group.sd}_scale"] = (group.term_dim,), P.group_scales(design, group, sd)
    return constants


def _cutpoint_numbers(prior: P.Prior, K: int) -> np.ndarray:
    """alpha (K,) of a Dirichlet; else nu, location, scale."""
    if isinstance(prior, P.Dirichlet):
        return prior.alphas(K)
    return np.array(
        [
            getattr(prior, name, default)
            for name, default in [("nu", np.inf), ("location", 0.0), ("scale", 1.0)]
        ]
    )


def _scales(block: Block, design: Design, link: Link) -> np.ndarray:
    """Scale of each coefficient of the block, on the centred, unscaled columns: as far as it is known beforehand."""
    sd = design.sd[block.indices]
    match block.prior:
        case P.R2D2():
            return np.sqrt(link.latent_variance) / sd
        case P.R2():
            return P.unit_scales(design, link, len(sd))[block.indices]
        case P.Horseshoe() | P.Flat():
            return 1.0 / sd
    return block.prior.scale / (sd if block.prior.autoscale else np.ones_like(sd))
