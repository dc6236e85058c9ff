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
from pymc.distributions.shape_utils import rv_size_is_none

from bayesord.likelihood.links import Link, get_link
from bayesord.modelling import priors as P
from bayesord.modelling.constants import Block, coefficient_variables, model_constants, model_coords
from bayesord.modelling.cutpoints import MIN_LOG_GAP
from bayesord.modelling.design import Design
from bayesord.modelling.groups import GroupTerm
from bayesord.modelling.op import CumulativeLogp, linear_predictor
from bayesord.modelling.origin import remember

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
        deterministic `cutpoints` (K-1,) on the user's scale; observed `y` (n,) codes 0..K-1. For each group term
        `sd_<group>` (q,) and `effect_<group>` (J, q); where q > 1 also the Cholesky factor `chol_corr_<group>`
        of the correlations, and `corr_<group>`.
    """
    link = get_link(link)
    priors = priors or P.Priors()
    with pm.Model(coords=model_coords(design, priors)) as model:
        data = {
            name: pm.Data(name, values, dims=None if name == "cutpoint_prior" else dims)
            for name, (dims, values) in model_constants(design, link, priors).items()
        }
        steps = _cutpoint_steps(link, priors.cutpoints, data)
        eta = data.get("offset", pt.zeros(data["y_codes"].shape))
        shift = pt.as_tensor(_number(design.offset_mean))
        if design.predictors:
            beta = _coefficients(design, priors, data)
            eta = eta + linear_predictor(data["X"], beta)
            shift = shift + (data["X_mean"] * beta).sum()
        for group, group_priors in zip(design.groups, priors.by_group(design.groups), strict=True):
            effect = _effects(group, *group_priors, data)
            eta = eta + (data[f"{group.name}_Z"] * effect[data[f"{group.name}_index"]]).sum(axis=1)
        pm.Deterministic("cutpoints", _cutpoints(steps) + shift, dims="cutpoint")
        pm.CustomDist(
            "y",
            eta,
            steps,
            logp=partial(_outcome_logp, link=link.name),
            dist=partial(_outcome, link=link.name),
            signature="(),(k)->()",
            class_name="CumulativeLink",
            observed=data["y_codes"],
            dims="obs_id",
        )
        if "extra_weight" in data:
            # The outcome keeps its own log probability per row; the weights come on top of it.
            logp = CumulativeLogp(link.name)(eta, steps, data["y_codes"])[0]
            pm.Potential("weights", (data["extra_weight"] * logp).sum())
    remember(model, design, link, priors)  # so that a changed model can be told from this one
    return model


def _number(value: float) -> np.ndarray:
    """A double that stays one: PyTensor reads the Python number 2.5 as single precision, and its log as well."""
    return np.asarray(value, dtype=np.float64)


def _cutpoints(steps):
    return pt.cumsum(pt.concatenate([steps[:1], pt.exp(steps[1:])]))


# -- the outcome ------------------------------------------------------------------------------------------------


def _outcome_logp(value, eta, steps, *, link):
    n = value.shape[0]
    return CumulativeLogp(link)(pt.broadcast_to(eta, (n,)), steps.reshape((steps.shape[-1],)), value)[0]


def _outcome(eta, steps, size, *, link):
    """Draw a latent answer and count the cutpoints below it."""
    cutpoints = _cutpoints(steps.reshape((steps.shape[-1],)))
    latent = eta + _LATENT[link](eta.shape if rv_size_is_none(size) else size)
    return (latent[..., None] > cutpoints).sum(axis=-1)


_LATENT = {
    "logit": lambda size: pm.Logistic.dist(0.0, 1.0, size=size),
    "probit": lambda size: pm.Normal.dist(0.0, 1.0, size=size),
    "cloglog": lambda size: -pm.Gumbel.dist(0.0, 1.0, size=size),
    "loglog": lambda size: pm.Gumbel.dist(0.0, 1.0, size=size),
    "cauchit": lambda size: pm.Cauchy.dist(0.0, 1.0, size=size),
}


# -- priors of the cutpoints ------------------------------------------------------------------------------------


def _cutpoint_steps(link: Link, prior: P.Prior, data: dict):
    """The free variable of the cutpoints: their prior and the Jacobian of the steps in one density."""
    match prior:
        case P.Dirichlet():
            logp, dist = partial(_dirichlet_logp, link=link.name), partial(_dirichlet_steps, link=link.name)
        case P.Normal() | P.StudentT():
            logp, dist = partial(_ordered_logp, kind=prior.call), partial(_ordered_steps, kind=prior.call)
        case _:
            logp, dist = _flat_logp, _flat_steps
    return pm.CustomDist(
        "cutpoint_steps",
        data["cutpoint_prior"],
        data["cutpoint_start"],
        logp=logp,
        dist=dist,
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
    return (
        log_normaliser
        + ((alpha - 1) * log_p).sum()
        + _LOG_PDF[link](_cutpoints(steps)).sum()
        + steps[1:].sum()
    )


def _dirichlet_steps(alpha, start, size, *, link):
    below = pt.cumsum(pm.Dirichlet.dist(alpha))[:-1]
    return _steps(_QUANTILE[link](pt.clip(below, np.finfo(float).tiny, 1 - np.finfo(float).epsneg)))


def _ordered_logp(steps, numbers, start, *, kind):
    c = _cutpoints(steps)
    return pm.logp(_location_scale(numbers, kind), c).sum() + pt.gammaln(c.shape[0] + 1.0) + steps[1:].sum()


def _ordered_steps(numbers, start, size, *, kind):
    return _steps(pt.sort(_location_scale(numbers, kind, size=start.shape)))


def _location_scale(numbers, kind, **options):
    nu, location, scale = numbers[0], numbers[1], numbers[2]
    if kind == "normal":
        return pm.Normal.dist(location, scale, **options)
    return pm.StudentT.dist(nu, mu=location, sigma=scale, **options)


def _flat_logp(steps, numbers, start):
    return steps[1:].sum() + 0.0 * numbers[0]


def _flat_steps(numbers, start, size):
    """A flat prior cannot be drawn from: nothing but nan comes out, and PyMC's own Flat raises before that."""
    return start + pt.full_like(start, np.nan) * pm.Normal.dist()


