"""Cutpoints and their coordinates: the first cutpoint, then the logs of the gaps ("steps")."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

__all__ = ["MIN_LOG_GAP", "cutpoint_labels", "cutpoints_from_steps", "step_labels", "steps_from_cutpoints"]

MIN_LOG_GAP = -700.0  # exp of less is not a number that doubles can tell from zero


def cutpoint_labels(categories) -> list[str]:
    """["1|2", "2|3", ...]: each cutpoint by the categories it parts."""
    return [f"{low}|{high}" for low, high in pairwise(categories)]


def step_labels(categories) -> list[str]:
    """["1|2", "log width 2", ...]: the first cutpoint, then each middle category, whose gap it is."""
    return [*cutpoint_labels(categories)[:1], *(f"log width {category}" for category in categories[1:-1])]


def steps_from_cutpoints(cutpoints: np.ndarray) -> np.ndarray:
    """First cutpoint and logs of the gaps, along the last axis; a gap of zero becomes the smallest that counts."""
    with np.errstate(divide="ignore"):
        gaps = np.maximum(np.log(np.diff(cutpoints, axis=-1)), MIN_LOG_GAP)
    return np.concatenate([cutpoints[..., :1], gaps], axis=-1)


def cutpoints_from_steps(steps: np.ndarray) -> np.ndarray:
    """The inverse of `steps_from_cutpoints`, along the last axis."""
    return np.cumsum(np.concatenate([steps[..., :1], np.exp(steps[..., 1:])], axis=-1), axis=-1)
