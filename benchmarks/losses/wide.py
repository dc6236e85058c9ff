"""A wide embedding: how long a head on 512 columns of 5,000 rows takes, and how much memory."""

from __future__ import annotations

import json
import resource
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np

__all__ = ["COMPONENTS", "embedding", "measure", "measured"]

ROWS, COLUMNS, NEW = 5000, 512, 1000
CORES = 2
COMPONENTS = (None, 64)
FILE = "wide.json"


def embedding(n_rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rectified units (n, 512), float32, of 40 hidden numbers, three of which the five categories depend on."""
    weights = np.random.default_rng(0).normal(size=(40, COLUMNS)) / 6
    rng = np.random.default_rng([seed, n_rows])
    hidden = rng.normal(size=(n_rows, 40))
    units = np.maximum(hidden @ weights + 0.3 * rng.normal(size=(n_rows, COLUMNS)), 0)
    latent = hidden[:, :3].sum(axis=1) + 0.5 * rng.logistic(size=n_rows)
    return units.astype(np.float32), np.searchsorted([-2.0, -0.7, 0.7, 2.0], latent)


def measure(folder: Path) -> None:
    """Measure in fresh processes, and keep what was found."""
    if (folder / FILE).exists():
        return
    found = []
    for n_components in COMPONENTS:
        with get_context("spawn").Pool(1) as pool:
            found.append(pool.apply(_one, (n_components,)))
        print(found[-1], flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(found))


def measured(folder: Path) -> list[dict]:
    """What `measure` found; nothing before it has been called."""
    path = folder / FILE
    return json.loads(path.read_text()) if path.exists() else []


def _one(n_components: int | None) -> dict:
    from sklearn.metrics import cohen_kappa_score

    import bayesord as bo
    from bayesord.neural import NeuralFeatures

    units, y = embedding(ROWS + NEW)
    small, few = embedding(200)
    bo.fit(
        small[:, :5], few, random_seed=1, progressbar=False, on_fail="ignore"
    )  # compiled functions are loaded
    before = _peak()
    began = time.perf_counter()
    features = NeuralFeatures(n_components=n_components)
    columns = features.fit_transform(units[:ROWS])
    embedded = time.perf_counter()
    how = {
        "categories": range(5),
        "random_seed": 1,
        "progressbar": False,
        "on_fail": "ignore",
        "cores": CORES,
    }
    fit = bo.fit(columns, y[:ROWS], **how)
    fitted = time.perf_counter()
    labels = fit.predict(features.transform(units[ROWS:]), decision="qwk")
    decided = time.perf_counter()
    return {
        "n_columns": columns.shape[1],
        "embed": embedded - began,
        "fit": fitted - embedded,
        "decide": decided - fitted,
        "before": before,
        "peak": _peak(),
        "qwk": float(cohen_kappa_score(y[ROWS:], labels, weights="quadratic")),
        "verdict": str(fit.verdict.level),
    }


def _peak() -> float:
    """Largest memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
