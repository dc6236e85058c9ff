"""Finished chains on disk: what is done is not done again, and a run that goes on ends as if it had never stopped.

    folder/
      run                                what the run is: data, model, settings, seeds, versions, processor
      target-accept-0.8-chain-2          the draws of one finished chain, in the coordinates that NUTS sampled
      lock                               held while a run writes here; the system lets go of it when the process ends

Every file is written whole or not at all, and carries a checksum. A chain depends on its own seed alone, so the missing
ones can be sampled later, to the bit as they would have been: as long as nothing differs, which is looked at first.
"""

from __future__ import annotations

import errno
import re
import shutil
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np

from bayesord.archive import Arrays, Lock, read_archive, write_archive
from bayesord.archive.atomic import UNFINISHED
from bayesord.checks import name_list
from bayesord.inference.fingerprints import describe_machine, describe_run, digest
from bayesord.inference.nuts import Chain, chain_seeds
from bayesord.likelihood.links import Link
from bayesord.modelling.design import Design
from bayesord.modelling.priors import Priors

__all__ = ["Checkpoint", "Stage"]

_RUN, _LOCK = "run", "lock"
_STATISTICS = 20  # about as many a draw
_SHOWN = 160
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Checkpoint:
    """A folder for the chains of one run, locked from when it is made to `close`.

    Parameters
    ----------
    folder : str or path
        Made where it does not exist.
    resume : bool
        Whether to go on with the run that is there; where none is, one begins.
    design, link, priors
        The model.
    random_seed
        None draws one, which is kept.
    settings : dict
        draws, tune, chains, target_accept.

    Attributes
    ----------
    seeds : list of int
        One a chain.

    Raises
    ------
    ValueError
        For a folder that holds another run, other files, or a run where `resume` is False.
    OSError
        For a folder that cannot be written, is used by another process, or has no room for the draws.
    """

    def __init__(
        self,
        folder,
        *,
        resume: bool,
        design: Design,
        link: Link,
        priors: Priors,
        random_seed,
        settings: dict,
    ):
        self.folder = Path(folder)
        self._lock = Lock(self.folder / _LOCK)
        self._make()
        try:
            described = describe_run(design, link, priors, settings) | describe_machine()
            self.seeds = self._begin(resume, described, random_seed, settings["chains"])
            self.run = digest((described, self.seeds))
            self._check_room(design, settings)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *exc) -> None:
        self.close()

    def close(self) -> None:
        """Let others have the folder."""
        self._lock.release()

    def stage(self, target_accept: float, coordinates: str) -> Stage:
        """The chains sampled at one `target_accept`, in coordinates of this digest."""
        return Stage(self, f"target-accept-{target_accept:g}", coordinates)

    def _make(self) -> None:
        """The folder itself, and the lock on it."""
        if self.folder.exists() and not self.folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "checkpoint= takes a folder", str(self.folder))
        try:
            if self.folder.exists() and not (self.folder / _LOCK).exists():
                self._contents()  # before a lock is left among someone else's files
            self.folder.mkdir(parents=True, exist_ok=True)
            free = self._lock.acquire()
        except OSError as error:
            text = f"checkpoint= cannot be written ({error.strerror}): give another folder"
            raise type(error)(error.errno, text, str(self.folder)) from error
        if not free:
            text = "checkpoint= is in use by another run: wait for it, or give another folder"
            raise BlockingIOError(errno.EWOULDBLOCK, text, str(self.folder))

    def _begin(self, resume: bool, described: dict, random_seed, chains: int) -> list[int]:
        """The seeds of the run that is there, once it is known to be the same; or of a new one, noted down."""
        for leftover in self.folder.glob(f".*{UNFINISHED}"):
            leftover.unlink()
        path = self.folder / _RUN
        if _RUN in self._contents():
            if not resume:
                raise ValueError(
                    f"checkpoint={str(self.folder)!r} holds a run already: pass resume=True to go on with it, or give "
                    "another folder"
                )
            there = read_archive(path, "the note of a run", lambda text, _: _checked_note(text))
            seeds = (
                there["seeds"] if random_seed is None and there["drawn"] else chain_seeds(random_seed, chains)
            )
            self._compare(there, described, seeds)
            return seeds
        drawn = random_seed is None
        seeds = chain_seeds(random_seed, chains)
        write_archive(path, {"described": described, "drawn": drawn, "seeds": seeds}, Arrays())
        return seeds

    def _contents(self) -> list[str]:
        """What is in the folder beside the lock: a run, or nothing; ValueError for other files."""
        names = sorted(path.name for path in self.folder.iterdir())
        here = [name for name in names if name != _LOCK and not name.endswith(UNFINISHED)]
        if here and _RUN not in here:
            raise ValueError(
                f"checkpoint={str(self.folder)!r} holds files that are no checkpoint ({name_list(here, 3)}): give "
                "another folder"
            )
        return here

    def _compare(self, there: dict, described: dict, seeds: list[int]) -> None:
        before = there["described"]
        names = [name for name in {**before, **described} if before.get(name) != described.get(name)]
        said = [f"{name}{_told(before.get(name), described.get(name))}" for name in names]
        if not names and there["seeds"] != seeds:
            said = ["random_seed"]
        if said:
            raise ValueError(
                f"checkpoint={str(self.folder)!r} holds another run. What differs: {'; '.join(said)}. Its chains cannot "
                "be mixed with new ones: give another folder"
            )

    def _check_room(self, design: Design, settings: dict) -> None:
        """ENOSPC where the folder has no room for the chains to come; the draws of each are as many as coordinates."""
        effects = sum(term.n_groups * term.n_terms + term.n_terms**2 for term in design.groups)
        numbers = len(design.categories) + len(design.predictors) + effects + _STATISTICS
        needed = 8 * settings["chains"] * settings["draws"] * numbers
        needed -= sum(path.stat().st_size for path in self.folder.iterdir())
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            text = f"{free / 1e6:,.1f} MB are free, and the chains need {needed / 1e6:,.1f} MB"
            raise OSError(errno.ENOSPC, text, str(self.folder))


