"""From a design to draws on the user's scale, with their verdict, as an ArviZ DataTree."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import cache, partial

import numpy as np
import xarray as xr
from scipy.special import expit

from bayesord.checks import (
    Problems,
    available_cores,
    check_cores,
    check_count,
    check_number,
    check_random_seed,
)
from bayesord.inference import density, diagnostics, geometry, layout, nuts
from bayesord.inference.blas import blas_threads
from bayesord.inference.checkpoint import Checkpoint
from bayesord.inference.fingerprints import digest
from bayesord.inference.log_likelihood import add_log_likelihood
from bayesord.likelihood import segments
from bayesord.likelihood.links import Link
from bayesord.modelling import priors as P
from bayesord.modelling.constants import coefficient_variables, model_constants, model_coords
from bayesord.modelling.cutpoints import cutpoints_from_steps
from bayesord.modelling.design import Design

__all__ = ["check_settings", "run_chains", "sample"]

TUNE_DIRECT, TUNE_PLAIN = 200, 1000  # with and without a mode to whiten by
LOG_LIKELIHOOD_BYTES = 64e6
_RETRY_ACCEPT = 0.95
_MANY_PRODUCTS = 2e10


def check_settings(draws, tune, chains, cores, target_accept, random_seed) -> dict:
    """What a user asked of the sampler, checked; `cores` beyond what there are is cut, and said."""
    problems = Problems()
    settings = {
        "draws": problems.of(check_count, "draws", draws),
        "tune": tune if isinstance(tune, str) and tune == "auto" else problems.of(check_count, "tune", tune),
        "chains": problems.of(check_count, "chains", chains),
        "target_accept": problems.of(check_number, "target_accept", target_accept, above=0, below=1),
        "random_seed": problems.of(check_random_seed, random_seed),
    }
    settings["cores"], clipped = problems.of(check_cores, cores, settings["chains"] or 1) or (1, None)
    problems.raise_if_any()
    if clipped:
        _say_once(clipped)
    return settings


@cache
def _say_once(text: str) -> None:
    print(text, file=sys.stderr)


def sample(
    design: Design,
    link: Link,
    priors: P.Priors,
    *,
    draws: int,
    tune: int | str,
    chains: int,
    cores: int,
    target_accept: float,
    progressbar: bool,
    random_seed,
    quiet: bool = False,
    checkpoint=None,
    resume: bool = False,
) -> tuple[xr.DataTree, diagnostics.Verdict]:
    """Sample the posterior and judge it; one announced retry at target_accept 0.95 when there are divergences.

    `quiet` leaves the announcements out, for those who fit by the hundred. `checkpoint` is a folder for finished chains.
    """
    announce = (lambda _: None) if quiet else partial(print, file=sys.stderr)
    engine = _direct_engine if layout.has_direct_density(design, priors) else _pytensor_engine
    model = {"design": design, "link": link, "priors": priors, "random_seed": random_seed}
    model["settings"] = {"draws": draws, "tune": tune, "chains": chains, "target_accept": target_accept}
    with nullcontext() if checkpoint is None else Checkpoint(checkpoint, resume=resume, **model) as kept:
        began = time.perf_counter()
        # Products lose more by waiting for threads than they gain, fiftyfold on a busy machine, until they take seconds.
        with blas_threads(available_cores() if design.X.size * design.X.shape[1] > _MANY_PRODUCTS else 1):
            run, how = engine(design, link, priors, tune, announce)
        how["seconds_before_sampling"] = time.perf_counter() - began
        sampled, found = run_chains(
            partial(run, kept=kept),
            announce,
            seeds=kept.seeds if kept else nuts.chain_seeds(random_seed, chains),
            draws=draws,
            cores=min(cores, chains),
            target_accept=target_accept,
            progressbar=progressbar,
        )
        idata = _idata(design, link, priors, sampled.draws, sampled.stats, how | found)
        remarks = diagnostics.data_remarks(design, link, priors, sampled.draws)
        verdict = diagnostics.judge(idata, remarks, chains_asked=chains, interrupted=sampled.interrupted)
        idata["sample_stats"].attrs["verdict"] = str(verdict)
        if len(design.y) * chains * draws * 8 <= LOG_LIKELIHOOD_BYTES:
            add_log_likelihood(idata, design, link)
    return idata, verdict


def run_chains(run, announce, *, cores: int, target_accept: float, **settings) -> tuple[nuts.Chains, dict]:
    """The chains of `run`, sampled once more at target_accept 0.95 where some diverge; and what to note of them."""
    began = time.perf_counter()
    cpus = available_cores()
    settings["cores"] = min(cores, cpus)
    with blas_threads(max(1, cpus // settings["cores"])):
        sampled = run(target_accept=target_accept, **settings)
        if not sampled.interrupted and sampled.stats["diverging"].any() and target_accept < _RETRY_ACCEPT:
            announce(f"Divergences: sampling once more at target_accept={_RETRY_ACCEPT}")
            with suppress(KeyboardInterrupt):  # while tuning again: the first run is complete
                sampled = run(target_accept=_RETRY_ACCEPT, **settings)
    return sampled, {
        "interrupted": int(sampled.interrupted),
        "tuning_gradients": sampled.tuning_gradients,
        "seconds_sampling": time.perf_counter() - began,
    }


def _direct_engine(design: Design, link: Link, priors: P.Priors, tune: int | str, announce):
    """A function that samples the direct density, in coordinates found beforehand; and what to note of it."""
    if not (density.is_compiled(bool(design.groups)) and segments.is_compiled(link.code)):
        announce("bayesord: compiling once for this machine (later fits start at once)")
    laid_out = layout.lay_out(design, link, priors)
    placed, rotation, found = geometry.place_posterior(laid_out)
    if not found:
        announce("bayesord: no usable mode; NUTS adapts from the start instead")
    tune = (TUNE_DIRECT if found else TUNE_PLAIN) if tune == "auto" else tune

    def run(*, target_accept, kept, **settings):
        stage = kept and kept.stage(target_accept, digest((placed, rotation, found)))
        sampled = nuts.sample_density(placed, tune=tune, target_accept=target_accept, stage=stage, **settings)
        x = sampled.draws["x"]
        flat = _user_scale(design, laid_out, placed, rotation, x.reshape(-1, x.shape[-1]))
        posterior = {name: values.reshape(*x.shape[:2], *values.shape[1:]) for name, values in flat.items()}
        return replace(sampled, draws=posterior)

    return run, {"sampler": "nutpie, direct density", "tune": tune, "whitened": int(found)}


def _user_scale(design, laid_out, placed, rotation, x) -> dict[str, np.ndarray]:
    """Draws of x (S, n_dim) as posterior variables, named as in the pm.Model."""
    m, order = laid_out.n_steps, laid_out.order
    at = placed.place(x)
    a, g, u = at.a, at.g, at.u
    steps = a[:, :m]
    posterior = {"cutpoint_steps": steps}
    shift = design.offset_mean
    if design.predictors:
        beta = np.empty((len(x), len(order)))
        beta[:, order] = np.hstack([a[:, m:], g @ rotation.T]) * laid_out.unit
        posterior["beta"] = beta
        shift = shift + (beta @ design.mean)[:, None]
        blocks = coefficient_variables(design, laid_out.priors)
        posterior |= {block.name: beta[:, block.indices] for block in blocks if len(blocks) > 1}
        posterior |= {f"R2{block.suffix}": expit(u) for block in blocks if isinstance(block.prior, P.R2)}
    posterior["cutpoints"] = cutpoints_from_steps(steps) + shift
    first = 0
    for group, A in zip(design.groups, at.factors, strict=True):
        J, q = group.n_groups, group.n_terms
        posterior[group.effect] = at.effects[:, first : first + J * q].reshape(-1, J, q)
        posterior[group.sd] = np.sqrt((A**2).sum(axis=2))
        if q > 1:
            posterior[group.chol_corr] = A / posterior[group.sd][:, :, None]
            posterior[group.corr] = posterior[group.chol_corr] @ np.swapaxes(posterior[group.chol_corr], 1, 2)
        first += J * q
    return posterior


def _pytensor_engine(design: Design, link: Link, priors: P.Priors, tune: int | str, announce):
    """The same for priors without a direct density: the pm.Model through PyTensor."""
    from bayesord.inference.graph import GraphDensity
    from bayesord.modelling.build import build_model

    announce(
        "bayesord: no direct density for these priors; PyTensor compiles the model (some seconds to a minute)"
    )
    counts = np.bincount(design.y, weights=design.weights, minlength=len(design.categories))
    start = {"cutpoint_steps": layout.start_steps(link, counts)}
    compiled = GraphDensity(build_model(design, link, priors), start)
    tune = TUNE_PLAIN if tune == "auto" else tune

    def run(*, target_accept, kept, **settings):
        stage = kept and kept.stage(target_accept, digest(compiled.numbers))
        return nuts.sample_model(compiled, tune=tune, target_accept=target_accept, stage=stage, **settings)

    return run, {"sampler": "nutpie, PyTensor", "tune": tune, "whitened": 0}


def _idata(
    design: Design, link: Link, priors: P.Priors, posterior: dict, stats: dict, attrs: dict
) -> xr.DataTree:
    """An ArviZ DataTree: posterior, sample_stats, observed_data, constant_data, with the model's names and dims."""
    coords = model_coords(design, priors)
    steps = {"chain": np.arange(len(stats["diverging"])), "draw": np.arange(stats["diverging"].shape[1])}
    dims = {"cutpoints": ("cutpoint",), "cutpoint_steps": ("cutpoint_step",)}
    for block in coefficient_variables(design, priors):
        own = (block.name, f"{block.name}_z", f"{block.name}_local", f"R2_share{block.suffix}")
        dims |= dict.fromkeys(own, (block.dim,))
    dims["beta"] = ("predictor",)
    for group in design.groups:
        dims |= {group.effect: (group.name, group.term_dim), group.sd: (group.term_dim,)}
        dims |= dict.fromkeys((group.corr, group.chol_corr), (group.term_dim, group.other_term_dim))

    def dataset(variables: dict, *, attrs=None) -> xr.Dataset:
        used = {dim for own, _ in variables.values() for dim in own}
        where = {dim: labels for dim, labels in (steps | coords).items() if dim in used}
        return xr.Dataset(variables, coords=where, attrs=attrs)

    learned = [name for group in design.groups for name in (group.sd, group.corr)]
    first = [name for name in ("beta", "cutpoints", "R2", *learned) if name in posterior]
    ordered = [*first, *(name for name in posterior if name not in first)]
    draws = {
        name: (("chain", "draw", *(dims.get(name, ()) if posterior[name].ndim > 2 else ())), posterior[name])
        for name in ordered
    }
    categories = [str(category) for category in design.categories]
    return xr.DataTree.from_dict(
        {
            "posterior": dataset(draws, attrs={"link": link.name}),
            "sample_stats": dataset({name: (("chain", "draw"), v) for name, v in stats.items()}, attrs=attrs),
            "observed_data": dataset({"y": (("obs_id",), design.y)}, attrs={"categories": categories}),
            "constant_data": dataset(model_constants(design, link, priors)),
        }
    )
