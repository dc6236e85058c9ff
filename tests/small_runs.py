"""Short runs of the wine data, with a checkpoint or without, and their bits."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

import bayesord as bo

FIT = {"draws": 60, "tune": 50, "chains": 3, "random_seed": 5, "progressbar": False, "on_fail": "ignore"}


def fitted(wine, folder=None, formula="rating ~ temp + contact", **changes):
    where = {} if folder is None else {"checkpoint": folder}
    return bo.fit(formula, wine, **(FIT | where | changes))


def bits(fit) -> str:
    """All draws, statistics and derived numbers."""
    groups = [fit.idata[name] for name in ("posterior", "sample_stats", "log_likelihood")]
    found = sha256()
    for group in groups:
        for name in sorted(group.data_vars):
            found.update(f"{name} {group[name].dtype} {group[name].shape}".encode())
            found.update(np.ascontiguousarray(group[name].values).tobytes())
    return found.hexdigest()


def chains_in(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if "chain" in path.name)
