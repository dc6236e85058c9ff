"""From a design to draws on the user's scale, with their verdict, as an ArviZ DataTree."""

from __future__ import annotations

import sys
import time

import numpy as np
import threadpoolctl
import xarray as xr

from bayesord.checks import available_cores
from bayesord.inference import density, diagnostics, geometry, nuts
from bayesord.inference.log_likelihood import add_log_likelihood
from bayesord.likelihood.links import Link
from bayesord.modelling import priors as P
from bayesord.modelling.constants import coefficient_variables, model_constants, model_coords
from bayesord.modelling.cutpoints import cutpoints_from_steps, steps_from_cutpoints
from bayesord.modelling.design import Design

__all__ = ["sample"]

TUNE_DIRECT, TUNE_PLAIN = 200, 1000  # with and without a mode to whiten by
LOG_LIKELIHOOD_BYTES = 64e6


def sample(
    design: Design,
    link: Link,
    priors: P.Priors,
    *,
    draws,
    tune,
    chains,
    cores,
    target_accept,
    progressbar,
    random_seed,
):
    """Sample the posterior; returns (idata, verdict).

    One announced retry at target_accept 0.95 when there are divergences.
    """
    available = available_cores()
    cores = min(cores, chains)
    seeds = nuts.chain_seeds(random_seed, chains)
    began = time.perf_counter()
    with threadpoolctl.threadpool_limits(limits=max(1, available // cores)):
        engine = _engine(design, link, priors)
    placed = time.perf_counter()
    settings = {"draws": draws, "cores": cores, "progressbar": progressbar}
    with threadpoolctl.threadpool_limits(limits=max(1, available // cores)):
        draws_of = engine(seeds, tune, target_accept, settings)
        posterior, chains_run, how = draws_of()
        if not chains_run.interrupted and chains_run.stats["diverging"].any() and target_accept < 0.95:
            print("Divergences: sampling once more at target_accept=0.95", file=sys.stderr)
            posterior, chains_run, how = engine(seeds, tune, 0.95, settings)()
    how |= {
        "interrupted": int(chains_run.interrupted),
        "seconds_before_sampling": placed - began,
        "seconds_sampling": time.perf_counter() - placed,
    }
    idata = _idata(design, link, priors, posterior, chains_run.stats, how)
    remarks = diagnostics.data_remarks(design, priors, posterior.get("beta"))
    verdict = diagnostics.judge(idata, remarks, chains_asked=chains)
    idata["sample_stats"].attrs["verdict"] = str(verdict)
    if len(design.y) * chains * draws * 8 <= LOG_LIKELIHOOD_BYTES:
        add_log_likelihood(idata, design, link)
    return idata, verdict


def _engine(design: Design, link: Link, priors: P.Priors):
    """The way to draws: the direct density where it knows the priors, else PyTensor."""
    if geometry.has_direct_density(design, priors):
        if not density.is_compiled():
            print("bayesord: compiling once for this machine (later fits start at once)", file=sys.stderr)
        return _direct_engine(design, link, priors)
    return _pytensor_engine(design, link, priors)


def _direct_engine(design, link, priors):
    layout = geometry.lay_out(design, link, priors)
    placed, rotation, found = geometry.place_posterior(layout)
    if not found:
        print("bayesord: no usable mode; NUTS adapts from the start instead", file=sys.stderr)

    def prepare(seeds, tune, target_accept, settings):
        n_tune = (TUNE_DIRECT if found else TUNE_PLAIN) if tune == "auto" else tune

        def run():
            chains = nuts.sample_density(
                placed, seeds=seeds, tune=n_tune, target_accept=target_accept, **settings
            )
            x = chains.draws["x"]
            posterior = _user_scale(design, layout, placed, rotation, x.reshape(-1, x.shape[-1]))
            shaped = {
                name: values.reshape(*x.shape[:2], *values.shape[1:]) for name, values in posterior.items()
            }
            return (
                shaped,
                chains,
                {"sampler": "nutpie, direct density", "tune": n_tune, "whitened": int(found)},
            )

        return run

    return prepare


def _user_scale(design, layout, placed, rotation, x) -> dict[str, np.ndarray]:
    """Draws of x (S, n_dim) as posterior variables, named as in the pm.Model."""
    m = layout.n_steps
    a, g, u = placed.place(x)
    steps = a[:, :m]
    posterior = {"cutpoint_steps": steps}
    shift = design.offset_mean
    if design.predictors:
        beta = np.empty((len(x), len(layout.order)))
        beta[:, layout.order] = np.hstack([a[:, m:], g @ rotation.T]) * layout.unit
        posterior["beta"] = beta
        shift = shift + (beta @ design.mean)[:, None]
    posterior["cutpoints"] = cutpoints_from_steps(steps) + shift
    if layout.n_shared:
        posterior["R2"] = 1.0 / (1.0 + np.exp(-u))
    return posterior


def _pytensor_engine(design, link, priors):
    from bayesord.modelling.build import build_model

    print(
        "bayesord: no direct density for these priors; PyTensor compiles the model (some seconds to a minute)",
        file=sys.stderr,
    )
    model = build_model(design, link, priors)

    def prepare(seeds, tune, target_accept, settings):
        n_tune = TUNE_PLAIN if tune == "auto" else tune
        counts = np.bincount(design.y, minlength=len(design.categories)) + 0.5
        start = {"cutpoint_steps": steps_from_cutpoints(link.quantile(np.cumsum(counts)[:-1] / counts.sum()))}

        def run():
            chains = nuts.sample_model(
                model, seeds=seeds, initial_points=start, tune=n_tune, target_accept=target_accept, **settings
            )
            named = {variable.name for variable in model.unobserved_RVs}
            posterior = {name: values for name, values in chains.draws.items() if name in named}
            return posterior, chains, {"sampler": "nutpie, PyTensor", "tune": n_tune, "whitened": 0}

        return run

    return prepare


def _idata(
    design: Design, link: Link, priors: P.Priors, posterior: dict, stats: dict, attrs: dict
) -> xr.DataTree:
    """An ArviZ DataTree: posterior, sample_stats, observed_data, constant_data, with the model's names and dims."""
    coords = model_coords(design, priors)
    steps = {"chain": np.arange(len(stats["diverging"])), "draw": np.arange(stats["diverging"].shape[1])}
    dims = {"beta": ("predictor",), "cutpoints": ("cutpoint",), "cutpoint_steps": ("cutpoint_step",)}
    dims |= {
        name: (block.dim,)
        for block in coefficient_variables(design, priors)
        for name in posterior
        if name.startswith(block.name)
    }
    dims |= {name: dims["beta"] for name in posterior if name.startswith("R2_share")}

    def dataset(variables: dict, *, attrs=None) -> xr.Dataset:
        used = {dim for own, _ in variables.values() for dim in own}
        where = {dim: labels for dim, labels in (steps | coords).items() if dim in used}
        return xr.Dataset(variables, coords=where, attrs=attrs)

    first = [name for name in ("beta", "cutpoints", "R2") if name in posterior]
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
