"""One function a package: fits (X, y, groups) under a named prior and says what it took.

A function loads its packages when it is called (`imports` in the table) and returns a second function that
fits, so that the two are timed apart. That one returns the draws, by their names in bayesord, as (chain, draw, ...)
arrays; the mean number of gradients a draw after tuning; and the seconds of sampling, tuning included. Number
of tuning draws, target acceptance and start are each package's own defaults; draws, chains and cores are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from benchmarks.sampling.cases import COEFFICIENT_SCALE, CUTPOINT_SCALE, GROUP_SCALE

__all__ = ["PEERS", "Outcome", "Settings"]


@dataclass(frozen=True)
class Settings:
    draws: int = 1000
    chains: int = 4
    cores: int = 4
    seed: int = 1


@dataclass
class Outcome:
    draws: dict[str, np.ndarray]
    gradients_per_draw: float
    seconds_sampling: float
    remark: str = ""
    details: dict = field(default_factory=dict)


def bayesord(prior: str):
    # fit() loads the first three when it first needs them; here they belong to the imports.
    import arviz_stats  # noqa: F401
    import nutpie.compile_pymc  # noqa: F401
    import pyarrow  # noqa: F401

    import bayesord as bo

    cutpoints = bo.priors.normal(0, CUTPOINT_SCALE)
    priors = {
        "default": bo.Priors(),
        "normal": bo.Priors(cutpoints=cutpoints, beta=bo.priors.normal(0, COEFFICIENT_SCALE)),
        "r2": bo.Priors(cutpoints=cutpoints, beta=bo.priors.r2()),
        "groups": bo.Priors(
            cutpoints=cutpoints,
            beta=bo.priors.normal(0, COEFFICIENT_SCALE),
            group_sd=bo.priors.half_normal(GROUP_SCALE),
        ),
    }[prior]

    def fit(X, y, groups, settings: Settings) -> Outcome:
        data = (_formula(X, groups), _frame(X, y, groups)) if groups.shape[1] else (X, y)
        result = bo.fit(
            *data, priors=priors, draws=settings.draws, chains=settings.chains, cores=settings.cores,
            random_seed=settings.seed, progressbar=False, on_fail="ignore",
        )  # fmt: skip
        posterior, stats = result.idata["posterior"], result.idata["sample_stats"]
        names = [name for name in ("beta", "cutpoints", "R2") if name in posterior]
        draws = {name: posterior[name].values for name in names}
        if groups.shape[1]:
            names = [f"g{t}" for t in range(groups.shape[1])]
            draws["sd"] = np.concatenate([posterior[f"sd_{name}"].values for name in names], axis=-1)
            draws["effects"] = np.concatenate(
                [posterior[f"effect_{name}"].values[..., 0] for name in names], axis=-1
            )
        return Outcome(
            draws,
            float(stats["n_steps"].mean()),
            stats.attrs["seconds_sampling"],
            f"verdict {result.verdict.level}",
            {
                "seconds_before_sampling": stats.attrs["seconds_before_sampling"],
                "tune": int(stats.attrs["tune"]),
            },
        )

    return fit


def _frame(X, y, groups):
    import pandas as pd

    data = pd.DataFrame({f"x{j}": column for j, column in enumerate(X.T)})
    data["y"] = pd.Categorical(y, ordered=True)
    return data.assign(**{f"g{t}": pd.Categorical(column) for t, column in enumerate(groups.T)})


def _formula(X, groups) -> str:
    terms = [f"x{j}" for j in range(X.shape[1])] + [f"(1 | g{t})" for t in range(groups.shape[1])]
    return "y ~ " + " + ".join(terms)


# -- PyMC ---------------------------------------------------------------------------------------------------------


def _pymc_model(X, y, groups, prior: str):
    """The model as one writes it with PyMC's own OrderedLogistic."""
    import pymc as pm

    n_categories, p = int(y.max()) + 1, X.shape[1]
    with pm.Model() as model:
        if not prior.startswith("r2"):
            beta = pm.Normal("beta", 0.0, COEFFICIENT_SCALE, shape=p)
        else:
            R2 = pm.Beta("R2", 2.0, 2.0)
            scale = pm.math.sqrt(R2 / (1 - R2)) * _unit_scales(X)
            if prior == "r2, centred":
                beta = pm.Normal("beta", 0.0, scale, shape=p)
            else:
                beta = pm.Deterministic("beta", scale * pm.Normal("beta_raw", 0.0, 1.0, shape=p))
        cutpoints = pm.Normal(
            "cutpoints", 0.0, CUTPOINT_SCALE, shape=n_categories - 1,
            transform=pm.distributions.transforms.ordered, initval=np.linspace(-2, 2, n_categories - 1),
        )  # fmt: skip
        eta = X @ beta
        for t, index in enumerate(groups.T):
            sd, size = pm.HalfNormal(f"sd_g{t}", GROUP_SCALE), int(index.max()) + 1
            if prior == "groups, centred":
                effect = pm.Normal(f"effect_g{t}", 0.0, sd, shape=size)
            else:
                effect = pm.Deterministic(f"effect_g{t}", sd * pm.Normal(f"raw_g{t}", 0.0, 1.0, shape=size))
            eta = eta + effect[index]
        pm.OrderedLogistic("y", eta=eta, cutpoints=cutpoints, observed=y, compute_p=False)
    return model


