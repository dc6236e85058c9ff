"""What there is to do, in worker processes; what is kept already is not done again."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import jax

from bayesord.checks import check_choice
from benchmarks.losses import convolution, data, networks, peers, wide
from benchmarks.losses.report import write
from benchmarks.losses.store import Store

__all__ = ["Job", "run"]


@dataclass(frozen=True)
class Job:
    """One method on all splits of one task."""

    task: str
    method: str
    splits: int

    def do(self, folder: Path) -> None:
        """Answer, and keep the answers."""
        store = Store(folder)
        for number, answer in self._answers(store):
            store.save(self.task, self.method, number, answer)
        jax.clear_caches()  # programs that are not needed again

    def _answers(self, store: Store):
        if self.task == convolution.TASK:
            todo = [i for i in range(self.splits) if not store.has(self.task, self.method, [i])]
            return ((i, answer) for i in todo for answer in [convolution.answer(self.method, i)])
        splits = [data.split(self.task, i) for i in range(self.splits)]
        if self.method in peers.PEERS:
            todo = [s for s in splits if not store.has(self.task, self.method, [s.seed])]
            return ((s.seed, peers.answer(self.method, s)) for s in todo)
        return enumerate(networks.answers(self.method, splits))


def tables(sets, methods, splits: int) -> list[Job]:
    """Jobs of the five tables."""
    names = methods or [*networks.OWN, *peers.PEERS, *networks.METHODS]
    return [Job(name, method, splits) for method in names for name in sets or data.SETS]


def images(methods, repetitions: int) -> list[Job]:
    """Jobs of the drawn images."""
    return [
        Job(convolution.TASK, method, repetitions)
        for method in methods or convolution.METHODS_OF_IMAGES
        if method in convolution.METHODS_OF_IMAGES
    ]


def run(options) -> None:
    """Do the parts that were asked for."""
    _check(options)
    store = Store(options.results)
    jobs = []
    if "tables" in options.parts:
        jobs += tables(options.sets, options.methods, options.splits)
    if "images" in options.parts:
        jobs += images(options.methods, options.images)
    jobs = [job for job in jobs if not store.has(job.task, job.method, range(job.splits))]
    _do(jobs, options)
    if "embeddings" in options.parts:
        wide.measure(options.results)
    if "report" in options.parts:
        write(store, options.write)


def _check(options) -> None:
    """Before an hour is spent: names that exist, and the package that has the tables."""
    for name in options.sets or ():
        check_choice("sets", name, data.SETS)
    for name in options.methods or ():
        check_choice("methods", name, (*networks.OWN, *peers.PEERS, *networks.METHODS))
    if "tables" in options.parts and find_spec("skordinal") is None:
        raise SystemExit(
            'The tables come with skordinal: pip install ".[bench]", or ask for --parts images embeddings.'
        )


def _do(jobs: list[Job], options) -> None:
    """All jobs; one that fails is told of and does not end the others."""
    began = time.perf_counter()
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(job.do, options.results): job for job in jobs}
        for done, future in enumerate(as_completed(waiting), 1):
            job, error = waiting[future], future.exception()
            said = f" failed: {error!r}" if error else ""
            passed = time.perf_counter() - began
            print(f"{passed:6.0f} s  {done}/{len(jobs)}  {job.task} {job.method}{said}", flush=True)
