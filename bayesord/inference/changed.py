"""`sample`: draws from a pm.Model, however it has been changed since it was built."""

from __future__ import annotations

import sys
import time
from functools import partial

import numpy as np
import pymc as pm
import xarray as xr
from pymc.pytensorf import extract_obs_data

from bayesord import checks
from bayesord.inference import nuts, sampling
from bayesord.inference.diagnostics import Verdict, judge, report
from bayesord.inference.graph import GraphDensity
from bayesord.inference.layout import start_steps
from bayesord.modelling.constants import model_constants
from bayesord.modelling.origin import Origin, changes, origin

__all__ = ["sample"]


def sample(
    model: pm.Model | None = None,
    *,
    draws: int = 1000,
    tune: int | str = "auto",
    chains: int = 4,
    cores: int | None = None,
    target_accept: float = 0.8,
    progressbar: bool = True,
    random_seed: int | None = None,
    on_fail: str = "warn",
) -> xr.DataTree:
    """Draws from a pm.Model: from `fit.model` as it is or changed by you, or from one of your own.

    A model that is as `fit` built it is sampled as `fit` does. Any other goes through PyTensor, which is announced:
    it compiles for some seconds, and for up to a minute where this machine has not seen such a model before.

    Parameters
    ----------
    model : pm.Model, optional
        By default that of the context: ``with fit.model: ...``. Free variables must be continuous.
    draws, tune, chains : int
        As in `fit`; ``tune="auto"`` is 1000 for a changed model.
    cores : int, optional
        Chains at a time. Draws do not depend on it.
    target_accept : float
    progressbar : bool
    random_seed : int, optional
        The same seed gives bitwise the same draws on the same machine and versions.
    on_fail : {"warn", "raise", "ignore"}
        What to do when the verdict is not clean.

    Returns
    -------
    xarray.DataTree
        ArviZ groups posterior (all unobserved variables, those that you added too), sample_stats (the verdict is in
        its attrs), observed_data and constant_data. For log_likelihood see `pymc.compute_log_likelihood`.

    Raises
    ------
    TypeError, ValueError
        For what is no pm.Model, or has variables that NUTS cannot sample.

    Examples
    --------
    That both effects of the wine data add up to about 3 is known from elsewhere:

    >>> import bayesord as bo
    >>> import pymc as pm
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> with fit.model as model:
    ...     total = pm.Deterministic("total", model["beta"].sum())
    ...     known = pm.Potential("known", pm.logp(pm.Normal.dist(3.0, 0.5), total))
    ...     idata = sample(random_seed=1, progressbar=False)
    >>> round(float(idata["posterior"]["total"].mean()), 1)
    3.2
    """
    model = _given(model)
    checks.check_choice("on_fail", on_fail, ("warn", "raise", "ignore"))
    announce = partial(print, file=sys.stderr)
    settings = sampling.check_settings(draws, tune, chains, cores, target_accept, random_seed)
    settings["progressbar"] = progressbar
    source, found = origin(model), changes(model)
    if source and not found:
        idata, verdict = sampling.sample(source.design, source.link, source.priors, **settings)
    else:
        what = (
            f"this model has been changed ({_told(found)})" if source else "bayesord has not built this model"
        )
        announce(
            f"bayesord: {what}; PyTensor compiles it (seconds; a new kind of model takes up to a minute)"
        )
        idata, verdict = _through_pytensor(model, source, announce, **settings)
    report(verdict, on_fail)
    return idata


def _told(found: list[str]) -> str:
    """Changes, without those that only follow from others."""
    follow = {"names", "values", "transforms", "starts", "graphs", "constants"}
    return ", ".join([part for part in found if part not in follow] or found)


def _given(model: object) -> pm.Model:
    if model is None:
        try:
            return pm.modelcontext(None)
        except TypeError:
            raise TypeError(
                "sample() needs a model: sample(fit.model), or `with fit.model:` around it"
            ) from None
    if not isinstance(model, pm.Model):
        hint = "; pass its .model" if hasattr(model, "model") else ""
        raise TypeError(f"sample() takes a pm.Model, got {type(model).__name__}{hint}")
    return model


def _through_pytensor(
    model: pm.Model,
    source: Origin | None,
    announce,
    *,
    chains,
    tune,
    random_seed,
    **settings,
) -> tuple[xr.DataTree, Verdict]:
    tune = sampling.TUNE_PLAIN if tune == "auto" else tune
    began = time.perf_counter()
    density = GraphDensity(model, _start(model, source))
    how = {"sampler": "nutpie, PyTensor", "tune": tune, "whitened": 0}
    how["seconds_before_sampling"] = time.perf_counter() - began
    run, seeds = partial(nuts.sample_model, density, tune=tune), nuts.chain_seeds(random_seed, chains)
    sampled, found = sampling.run_chains(run, announce, seeds=seeds, **settings)
    idata = _idata(model, source, sampled, how | found)
    verdict = judge(idata, chains_asked=chains, interrupted=sampled.interrupted)
    idata["sample_stats"].attrs["verdict"] = str(verdict)
    return idata, verdict


def _start(model: pm.Model, source: Origin | None) -> dict | None:
    """Cutpoints at the quantiles of the answers that the model now holds, unless the user has set a start."""
    steps = next((v for v in model.free_RVs if v.name == "cutpoint_steps"), None)
    if source is None or steps is None or model.rvs_to_initial_values.get(steps) is not None:
        return None
    K = len(source.design.categories)
    counts = np.bincount(model["y_codes"].get_value(), minlength=K)
    return {"cutpoint_steps": start_steps(source.link, counts)} if len(counts) == K else None


def _idata(model: pm.Model, source: Origin | None, sampled: nuts.Chains, how: dict) -> xr.DataTree:
    """The groups of a fit, from the model's own names, dims and coords."""
    known = model_constants(source.design, source.link, source.priors) if source else {}

    def dataset(variables: dict[str, np.ndarray], lead: tuple[str, ...] = (), attrs: dict | None = None):
        arrays, coords = {}, {}
        for name, values in variables.items():
            own = model.named_vars_to_dims.get(name) or known.get(name, [()])[0]
            own = own or (None,) * (values.ndim - len(lead))
            dims = (*lead, *(dim or f"{name}_dim_{i}" for i, dim in enumerate(own)))
            arrays[name] = (dims, values)
            for dim, size in zip(dims, values.shape, strict=True):
                labels = model.coords.get(dim)
                coords[dim] = list(labels) if labels is not None and len(labels) == size else np.arange(size)
        return xr.Dataset(arrays, coords=coords, attrs=attrs)

    posterior = sampled.draws
    first = [name for name in ("beta", "cutpoints", "R2") if name in posterior]
    posterior = {name: posterior[name] for name in (*first, *(n for n in posterior if n not in first))}
    observed = {rv.name: extract_obs_data(model.rvs_to_values[rv]) for rv in model.observed_RVs}
    constant = {variable.name: variable.get_value() for variable in model.data_vars}
    draw = ("chain", "draw")
    return xr.DataTree.from_dict(
        {
            "posterior": dataset(posterior, draw, {"link": source.link.name} if source else None),
            "sample_stats": dataset(sampled.stats, draw, how),
            "observed_data": dataset(
                observed, attrs={"categories": [str(c) for c in source.design.categories]} if source else None
            ),
            "constant_data": dataset(constant),
        }
    )