def _unit_scales(X: np.ndarray) -> np.ndarray:
    """sd of each coefficient at R² = 1/2: the latent variance of the logit shared out equally."""
    return np.sqrt(np.pi**2 / 3 / X.shape[1]) / X.std(axis=0)


def _from_idata(
    idata, *, beta: str = "beta", cutpoints: str = "cutpoints", seconds: float | None = None
) -> Outcome:
    posterior, stats = idata["posterior"], idata["sample_stats"]
    draws = {"beta": posterior[beta].values, "cutpoints": posterior[cutpoints].values}
    if "R2" in posterior:
        draws["R2"] = posterior["R2"].values
    terms = [name.removeprefix("sd_") for name in posterior if name.startswith("sd_")]
    if terms:
        draws["sd"] = np.stack([posterior[f"sd_{name}"].values for name in terms], axis=-1)
        draws["effects"] = np.concatenate([posterior[f"effect_{name}"].values for name in terms], axis=-1)
    steps = stats["n_steps" if "n_steps" in stats else "tree_size"]
    if seconds is None:
        seconds = next(
            node.attrs["sampling_time"] for node in (posterior, stats, idata) if "sampling_time" in node.attrs
        )
    divergences = int(stats["diverging"].sum())
    return Outcome(
        draws, float(steps.mean()), float(seconds), f"{divergences} divergences" if divergences else ""
    )


def pymc(prior: str):
    import pymc as pm

    def fit(X, y, groups, settings: Settings) -> Outcome:
        with _pymc_model(X, y, groups, prior):
            idata = pm.sample(
                settings.draws, chains=settings.chains, cores=settings.cores, random_seed=settings.seed,
                nuts_sampler="pymc", progressbar=False,
            )  # fmt: skip
        return _from_idata(idata)

    return fit


def nutpie(prior: str):
    import time

    import nutpie
    import nutpie.compile_pymc
    import pymc  # noqa: F401

    def fit(X, y, groups, settings: Settings) -> Outcome:
        compiled = nutpie.compile_pymc_model(_pymc_model(X, y, groups, prior))
        began = time.perf_counter()
        idata = nutpie.sample(
            compiled, draws=settings.draws, chains=settings.chains, cores=settings.cores, seed=settings.seed,
            progress_bar=False,
        )  # fmt: skip
        return _from_idata(idata, seconds=time.perf_counter() - began)

    return fit


def bambi(prior: str):
    import bambi as bmb
    import nutpie.compile_pymc  # noqa: F401

    def fit(X, y, groups, settings: Settings) -> Outcome:
        names = [f"x{j}" for j in range(X.shape[1])]
        start = np.linspace(-2, 2, int(y.max()))
        priors = {name: bmb.Prior("Normal", mu=0, sigma=COEFFICIENT_SCALE) for name in names}
        priors["threshold"] = bmb.Prior("Normal", mu=0, sigma=CUTPOINT_SCALE, initval=start)
        for t in range(groups.shape[1]):
            sd = bmb.Prior("HalfNormal", sigma=GROUP_SCALE)
            priors[f"1|g{t}"] = bmb.Prior("Normal", mu=0, sigma=sd)
        model = bmb.Model(_formula(X, groups), _frame(X, y, groups), family="cumulative", priors=priors)
        idata = model.fit(
            draws=settings.draws, chains=settings.chains, cores=settings.cores, random_seed=settings.seed,
            inference_method="nutpie", progressbar=False,
        )  # fmt: skip
        posterior = (
            idata["posterior"]
            .to_dataset()
            .rename(
                {f"1|g{t}_sigma": f"sd_g{t}" for t in range(groups.shape[1])}
                | {f"1|g{t}": f"effect_g{t}" for t in range(groups.shape[1])}
            )
        )
        idata["posterior"] = posterior.assign(
            beta=(("chain", "draw", "predictor"), np.stack([posterior[name].values for name in names], -1))
        )
        return _from_idata(idata, cutpoints="threshold")

    return fit


