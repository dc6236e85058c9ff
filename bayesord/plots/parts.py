"""What several figures share."""

from __future__ import annotations

from textwrap import fill

import numpy as np

from bayesord.modelling.covariates import given_offset
from bayesord.plots.colours import category_colours

__all__ = [
    "bare",
    "category_legend",
    "few",
    "legend_above",
    "legend_columns",
    "legend_height",
    "longest",
    "mean_offset",
    "new_axes",
    "plain",
    "said",
    "wrapped",
]

_MOST_NAMES = 4  # of covariates beside a row


def new_axes(width: float, height: float):
    """Axes on a figure of their own."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def bare(ax, *sides: str) -> None:
    """Take away the frame, but for `sides`."""
    ax.spines[[side for side in ("left", "right", "top", "bottom") if side not in sides]].set_visible(False)


def legend_columns(names, width: float = 6.4) -> int:
    """How many names find room beside each other in so many inches, on lines that are as even as they can be."""
    room = 12 * width // (max(len(str(name)) for name in names) + 5)
    lines = -(-len(names) // int(np.clip(room, 1, min(len(names), 8))))
    return -(-len(names) // lines)


def legend_height(names, width: float = 6.4) -> float:
    """The inches that a legend of these names needs."""
    tallest = max(len(name.splitlines()) for name in _in_legend(names, width))
    return 0.3 + (0.06 + 0.15 * tallest) * -(-len(names) // legend_columns(names, width))


def category_legend(ax, response: str, categories) -> None:
    """The colours of the categories, above the axes."""
    from matplotlib.patches import Patch

    patches = [Patch(color=colour) for colour in category_colours(len(categories))]
    legend_above(ax, response, patches, categories)


def legend_above(ax, title: str, handles, names) -> None:
    """A legend above the axes, line after line; over the whole figure where it has no other axes."""
    from matplotlib.transforms import blended_transform_factory

    alone = len(ax.figure.axes) == 1
    place = ax.transAxes
    if alone:
        place = blended_transform_factory(ax.figure.transSubfigure, ax.transAxes)
    width = (ax.figure.bbox.width if alone else 1.2 * ax.bbox.width) / ax.figure.dpi
    columns, shown = legend_columns(names, width), _in_legend(names, width)
    order = [i for column in range(columns) for i in range(column, len(shown), columns)]
    ax.legend(
        [handles[i] for i in order], [shown[i] for i in order], title=plain(title), ncols=columns, loc="lower center",
        bbox_to_anchor=(0.5, 1.0), bbox_transform=place, frameon=False, handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip


def _in_legend(names, width: float) -> list[str]:
    return [wrapped(name, max(int(12 * width) - 6, 10)) for name in names]


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


def few(names: list[str]) -> list[str]:
    """The covariates that tell rows apart, or none where that would be a list of numbers: then rows go by their index."""
    return names if len(names) <= _MOST_NAMES else []


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
