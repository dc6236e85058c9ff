"""What several figures share."""

from __future__ import annotations

from textwrap import fill

import numpy as np

from bayesord.modelling.covariates import given_offset
from bayesord.plots.colours import category_colours

__all__ = [
    "bare",
    "category_legend",
    "legend_height",
    "longest",
    "mean_offset",
    "new_axes",
    "plain",
    "said",
    "wrapped",
]


def new_axes(width: float, height: float):
    """Axes on a figure of their own."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def bare(ax, *sides: str) -> None:
    """Take away the frame, but for `sides`."""
    ax.spines[[side for side in ("left", "right", "top", "bottom") if side not in sides]].set_visible(False)


def legend_columns(categories, width: float = 6.4) -> int:
    """How many categories find room beside each other on a figure of so many inches."""
    longest = max(len(str(category)) for category in categories)
    return int(np.clip(12 * width // (longest + 5), 1, min(len(categories), 8)))


def legend_height(categories, width: float = 6.4) -> float:
    """The inches that a legend of the categories needs."""
    return 0.3 + 0.21 * -(-len(categories) // legend_columns(categories, width))


def category_legend(ax, response: str, categories) -> None:
    """The colours of the categories, above the axes."""
    from matplotlib.patches import Patch

    pairs = zip(category_colours(len(categories)), categories, strict=True)
    patches = [Patch(color=colour, label=plain(category)) for colour, category in pairs]
    columns = legend_columns(categories, ax.figure.get_figwidth())
    where = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": columns}
    ax.legend(
        handles=patches, title=plain(response), frameon=False, handlelength=1.2, columnspacing=1.2, **where
    )


def plain(name: object) -> str:
    """A name as Matplotlib shows it letter by letter: two dollar signs would make a formula of what is between."""
    return str(name).replace("$", r"\$")


def wrapped(name: object, letters: int = 18) -> str:
    """A name on as many lines as it needs, for the ticks of an axis."""
    return fill(plain(name), letters, break_long_words=False)


def longest(names) -> int:
    """Letters of the longest line of all names."""
    return max(len(line) for name in names for line in name.splitlines() or [""])


def said(*texts: str, width: float = 6.4) -> str:
    """What is said below a figure of so many inches; empty texts are left out."""
    return fill("; ".join(plain(text) for text in texts if text), int(10 * width))


def mean_offset(design, n: int, offset: object = None) -> np.ndarray | None:
    """The mean of an offset that was given as an array, for n rows of a grid, which have none of their own.

    Raises
    ------
    ValueError
        Where an offset is given for them.
    """
    if offset is not None:
        raise ValueError("offset= belongs to new rows: without new= it is at its mean.")
    given = given_offset(design)
    return None if given is None else np.full(n, np.average(given, weights=design.weights))