# -- JAX ----------------------------------------------------------------------------------------------------------


def numpyro(prior: str):
    import os
    import time

    import jax
    import numpyro as npy
    import numpyro.distributions as dist
    from numpyro.infer import MCMC, NUTS

    npy.enable_x64()  # doubles, as in all the others
    npy.set_host_device_count(os.cpu_count())
    compiling = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **_: compiling.append(seconds) if event.endswith("compile_duration") else None
    )

    def model(X, y, groups, levels, units, n_cutpoints):
        p = X.shape[1]
        if not prior.startswith("r2"):
            beta = npy.sample("beta", dist.Normal(0.0, COEFFICIENT_SCALE).expand([p]))
        else:
            R2 = npy.sample("R2", dist.Beta(2.0, 2.0))
            scale = jax.numpy.sqrt(R2 / (1 - R2)) * units
            if prior == "r2, centred":
                beta = npy.sample("beta", dist.Normal(0.0, scale))
            else:
                beta = npy.deterministic("beta", scale * npy.sample("raw", dist.Normal(0.0, 1.0).expand([p])))
        ordered = dist.ImproperUniform(dist.constraints.ordered_vector, (), (n_cutpoints,))
        cutpoints = npy.sample("cutpoints", ordered)
        npy.factor("prior of the cutpoints", dist.Normal(0.0, CUTPOINT_SCALE).log_prob(cutpoints).sum())
        eta = X @ beta
        for t, size in enumerate(levels):
            sd = npy.sample(f"sd_g{t}", dist.HalfNormal(GROUP_SCALE))
            if prior == "groups, centred":
                effect = npy.sample(f"effect_g{t}", dist.Normal(0.0, sd).expand([size]))
            else:
                raw = npy.sample(f"raw_g{t}", dist.Normal(0.0, 1.0).expand([size]))
                effect = npy.deterministic(f"effect_g{t}", sd * raw)
            eta = eta + effect[groups[:, t]]
        npy.sample("y", dist.OrderedLogistic(eta, cutpoints), obs=y)

    def fit(X, y, groups, settings: Settings) -> Outcome:
        began = time.perf_counter()
        method = "parallel" if settings.cores >= settings.chains else "sequential"
        mcmc = MCMC(
            NUTS(model), num_warmup=1000, num_samples=settings.draws, num_chains=settings.chains,
            chain_method=method, progress_bar=False,
        )  # fmt: skip
        levels = tuple(int(column.max()) + 1 for column in groups.T)
        arguments = *map(jax.numpy.asarray, (X, y, groups)), levels, _unit_scales(X), int(y.max())
        mcmc.run(jax.random.PRNGKey(settings.seed), *arguments, extra_fields=("num_steps", "diverging"))
        found = mcmc.get_samples(group_by_chain=True)
        draws = {name: np.asarray(found[name]) for name in ("beta", "cutpoints", "R2") if name in found}
        if levels:
            names = [f"g{t}" for t in range(len(levels))]
            draws["sd"] = np.stack([np.asarray(found[f"sd_{name}"]) for name in names], axis=-1)
            draws["effects"] = np.concatenate(
                [np.asarray(found[f"effect_{name}"]) for name in names], axis=-1
            )
        steps = np.asarray(mcmc.get_extra_fields()["num_steps"])
        divergences = int(np.asarray(mcmc.get_extra_fields()["diverging"]).sum())
        seconds = time.perf_counter() - began - sum(compiling)
        return Outcome(
            draws, float(steps.mean()), seconds, f"{divergences} divergences" if divergences else ""
        )

    return fit


@dataclass(frozen=True)
class Peer:
    """How a package is run. `priors` are those it can be given, with the forms a learned scale can be written in."""

    name: str
    language: str
    needs: tuple[str, ...]
    priors: tuple[str, ...]
    same_posterior: bool = True
    caches: bool = True  # compiled code of one process serves the next


_FORMS = ("normal", "r2, centred", "r2, not centred", "groups, centred", "groups, not centred")
PEERS = {
    peer.name: peer
    for peer in [
        Peer("nutpie", "python", ("pymc", "nutpie"), _FORMS),
        Peer("pymc", "python", ("pymc",), _FORMS),
        Peer("bambi", "python", ("bambi", "nutpie"), ("normal", "groups")),
        Peer("numpyro", "python", ("numpyro", "jax"), _FORMS, caches=False),
        Peer("rstanarm", "R", ("rstanarm",), ("normal",), same_posterior=False, caches=False),
        Peer("brms", "R", ("brms",), ("normal", "groups"), caches=False),
    ]
}
