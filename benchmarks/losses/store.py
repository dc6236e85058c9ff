"""What methods answered, in files: a run that was ended goes on where it was, and scoring needs no training."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

__all__ = ["Answer", "Store"]

OUTPUTS, PROBABILITIES, LABELS = "outputs", "probabilities", "labels"


@dataclass(frozen=True, eq=False)
class Answer:
    """What one method said on one split.

    Attributes
    ----------
    kind : "outputs", "probabilities" or "labels"
        Whether `new` are the outputs of a network whose method has this name, probabilities (n, K), or nothing
        (then there are only `native` labels).
    new : array (n, width)
        For the test rows.
    rule : array (m, width)
        For the rows from which rules are learned.
    y_rule, y : array (m,), (n,) of codes
        The answers of those rows and of the test rows.
    native : array (n,) of codes, or empty
        The method's own labels, where they do not follow from `new`.
    seconds : float
    """

    kind: str
    new: np.ndarray
    rule: np.ndarray
    y_rule: np.ndarray
    y: np.ndarray
    native: np.ndarray
    seconds: float


class Store:
    """A folder of answers, by task, method and number of the split."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    def _path(self, task: str, method: str, split: int) -> Path:
        return self.folder / task / method / f"{split}.npz"

    def has(self, task: str, method: str, splits) -> bool:
        """Whether all of these are there."""
        return all(self._path(task, method, split).exists() for split in splits)

    def save(self, task: str, method: str, split: int, answer: Answer) -> None:
        path = self._path(task, method, split)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}.part")
        with half.open("wb") as file:
            np.savez_compressed(file, **{f.name: getattr(answer, f.name) for f in fields(Answer)})
        half.replace(path)  # whole, or not there

    def load(self, task: str, method: str, split: int) -> Answer:
        with np.load(self._path(task, method, split)) as kept:
            return Answer(
                str(kept["kind"]),
                *(kept[f.name] for f in fields(Answer)[1:-1]),
                float(kept["seconds"]),
            )

    def methods(self, task: str) -> list[str]:
        return sorted(path.name for path in (self.folder / task).glob("*") if path.is_dir())

    def splits(self, task: str, method: str) -> list[int]:
        return sorted(int(path.stem) for path in (self.folder / task / method).glob("*.npz"))
