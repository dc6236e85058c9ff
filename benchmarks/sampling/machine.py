"""The gradient against the speed of reading memory, the first fits on a machine and in a process, and memory."""

from __future__ import annotations

import importlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import threadpoolctl

__all__ = ["report_machine"]

_DRAWS, _CHAINS = 1000, 4


def report_machine() -> None:
    _report_gradient()
    _report_first_fits()
    _report_memory()


def _report_gradient(n: int = 100_000, p: int = 128) -> None:
    import bayesord as bo
    from bayesord.inference import density, geometry
    from bayesord.likelihood.links import get_link
    from bayesord.modelling.design import from_arrays

    rng = np.random.default_rng(1)
    X = rng.standard_normal((n, p))
    y = bo.simulate(X=X, beta=rng.normal(0, 0.05, p), random_seed=1).y
    layout = geometry.lay_out(from_arrays(X, y), get_link("logit"), bo.Priors())
    model = layout.density()
    v, grad = layout.start(), np.empty(model.n_dim)
    with threadpoolctl.threadpool_limits(1):
        reading = _best(X.sum)
        gradient = _best(lambda: density.log_density(model.record, v, grad))
    print(
        f"Gradient, {n:,} x {p}, one thread: {1e3 * gradient:.1f} ms, {X.nbytes / gradient / 1e9:.1f} GB of X a second"
    )
    print(
        f"Reading X (X.sum()): {1e3 * reading:.1f} ms, {X.nbytes / reading / 1e9:.1f} GB a second; "
        f"the gradient runs at {reading / gradient:.0%} of it\n"
    )


def _best(call, seconds: float = 3.0) -> float:
    """Shortest of the calls that fit into `seconds`."""
    taken, began = [], time.perf_counter()
    while len(taken) < 3 or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)


def _report_first_fits() -> None:
    print("Fit of 1000 x 5, default prior, 4 x 1000 draws, in seconds after the imports")
    fits = [{"n": 1000, "p": 5}, {"n": 900, "p": 4}]
    fresh_process(fits[:1])  # fills the cache
    warm = fresh_process(fits)
    with tempfile.TemporaryDirectory() as empty:
        cold = fresh_process(fits[:1], cache=empty)
    print(f"  imports of bayesord, PyMC, nutpie and ArviZ   {warm['imports']:.2f}")
    print(f"  fresh process, nothing compiled on the machine {cold['fits'][0]['seconds']:.2f}")
    print(f"  fresh process, compiled before                 {warm['fits'][0]['seconds']:.2f}")
    print(f"  another fit in that process, new n and p       {warm['fits'][1]['seconds']:.2f}\n")


def _report_memory() -> None:
    print(
        "Peak memory on top of that after the imports, MB; the bound is 3·8·n·p + 8·draws·parameters + 150 MB"
    )
    for n, p in [(1000, 5), (10_000, 20), (100_000, 20)]:
        (figures,) = fresh_process([{"n": n, "p": p}])["fits"]
        bound = (3 * 8 * n * p + 8 * _DRAWS * _CHAINS * figures["parameters"]) / 2**20 + 150
        print(f"  {f'{n:,} x {p}':<16} {figures['megabytes']:>7,.0f} of {bound:,.0f}")


def fresh_process(fits: list[dict], cache: str | None = None) -> dict:
    """Fit these sizes one after another in a new process, with its cache of compiled code in folder `cache`."""
    environment = os.environ | ({"BAYESORD_CACHE_DIR": cache} if cache else {})
    command = [sys.executable, "-m", "benchmarks.sampling.machine", json.dumps(fits)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, env=environment, cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _fit_each(fits: list[dict]) -> dict:
    """Runs in the new process."""
    began = time.perf_counter()
    for name in (
        "arviz",
        "arviz_stats",
        "nutpie.compile_pymc",
        "pyarrow",
        "pymc",
    ):  # fit() loads them when it needs them
        importlib.import_module(name)
    import bayesord as bo

    imports = time.perf_counter() - began
    taken = []
    for size in fits:
        rng = np.random.default_rng(1)
        X = rng.standard_normal((size["n"], size["p"]))
        y = bo.simulate(X=X, beta=rng.normal(0, 0.5, size["p"]), random_seed=1).y
        before, start = _peak_megabytes(reset=True), time.perf_counter()
        fit = bo.fit(X, y, draws=_DRAWS, chains=_CHAINS, random_seed=1, progressbar=False, on_fail="ignore")
        seconds = time.perf_counter() - start
        parameters = sum(v[0, 0].size for v in fit.idata["posterior"].to_dataset().values())
        taken.append(
            {"seconds": seconds, "megabytes": _peak_megabytes() - before, "parameters": int(parameters)}
        )
    return {"imports": imports, "fits": taken}


def _peak_megabytes(*, reset: bool = False) -> float:
    """The most memory held since the last reset.

    Linux keeps it by process image; `getrusage` would begin with what the parent held when it started this process.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 2**10


if __name__ == "__main__":
    print(json.dumps(_fit_each(json.loads(sys.argv[1]))))