def _checked_note(text: dict) -> dict:
    described, seeds = text["described"], text["seeds"]
    if not all(isinstance(part, str) for pair in described.items() for part in pair):
        raise ValueError("its words are none")
    if not all(type(seed) is int for seed in seeds) or type(text["drawn"]) is not bool:
        raise ValueError("its seeds are none")
    return text


def _told(then: str | None, now: str | None) -> str:
    """Both, unless they are digests, which say nothing to anyone."""
    values = ["none" if value is None else value for value in (then, now)]
    if any(_DIGEST.fullmatch(value) for value in values):
        return ""
    before, after = (value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "..." for value in values)
    return f" ({before} then, {after} now)"


class Stage:
    """The chains of one pass of sampling: `found` those on disk, by number; `keep` puts down another.

    A chain that cannot be written stays in memory, is tried again at the end, and is warned of.
    """

    def __init__(self, checkpoint: Checkpoint, name: str, coordinates: str):
        self._checkpoint, self._name, self._coordinates = checkpoint, name, coordinates
        self._waiting: dict[int, Chain] = {}
        self.found: dict[int, Chain] = {}
        for number in range(len(checkpoint.seeds)):
            path = self._path(number)
            if path.exists():
                with suppress(_Damaged):
                    self.found[number] = self._read(number, path)

    def keep(self, number: int, chain: Chain) -> None:
        """Write one finished chain."""
        self._waiting[number] = chain
        with suppress(OSError):
            self._write(number)

    def finish(self) -> None:
        """Try again what could not be written; warn of what still cannot."""
        lost = []
        for number in list(self._waiting):
            try:
                self._write(number)
            except OSError as error:
                lost.append((number, error))
        if lost:
            numbers = ", ".join(str(number) for number, _ in lost)
            warnings.warn(
                f"checkpoint: chain {numbers} could not be written ({lost[0][1].strerror}). Its draws are in the fit, and "
                "not on disk: save the fit",
                UserWarning,
                stacklevel=2,
            )

    def _path(self, number: int) -> Path:
        return self._checkpoint.folder / f"{self._name}-chain-{number}"

    def _write(self, number: int) -> None:
        chain, arrays = self._waiting[number], Arrays()
        text = self._header(number) | {
            "tuning_gradients": chain.tuning_gradients,
            "draws": [[name, arrays.put(values, name)] for name, values in chain.draws.items()],
            "stats": [[name, arrays.put(values, name)] for name, values in chain.stats.items()],
        }
        write_archive(self._path(number), text, arrays, overwrite=True)
        del self._waiting[number]

    def _header(self, number: int) -> dict:
        return {
            "run": self._checkpoint.run,
            "stage": self._name,
            "chain": number,
            "coordinates": self._coordinates,
        }

    def _read(self, number: int, path: Path) -> Chain:
        try:
            text, chain = read_archive(path, "a finished chain", _read_chain)
        except ValueError as error:
            print(f"bayesord: {error}; chain {number} is sampled again", file=sys.stderr)
            raise _Damaged from error
        header = self._header(number)
        if any(text[name] != header[name] for name in ("run", "stage", "chain")):
            raise ValueError(f"{path} is a chain of another run: give another folder")
        if text["coordinates"] != header["coordinates"]:
            raise ValueError(
                f"{path} was sampled in other coordinates than are found now: linear algebra gives other last bits with "
                "another number of processors or another library. Resume under the same conditions, or give another "
                "folder"
            )
        return chain


class _Damaged(Exception):
    """A file that cannot be used and may be replaced."""


def _read_chain(text: dict, arrays: Arrays) -> tuple[dict, Chain]:
    draws, stats = ({str(name): arrays.get(own) for name, own in text[part]} for part in ("draws", "stats"))
    lengths = {len(values) for values in (*draws.values(), *stats.values())}
    if len(lengths) != 1 or draws["x"].dtype != np.float64 or draws["x"].ndim != 2:
        raise ValueError("its draws do not go together")
    return text, Chain(draws, stats, int(text["tuning_gradients"]))
