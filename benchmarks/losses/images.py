"""Drawings with an ordered degree of damage, made here: no data to download, and new ones for every repetition.

Each image shows one bright shape (disc, square, triangle or ring) of random size, place, angle and brightness on a
noisy ground. Bites are taken out of it until a share of its area is lost. An inspector grades what he sees, not quite
surely: the grade is where the lost share, plus logistic noise, falls between four bounds. So no network can be right
always, and the probabilities that are best are known to be neither 0 nor 1.
"""

from __future__ import annotations

import numpy as np

__all__ = ["BOUNDS", "N_GRADES", "SHAPES", "SIZE", "draw"]

SIZE = 24
MOST_LOST = 0.6
BOUNDS = (0.08, 0.18, 0.32, 0.46)
"""Of the lost share, between the five grades."""
UNSURE = 0.02
"""Scale of the logistic noise of the inspector."""
GROUND = 0.1
"""Standard deviation of the noise of each pixel."""
N_GRADES = len(BOUNDS) + 1

_axis = (np.arange(SIZE) + 0.5) / SIZE * 2 - 1
_X, _Y = np.meshgrid(_axis, _axis)
_SOFT = 2 / SIZE  # an edge goes from dark to bright over one pixel


def _disc(x, y):
    return np.hypot(x, y) - 1


def _square(x, y):
    return np.maximum(np.abs(x), np.abs(y)) - 0.85


def _triangle(x, y):
    return np.maximum(np.abs(x) * np.sqrt(0.75) + y / 2, -y) - 0.55


def _ring(x, y):
    return np.abs(np.hypot(x, y) - 0.75) - 0.25


SHAPES = {"disc": _disc, "square": _square, "triangle": _triangle, "ring": _ring}
"""Distance to the edge, negative inside, of shapes about the origin and of size 1."""


def draw(n_images: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, their grades, and what the grades are about.

    Parameters
    ----------
    n_images : int
    seed : int

    Returns
    -------
    array (n, SIZE, SIZE, 1), float32
        Brightness, 0 to 1.
    array (n,) of int
        Grades 0 (whole) to 4.
    array (n,)
        Share of the shape's area that is lost.
    """
    rng = np.random.default_rng(seed)
    images, lost = np.empty((n_images, SIZE, SIZE, 1), dtype=np.float32), np.empty(n_images)
    for i in range(n_images):
        images[i, :, :, 0], lost[i] = _one(rng)
    grades = np.searchsorted(BOUNDS, lost + UNSURE * rng.logistic(size=n_images))
    return images, grades, lost


def _one(rng) -> tuple[np.ndarray, float]:
    """An image, and the share of the shape that it lost."""
    shape = list(SHAPES.values())[rng.integers(len(SHAPES))]
    size, angle = rng.uniform(0.5, 0.8), rng.uniform(0, 2 * np.pi)
    centre = rng.uniform(-1, 1, size=2) * (1 - size)
    x, y = (_X - centre[0]) / size, (_Y - centre[1]) / size
    x, y = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    whole = _filled(size * shape(x, y))
    kept, aim = whole.copy(), MOST_LOST * rng.beta(0.8, 1.3)
    while 1 - kept.sum() / whole.sum() < aim:
        kept *= 1 - _bite(rng, kept)
    seen = rng.uniform(0.55, 0.9) * kept + GROUND * rng.normal(size=kept.shape) + 0.1
    return np.clip(seen, 0, 1), 1 - kept.sum() / whole.sum()


def _bite(rng, kept) -> np.ndarray:
    """A small disc about a pixel that is still there."""
    at = rng.choice(kept.size, p=kept.ravel() / kept.sum())
    radius = rng.uniform(0.08, 0.22)
    return _filled(np.hypot(_X - _X.flat[at], _Y - _Y.flat[at]) - radius)


def _filled(distance) -> np.ndarray:
    return np.clip(0.5 - distance / _SOFT, 0, 1)
