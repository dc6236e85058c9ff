"""Colours that keep their order for every kind of colour vision, and in print."""

from __future__ import annotations

import numpy as np

__all__ = ["category_colours"]


def category_colours(n_categories: int) -> np.ndarray:
    """(K, 4) colours from dark to light, ordered and safe for colour-blind readers.

    Examples
    --------
    >>> category_colours(3).shape
    (3, 4)
    """
    from matplotlib import colormaps

    return colormaps["viridis"](np.linspace(0.02, 0.98, n_categories))
