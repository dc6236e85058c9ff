"""A line through points, and how far it may stray if there is nothing to see."""

from __future__ import annotations

import numpy as np

__all__ = ["local_line"]

_GRID_POINTS = 80
_MOST_POINTS = 2000
_SPAN = 0.5  # of the points have a say at each place


def local_line(x: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Local linear regression of r on x with tricube weights on the nearest half of the points.

    Parameters
    ----------
    x, r : (n,) arrays

    Returns
    -------
    grid, line, error : (g,) arrays
        Places, heights, and the standard error of a height in units of the standard deviation of r.

    Notes
    -----
    Cleveland (1979), doi:10.1080/01621459.1979.10481038. Of many points neighbours are averaged first.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0, 1, 50)
    >>> grid, line, _ = local_line(x, 3 * x - 1)
    >>> bool(np.allclose(line, 3 * grid - 1))
    True
    """
    order = np.argsort(x, kind="stable")
    parts = np.array_split(order, min(len(x), _MOST_POINTS))
    count = np.array([len(part) for part in parts], dtype=float)
    starts = np.cumsum(np.r_[0, count[:-1]]).astype(int)
    at, height = (np.add.reduceat(v[order], starts) / count for v in (x, r))
    grid = np.unique(np.quantile(at, np.linspace(0, 1, _GRID_POINTS)))
    near = max(2, int(np.ceil(_SPAN * len(at))))
    line, error = np.empty((2, len(grid)))
    for i, place in enumerate(grid):
        distance = np.abs(at - place)
        width = np.partition(distance, near - 1)[near - 1]
        width = max(width, np.min(distance[distance > 0], initial=np.inf) * (1 + 1e-9)) * (1 + 1e-9)
        weight = count * np.clip(1 - (distance / width) ** 3, 0, None) ** 3
        mean = weight @ at / weight.sum()
        spread = weight @ (at - mean) ** 2
        tilt = (place - mean) * (at - mean) / spread if spread > 1e-12 * weight.sum() * width**2 else 0.0
        share = weight * (1 / weight.sum() + tilt)
        line[i], error[i] = share @ height, np.sqrt((share**2 / count).sum())
    return grid, line, error
