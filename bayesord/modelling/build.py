"""Design + priors + link -> pm.Model: the single definition of the density.

Everything that samples faster elsewhere (`inference.density`) is tested equal to the model built here.

    eta_i     = (x_i - mean x)' beta + offset_i - mean offset
    P(y <= k) = F(c_k - eta_i),      c = centred cutpoints, from `cutpoint_steps`
    cutpoints = c + (mean x)' beta + mean offset              (reported: the user's own scale)

`cutpoint_steps` are c_1 and the logs of the gaps, the coordinates in which the cutpoints are sampled; their
density is the prior of the cutpoints times the Jacobian exp(Σ log gaps).
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesord.likelihood.links import Link, get_link
from bayesord.modelling import priors as P
from bayesord.modelling.cutpoints import cutpoint_labels, cutpoints_from_steps, step_labels, steps_from_cutpoints
from bayesord.modelling.design import Design
from bayesord.modelling.op import CumulativeLogp, linear_predictor

__all__ = ["build_model"]

def build_model(design: Design, link: str | Link = "logit", priors: P.Priors | None = None) -> pm.Model:
    """A plain pm.Model of the cumulative-link regression, with coords and dims.

    Parameters
    ----------
    design : Design
        n rows, p predictors, K categories.
    link : str or Link
    priors : Priors, optional

    Returns
    -------
    pm.Model
        Free variables `cutpoint_steps` (K-1,), `beta` (p,) and the hyperparameters of its prior (`R2`, ...);
        deterministic `cutpoints` (K-1,) on the user's scale; observed `y` (n,) codes 0..K-1.
    """
    link = get_link(link)
    priors = priors or P.Priors()
    coords = {
        "obs_id": _coordinate(design.obs_id),
        "cutpoint": cutpoint_labels(design.categories),
        "cutpoint_step": step_labels(design.categories),
    }
    if design.predictors:
        coords["predictor"] = list(design.predictors)
    with pm.Model(coords=coords) as model:
        steps = _cutpoint_steps(link, priors.cutpoints, len(design.categories))
        eta = pt.zeros(len(design.y)) if design.offset is None else _offset(design)
        shift = pt.as_tensor(design.offset_mean)
        if design.predictors:
            X = pm.Data("X", design.X - design.mean, dims=("obs_id", "predictor"))
            X_mean = pm.Data("X_mean", design.mean, dims="predictor")
            beta = _coefficients(design, link, priors)
            eta = eta + linear_predictor(X, beta)
            shift = shift + (X_mean * beta).sum()
        pm.Deterministic("cutpoints", _cutpoints(steps) + shift, dims="cutpoint")
        y = pm.Data("y_codes", design.y, dims="obs_id")
        pm.CustomDist(
            "y",
            eta,
            steps,
            logp=partial(_outcome_logp, link=link.name),
            random=partial(_outcome_random, link=link),
            signature="(),(k)->()",
            dtype="int64",
            class_name="CumulativeLink",
            observed=y,
            dims="obs_id",
        )
        if design.weights is not None:
            # The outcome keeps its own log probability per row; the weights come on top of it.
            extra = pm.Data("extra_weight", design.weights - 1.0, dims="obs_id")
            pm.Potential("weights", (extra * CumulativeLogp(link.name)(eta, steps, y)[0]).sum())
    return model


def _coordinate(index) -> list:
    return list(index) if index.nlevels == 1 and index.is_unique else list(range(len(index)))


def _offset(design: Design):
    return pm.Data("offset", design.offset - design.offset_mean, dims="obs_id")


def _cutpoints(steps):
    return pt.cumsum(pt.concatenate([steps[:1], pt.exp(steps[1:])]))


# -- the outcome ------------------------------------------------------------------------------------------------


def _outcome_logp(value, eta, steps, *, link):
    n = value.shape[0]
    return CumulativeLogp(link)(pt.broadcast_to(eta, (n,)), steps.reshape((steps.shape[-1],)), value)[0]


def _outcome_random(eta, steps, rng=None, size=None, *, link):
    cutpoints = cutpoints_from_steps(np.asarray(steps))
    shape = size if size is not None else np.broadcast_shapes(np.shape(eta), cutpoints.shape[:-1])
    latent = eta + link.quantile(rng.uniform(size=shape))
    return (latent[..., None] > cutpoints).sum(axis=-1)


# -- priors of the cutpoints ------------------------------------------------------------------------------------


def _cutpoint_steps(link: Link, prior: P.Prior, n_categories: int):
    """The free variable of the cutpoints: their prior and the Jacobian of the steps in one density."""
    K = n_categories
    match prior:
        case P.Dirichlet():
            numbers = prior.alphas(K)
            logp, random = partial(_dirichlet_logp, link=link.name), partial(_dirichlet_random, link=link)
        case P.Normal() | P.StudentT():
            numbers = np.array([getattr(prior, "nu", np.inf), prior.location, prior.scale])
            logp, random = partial(_ordered_logp, kind=prior.call), _ordered_random
        case _:
            numbers = np.zeros(1)
            logp, random = _flat_logp, _flat_random
    return pm.CustomDist(
        "cutpoint_steps",
        pm.Data("cutpoint_prior", numbers),
        pm.Data("cutpoint_start", steps_from_cutpoints(link.quantile(np.arange(1, K) / K)), dims="cutpoint_step"),
        logp=logp,
        random=random,
        support_point=_steps_support_point,
        signature="(q),(m)->(m)",
        class_name="CutpointSteps",
        dims="cutpoint_step",
    )


def _steps_support_point(rv, size, numbers, start):
    return start


def _dirichlet_logp(steps, alpha, start, *, link):
    K = alpha.shape[0]
    log_p = CumulativeLogp(link)(pt.zeros((K,)), steps, pt.arange(K))[0]
    log_normaliser = pt.gammaln(alpha.sum()) - pt.gammaln(alpha).sum()
    return log_normaliser + ((alpha - 1) * log_p).sum() + _LOG_PDF[link](_cutpoints(steps)).sum() + steps[1:].sum()


def _dirichlet_random(alpha, start, rng=None, size=None, *, link):
    probs = rng.dirichlet(np.asarray(alpha).reshape(-1), size=size or None)
    below = np.clip(np.cumsum(probs, axis=-1)[..., :-1], np.finfo(float).tiny, 1 - np.finfo(float).epsneg)
    return steps_from_cutpoints(link.quantile(below))


def _ordered_logp(steps, numbers, start, *, kind):
    c = _cutpoints(steps)
    nu, location, scale = numbers[0], numbers[1], numbers[2]
    one = pm.Normal.dist(location, scale) if kind == "normal" else pm.StudentT.dist(nu, mu=location, sigma=scale)
    return pm.logp(one, c).sum() + pt.gammaln(c.shape[0] + 1.0) + steps[1:].sum()


def _ordered_random(numbers, start, rng=None, size=None):
    nu, location, scale = np.asarray(numbers).reshape(-1)
    shape = (*(size or ()), np.shape(start)[-1])
    standard = rng.standard_normal(shape) if np.isinf(nu) else rng.standard_t(nu, shape)
    return steps_from_cutpoints(np.sort(location + scale * standard, axis=-1))


def _flat_logp(steps, numbers, start):
    return steps[1:].sum() + 0.0 * numbers[0]


def _flat_random(numbers, start, rng=None, size=None):
    raise ValueError("flat priors cannot be simulated; give the cutpoints a proper prior, e.g. priors.dirichlet(1.0)")


_LOG_PDF = {
    "logit": lambda c: -pt.abs(c) - 2 * pt.log1p(pt.exp(-pt.abs(c))),
    "probit": lambda c: -0.5 * c**2 - 0.5 * np.log(2 * np.pi),
    "cloglog": lambda c: c - pt.exp(c),
    "loglog": lambda c: -c - pt.exp(-c),
    "cauchit": lambda c: -pt.log1p(c**2) - np.log(np.pi),
}


# -- priors of the coefficients ---------------------------------------------------------------------------------


def _coefficients(design: Design, link: Link, priors: P.Priors):
    """`beta` (p,): one free variable where all share a prior, else assembled from one for each prior."""
    blocks = P.coefficient_blocks(design, priors)
    if len(blocks) == 1:
        return _block("beta", "", "predictor", *blocks[0], design, link)
    parts = []
    for number, (prior, indices) in enumerate(blocks, start=1):
        dim = f"predictor_{number}"
        pm.modelcontext(None).add_coord(dim, [design.predictors[j] for j in indices])
        parts.append(_block(f"beta_{number}", f"_{number}", dim, prior, indices, design, link))
    order = np.argsort(np.concatenate([indices for _, indices in blocks]))
    return pm.Deterministic("beta", pt.concatenate(parts)[order], dims="predictor")


def _block(name, suffix, dim, prior, indices, design, link):
    """The coefficients `indices` under one prior. Scales are those of the centred, unscaled columns."""
    sd = design.sd[indices]
    match prior:
        case P.R2D2():
            a, b = prior.beta_shape
            r2 = pm.Beta(f"R2{suffix}", a, b)
            share = pm.Dirichlet(f"R2_share{suffix}", np.full(len(indices), prior.concentration), dims=dim)
            z = pm.Normal(f"{name}_z", 0.0, 1.0, dims=dim)
            scale = pt.sqrt(link.latent_variance * r2 / (1 - r2) * share) / sd
            return pm.Deterministic(name, z * scale, dims=dim)
        case P.R2():
            a, b = prior.beta_shape
            r2 = pm.Beta(f"R2{suffix}", a, b)
            unit = pm.Data(f"{name}_unit_scale", P.unit_scales(design, link, len(indices))[indices], dims=dim)
            return pm.Normal(name, 0.0, unit * pt.sqrt(r2 / (1 - r2)), dims=dim)
        case P.Horseshoe():
            tau = pm.HalfCauchy(f"{name}_global", prior.global_scale)
            local = pm.HalfCauchy(f"{name}_local", 1.0, dims=dim)
            half = prior.slab_df / 2
            slab = pm.InverseGamma(f"{name}_slab", half, half * prior.slab_scale**2)
            z = pm.Normal(f"{name}_z", 0.0, 1.0, dims=dim)
            damped = local * pt.sqrt(slab / (slab + tau**2 * local**2))
            return pm.Deterministic(name, z * tau * damped / sd, dims=dim)
        case P.Flat():
            return pm.Flat(name, dims=dim)
        case P.Normal() | P.StudentT() | P.Laplace():
            scale = pm.Data(f"{name}_scale", prior.scale / (sd if prior.autoscale else np.ones_like(sd)), dims=dim)
            if isinstance(prior, P.Laplace):
                return pm.Laplace(name, 0.0, scale, dims=dim)
            if isinstance(prior, P.StudentT):
                return pm.StudentT(name, nu=prior.nu, mu=prior.location, sigma=scale, dims=dim)
            return pm.Normal(name, mu=prior.location, sigma=scale, dims=dim)
    raise AssertionError(f"no model for {prior}")

