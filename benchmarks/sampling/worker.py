"""One fit in a process of its own: `python -m benchmarks.sampling.worker PEER PRIOR FOLDER SETTINGS`.

Reads data.npz in the folder; writes draws.npz and figures.json there.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.sampling import peers


def _cpu_seconds() -> float:
    """Processor time of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def main(peer: str, prior: str, folder: str, settings: str) -> None:
    data = np.load(Path(folder) / "data.npz")
    X, y, groups = data["X"], data["y"], data["groups"]
    began = time.perf_counter()
    fit = getattr(peers, peer)(prior)
    imported, cpu = time.perf_counter(), _cpu_seconds()
    outcome = fit(X, y, groups, peers.Settings(**json.loads(settings)))
    seconds, cpu_seconds = time.perf_counter() - imported, _cpu_seconds() - cpu
    figures = {
        "seconds_import": imported - began,
        "seconds": seconds,
        "seconds_cpu": cpu_seconds,
        "seconds_sampling": outcome.seconds_sampling,
        "gradients_per_draw": outcome.gradients_per_draw,
        "remark": outcome.remark,
        **outcome.details,
    }
    np.savez(Path(folder) / "draws.npz", **outcome.draws)
    (Path(folder) / "figures.json").write_text(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
