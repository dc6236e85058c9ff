"""From a layer's units to columns of a design: pooled, the dead ones dropped, standardised, turned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from bayesord.checks import check_choice, check_count, name_list

__all__ = ["Columns", "pooling"]

STEPS = 8
"""A unit is dead if it varies by no more than this many steps of its floating-point type: rounding, not signal."""


def _over_places(function) -> Callable[[np.ndarray], np.ndarray]:
    def pool(maps):
        first = maps.ndim > 3 and keras.config.image_data_format() == "channels_first"
        return function(maps, axis=tuple(range(2, maps.ndim) if first else range(1, maps.ndim - 1)))

    return pool


POOLS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": _over_places(np.mean),
    "max": _over_places(np.max),
    "flatten": lambda maps: maps.reshape(len(maps), -1),
}


def pooling(pool) -> Callable[[np.ndarray], np.ndarray]:
    """The function (n, ..., d) -> (n, d) of that name; a function as it is.

    Examples
    --------
    >>> import numpy as np
    >>> pooling("max")(np.array([[[1.0, 5.0], [2.0, 3.0]]]))
    array([[2., 5.]])
    """
    return pool if callable(pool) else POOLS[check_choice("pool", pool, POOLS)]


@dataclass(frozen=True, eq=False)
class Columns:
    """What the training rows taught about units.

    Attributes
    ----------
    layer : str
    n_units : int
    live, dead : array of int
        Units that vary over the training rows, and those that do not.
    mean, scale : array (live units,)
    components : array (components, live units) or None
    explained : array (components,) or None
        Share of the variance of each.
    names : list of str
    """

    layer: str
    n_units: int
    live: np.ndarray
    dead: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    components: np.ndarray | None
    explained: np.ndarray | None
    names: list[str]

    @classmethod
    def learn(
        cls,
        units: np.ndarray,
        layer: str,
        names=None,
        *,
        standardise: bool = True,
        n_components=None,
        step=None,
    ) -> Columns:
        """From the training rows (n, d).

        Parameters
        ----------
        units : array (n, d)
        layer : str
            For messages and names.
        names : sequence of str, optional
            Of the units.
        standardise : bool
        n_components : int or float in (0, 1), optional
        step : float, optional
            Relative precision of the units; by default that of float32.

        Raises
        ------
        ValueError
            For a single row, and where all units are constant.
        """
        n, d = units.shape
        if n < 2:
            raise ValueError(
                f"Found array with {n} sample(s) while a minimum of 2 is required: units must vary."
            )
        step = np.finfo(np.float32).eps if step is None else step
        low, high = units.min(axis=0), units.max(axis=0)
        varies = high - low > STEPS * step * np.maximum(np.abs(low), np.abs(high))
        live, dead = np.flatnonzero(varies), np.flatnonzero(~varies)
        if d and not live.size:
            raise ValueError(
                f"all {d} units of layer {layer!r} are constant over the {n} rows (the first is {low[0]:g}): the "
                "embedding says nothing about them. Dead units? Look at the layer's activation, at the scale of X, "
                "and whether training moved the weights; or take another layer."
            )
        kept = units[:, live]
        mean = kept.mean(axis=0) if standardise or n_components is not None else np.zeros(live.size)
        scale = kept.std(axis=0) if standardise else np.ones(live.size)
        names = [f"{layer}[{unit}]" for unit in range(d)] if names is None else names
        names = [names[unit] for unit in live]
        components = explained = None
        if n_components is not None:
            components, explained = _principal((kept - mean) / scale, n_components)
            names = [f"{layer}[pc{j + 1}]" for j in range(len(components))]
        return cls(layer, d, live, dead, mean, scale, components, explained, list(names))

    def transform(self, units: np.ndarray) -> np.ndarray:
        """Units (n, d) as columns (n, p)."""
        if units.shape[1] != self.n_units:
            raise ValueError(
                f"layer {self.layer!r} gives {units.shape[1]} units, {self.n_units} when it was fitted."
            )
        columns = (units[:, self.live] - self.mean) / self.scale
        return columns if self.components is None else columns @ self.components.T

    def about_dead(self, n_rows: int) -> str:
        """A sentence on the units that were dropped."""
        return (
            f"layer {self.layer!r}: {self.dead.size} of {self.n_units} units are constant over the {n_rows} rows and "
            f"dropped: {name_list(self.dead.tolist(), 20)}."
        )


def _principal(table: np.ndarray, n_components) -> tuple[np.ndarray, np.ndarray]:
    """Principal components (k, p) of centred columns (n, p), the largest first, and their shares of the variance.

    The largest weight of each is positive, so that the sign does not depend on the machine.
    """
    n, p = table.shape
    most = min(n - 1, p)
    if isinstance(n_components, float) and 0 < n_components < 1:
        wanted = None
    else:
        wanted = check_count("n_components", n_components)
        if wanted > most:
            raise ValueError(
                f"n_components={wanted} is more than the {most} that {n} rows of {p} units have."
            )
    _, singular, directions = np.linalg.svd(table, full_matrices=False)
    share = singular**2 / np.sum(singular**2)
    if wanted is None:
        wanted = min(most, int(np.searchsorted(np.cumsum(share), n_components)) + 1)
    kept = directions[:wanted]
    peak = kept[np.arange(wanted), np.abs(kept).argmax(axis=1)]
    return kept * np.sign(peak)[:, None], share[:wanted]
