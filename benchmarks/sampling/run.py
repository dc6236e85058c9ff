"""Run one package on one case in a fresh process, under a limit of time, and measure what it drew."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.sampling.peers import Peer, Settings

__all__ = ["Result", "is_installed", "run", "warm_up"]

_HERE = Path(__file__).parent


@dataclass
class Result:
    """What one run took and drew; without draws where it did not end in time or failed (`trouble` says which)."""

    name: str
    prior: str
    figures: dict = field(default_factory=dict)
    means: np.ndarray | None = None
    errors: np.ndarray | None = None
    ess_bulk: float = np.nan
    ess_tail: float = np.nan
    trouble: str = ""
    bound: float = np.nan  # ESS a second of a run that was stopped is at most this

    @property
    def per_second(self) -> float:
        """Smallest bulk ESS a second of everything but imports."""
        return self.ess_bulk / self.figures["seconds"] if self.means is not None else np.nan

    @property
    def tail_per_second(self) -> float:
        return self.ess_tail / self.figures["seconds"] if self.means is not None else np.nan


@functools.cache
def _r_has(package: str) -> bool:
    if not shutil.which("Rscript"):
        return False
    ask = f"quit(status = !requireNamespace('{package}', quietly = TRUE))"
    return subprocess.run(["Rscript", "-e", ask], capture_output=True).returncode == 0


def is_installed(peer: Peer) -> bool:
    has = _r_has if peer.language == "R" else find_spec
    return all(has(package) for package in peer.needs)


def run(name: str, prior: str, data, settings: Settings, limit: float, *, language: str = "python") -> Result:
    """Fit in a fresh process; the data (X, y, groups) go through a folder that is gone afterwards."""
    result = Result(name, prior)
    with tempfile.TemporaryDirectory() as folder:
        if language == "R":
            _write_for_r(Path(folder), *data)
            numbers = [settings.draws, settings.chains, settings.cores, settings.seed]
            command = ["Rscript", str(_HERE / "r_peer.R"), name, folder, *map(str, numbers)]
        else:
            np.savez(Path(folder) / "data.npz", **dict(zip(("X", "y", "groups"), data, strict=True)))
            command = [sys.executable, "-m", "benchmarks.sampling.worker", name, prior, folder]
            command.append(json.dumps(asdict(settings)))
        ended, trouble = _call(command, limit, settings)
        if not ended:
            result.trouble = trouble
            if trouble.startswith("over"):
                result.bound = settings.chains * settings.draws / limit
            return result
        read = _read_from_r if language == "R" else _read
        result.figures, draws = read(Path(folder), data, settings)
    if settings.draws >= 100:
        _measure(result, draws)
    return result


def warm_up(name: str, prior: str, data, settings: Settings, limit: float) -> None:
    """The same fit with ten draws: what a package keeps of its compiled code is then there."""
    run(name, prior, data, Settings(draws=10, chains=1, cores=1, seed=settings.seed), limit)


def _call(command: list[str], limit: float, settings: Settings) -> tuple[bool, str]:
    """Run to the end, or end it with all the processes that it has started."""
    threads = str(max(1, settings.cores // settings.chains))
    environment = os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    process = subprocess.Popen(
        command, cwd=_HERE.parents[1], env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        _, said = process.communicate(timeout=limit)
    except BaseException as stop:  # Ctrl-C as well: a session of its own does not hear it
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if not isinstance(stop, subprocess.TimeoutExpired):
            raise
        return False, f"over {limit:,.0f} s"
    if process.returncode == 0:
        return True, ""
    last = (said.strip().splitlines() or [f"status {process.returncode}"])[-1]
    return False, f"failed: {last[:120]}"


def _write_for_r(folder: Path, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> None:
    (folder / "size.txt").write_text(f"{X.shape[0]} {X.shape[1]} {groups.shape[1]}")
    np.asfortranarray(groups).T.tofile(folder / "groups.bin")
    np.asfortranarray(X).T.tofile(folder / "X.bin")
    y.astype(np.int64).tofile(folder / "y.bin")


def _read(folder: Path, data, settings: Settings) -> tuple[dict, dict]:
    with np.load(folder / "draws.npz") as draws:
        return json.loads((folder / "figures.json").read_text()), dict(draws)


def _read_from_r(folder: Path, data, settings: Settings) -> tuple[dict, dict]:
    lines = (line.split() for line in (folder / "figures.txt").read_text().splitlines())
    figures = {name: float(value) for name, value in lines}
    draws = np.fromfile(folder / "draws.bin").reshape(-1, settings.chains, settings.draws)
    draws = np.moveaxis(draws, 0, -1)
    X, y, groups = data
    sizes = {"beta": X.shape[1], "cutpoints": int(y.max()), "sd": groups.shape[1]}
    sizes["effects"] = draws.shape[-1] - sum(sizes.values())
    ends = np.cumsum(list(sizes.values()))
    parts = np.split(draws, ends[:-1], axis=-1)
    return figures, {name: part for name, part in zip(sizes, parts, strict=True) if part.shape[-1]}


def _measure(result: Result, draws: dict[str, np.ndarray]) -> None:
    """Means, Monte Carlo errors and ESS of the same quantities by the same code, whoever drew them."""
    from arviz_stats.base import array_stats

    x = np.concatenate(
        [
            np.atleast_3d(draws[name])
            for name in ("beta", "cutpoints", "R2", "sd", "effects")
            if name in draws
        ],
        -1,
    )
    x = np.moveaxis(x, -1, 0)
    result.means = x.mean(axis=(1, 2))
    result.errors = np.array([array_stats.mcse(v, method="mean") for v in x])
    result.ess_bulk = float(min(array_stats.ess(v, method="bulk") for v in x))
    result.ess_tail = float(min(array_stats.ess(v, method="tail", prob=(0.05, 0.95)) for v in x))