def _steps(cutpoints):
    return pt.concatenate([cutpoints[:1], pt.maximum(pt.log(pt.diff(cutpoints)), MIN_LOG_GAP)])


_QUANTILE = {
    "logit": lambda u: pt.log(u) - pt.log1p(-u),
    "probit": lambda u: np.sqrt(2) * pt.erfinv(2 * u - 1),
    "cloglog": lambda u: pt.log(-pt.log1p(-u)),
    "loglog": lambda u: -pt.log(-pt.log(u)),
    "cauchit": lambda u: pt.tan(np.pi * (u - 0.5)),
}
_LOG_PDF = {
    "logit": lambda c: -pt.abs(c) - 2 * pt.log1p(pt.exp(-pt.abs(c))),
    "probit": lambda c: -0.5 * c**2 - 0.5 * np.log(2 * np.pi),
    "cloglog": lambda c: c - pt.exp(c),
    "loglog": lambda c: -c - pt.exp(-c),
    "cauchit": lambda c: -pt.log1p(c**2) - np.log(np.pi),
}


# -- priors of the coefficients ---------------------------------------------------------------------------------


def _coefficients(design: Design, priors: P.Priors, data: dict):
    """`beta` (p,): one free variable where all share a prior, else assembled from one for each prior."""
    blocks = coefficient_variables(design, priors)
    parts = [_coefficient_block(block, data[f"{block.name}_scale"]) for block in blocks]
    if len(parts) == 1:
        return parts[0]
    order = np.argsort(np.concatenate([block.indices for block in blocks]))
    return pm.Deterministic("beta", pt.concatenate(parts)[order], dims="predictor")


def _coefficient_block(block: Block, scale):
    """The coefficients under one prior; `scale` as in `constants`."""
    name, dim, prior = block.name, block.dim, block.prior
    match prior:
        case P.R2D2():
            r2 = _r2(block)
            share = pm.Dirichlet(
                f"R2_share{block.suffix}", np.full(len(block.indices), prior.concentration), dims=dim
            )
            z = pm.Normal(f"{name}_z", 0.0, 1.0, dims=dim)
            return pm.Deterministic(name, z * scale * pt.sqrt(r2 / (1 - r2) * share), dims=dim)
        case P.R2():
            r2 = _r2(block)
            return pm.Normal(name, 0.0, scale * pt.sqrt(r2 / (1 - r2)), dims=dim)
        case P.Horseshoe():
            tau = pm.HalfCauchy(f"{name}_global", _number(prior.global_scale))
            local = pm.HalfCauchy(f"{name}_local", 1.0, dims=dim)
            half = prior.slab_df / 2
            slab = pm.InverseGamma(f"{name}_slab", _number(half), _number(half * prior.slab_scale**2))
            z = pm.Normal(f"{name}_z", 0.0, 1.0, dims=dim)
            damped = local * pt.sqrt(slab / (slab + tau**2 * local**2))
            return pm.Deterministic(name, z * tau * damped * scale, dims=dim)
        case P.Flat():
            return pm.Flat(name, dims=dim)
        case P.Laplace():
            return pm.Laplace(name, 0.0, scale, dims=dim)
        case P.StudentT():
            return pm.StudentT(name, nu=_number(prior.nu), mu=_number(prior.location), sigma=scale, dims=dim)
        case P.Normal():
            return pm.Normal(name, mu=_number(prior.location), sigma=scale, dims=dim)
    raise AssertionError(f"no model for {prior}")


# -- group effects ----------------------------------------------------------------------------------------------


def _effects(group: GroupTerm, sd_prior: P.Prior, corr_prior: P.LKJ, data: dict):
    """(J, q) effects ~ Normal(0, diag(sd) R diag(sd)), R ~ LKJ where q > 1."""
    scale, dims = data[f"{group.sd}_scale"], (group.name, group.term_dim)
    match sd_prior:
        case P.HalfNormal():
            sd = pm.HalfNormal(group.sd, scale, dims=group.term_dim)
        case P.HalfStudentT():
            sd = pm.HalfStudentT(group.sd, nu=_number(sd_prior.nu), sigma=scale, dims=group.term_dim)
        case P.Exponential():
            sd = pm.Exponential(group.sd, scale=scale, dims=group.term_dim)
    if group.n_terms == 1:
        return pm.Normal(group.effect, 0.0, sd, dims=dims)
    corr_dims = (group.term_dim, group.other_term_dim)
    chol_corr = pm.LKJCorr(group.chol_corr, n=group.n_terms, eta=_number(corr_prior.eta), dims=corr_dims)
    pm.Deterministic(group.corr, chol_corr @ chol_corr.T, dims=corr_dims)
    return pm.MvNormal(group.effect, mu=pt.zeros(group.n_terms), chol=sd[:, None] * chol_corr, dims=dims)


def _r2(block: Block):
    a, b = block.prior.beta_shape
    return pm.Beta(f"R2{block.suffix}", _number(a), _number(b))
