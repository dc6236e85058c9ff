"""Predictions and comparisons: points with intervals, or lines with bands along a number."""

from __future__ import annotations

import numpy as np
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from bayesord.modelling.covariate_grid import label
from bayesord.plots.colours import category_colours
from bayesord.plots.parts import bare, legend_above, legend_height, longest, new_axes, plain, said, wrapped

__all__ = ["plot_effects"]

_MOST_LINES = 40  # of points, below each other
_MARKERS = "osD^vP*X<>"
_NUMBERS = ("estimate", "sd", "lower", "upper")
_LETTERS = 36  # of a name beside its line
_SPREAD = 0.62  # of the height of a line that its points share


def plot_effects(effects, *, ax=None):
    """Estimates with intervals: below each other, or as lines where the rows differ in one number.

    Parameters
    ----------
    effects : Effects
        What `fit.predictions` and `fit.comparisons` return.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For more than 40 rows that are not along a number.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> ax = plot_effects(fit.comparisons(quantity="expected_score"))
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['temp: warm - cold', 'contact: yes - no']
    """
    shown = _Shown(effects)
    along = shown.along()
    if along is None and len(shown.lines) > _MOST_LINES:
        raise ValueError(
            f"{len(shown.lines)} rows, and at most {_MOST_LINES} can be read below each other. Average with by=, or plot "
            "fewer; rows that differ in one number are drawn as lines."
        )
    ax = ax or _new_axes(shown, bool(along))
    what = said(effects.said, width=4.6)
    intervals = f"{100 * effects.prob:g} % intervals" if shown.ends is not None else ""
    if along is None:
        drawn = _points(ax, shown)
        _neutral(ax, effects, "x")
        ax.set_xlabel("\n".join(filter(None, [what, intervals and f"bars: {intervals}"])))
        ax.set_ylabel(plain(shown.about))
    else:
        drawn = _lines(ax, shown, *along)
        _neutral(ax, effects, "y")
        ax.set_ylabel(what)
        ax.set_xlabel("\n".join(filter(None, [plain(along[0]), intervals and f"bands: {intervals}"])))
    if len(shown.series) > 1:
        legend_above(ax, shown.title, drawn, shown.series)
    return ax


class _Shown:
    """The numbers as lines (rows of the figure) by series (colours): `estimate` and `ends` have these two axes.

    Categories are the series, or the lines where there would be only one; where rows differ in a number and one factor and
    there are no categories, the levels of the factor are the series.
    """

    def __init__(self, effects) -> None:
        *contrasts, cells, categories = effects.axes
        self.cells, self.series, self.title = cells.columns, [str(k) for k in categories.labels], "k"
        shape = (-1, len(self.series))
        columns = [
            effects.table[name].to_numpy().reshape(shape) for name in effects.table if name in _NUMBERS
        ]
        self.estimate, self.ends = columns[0], np.stack(columns[2:]) if len(columns) > 1 else None
        compared = contrasts[0].labels if contrasts else [""]
        self.one_contrast = len(compared) == 1
        compared = [""] if self.one_contrast else compared  # `said` names a single one
        names = ["" if self.one_contrast else f"{name} = " for name in self.cells]
        rows = [
            ", ".join(f"{name}{label(value)}" for name, value in zip(names, row, strict=True))
            for row in self.cells.itertuples(index=False)
        ]
        self.lines = [", ".join(filter(None, [c, row])) for c in compared for row in rows]
        self.about = ", ".join(self.cells) if self.one_contrast else ""
        if len(self.lines) == 1 and len(self.series) > 1:
            self.lines, self.series, self.about = self.series, [""], "k"
            self.estimate = self.estimate.T
            self.ends = None if self.ends is None else self.ends.transpose(0, 2, 1)

    def along(self) -> tuple[str, list[np.ndarray]] | None:
        """(name of the number that lines run along, positions of the rows of each line), or None."""
        numbers = [
            name
            for name, column in self.cells.items()
            if is_numeric_dtype(column) and not is_bool_dtype(column) and column.nunique() > 2
        ]
        others = [name for name in self.cells.columns if name not in numbers]
        if not self.one_contrast or len(numbers) != 1 or len(others) > (len(self.series) == 1):
            return None
        x = self.cells[numbers[0]].to_numpy(dtype=float)
        if not others:
            return numbers[0], [np.argsort(x)]
        found = self.cells.reset_index(drop=True).groupby(others[0], observed=True, sort=False).indices
        self.series, self.title = [label(value) for value in found], others[0]
        return numbers[0], [index[np.argsort(x[index])] for index in found.values()]


def _new_axes(shown: _Shown, along: bool):
    legend = legend_height(shown.series) if len(shown.series) > 1 else 0.0
    if along:
        return new_axes(6.4, 3.6 + legend)
    names = [wrapped(line, _LETTERS) for line in shown.lines]
    series = max(1, 0.55 * len(shown.series), 0.5 * max(len(name.splitlines()) for name in names))
    return new_axes(max(6.4, 4.4 + 0.08 * longest(names)), 1.5 + legend + 0.36 * len(names) * series)


def _colours(n: int) -> np.ndarray:
    return category_colours(n + 1)[:n]  # the lightest is too light for a thin line


def _points(ax, shown: _Shown) -> list:
    """Draw them; what stands for each series in the legend."""
    n, drawn = len(shown.series), []
    lanes = np.linspace(-_SPREAD / 2, _SPREAD / 2, n) if n > 1 else [0.0]
    at = np.arange(len(shown.lines))
    for j, colour in enumerate(_colours(n)):
        x = shown.estimate[:, j]
        how = {
            "color": colour,
            "fmt": _MARKERS[j % len(_MARKERS)],
            "markersize": 4.5,
            "linewidth": 1.4,
        }
        bars = None if shown.ends is None else np.abs(shown.ends[:, :, j] - x)
        drawn.append(ax.errorbar(x, at + lanes[j], xerr=bars, **how))
    ax.set_yticks(at, [wrapped(line, _LETTERS) for line in shown.lines])
    ax.set_ylim(len(at) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", alpha=0.3)
    bare(ax, "bottom")
    return drawn


def _lines(ax, shown: _Shown, name: str, rows: list[np.ndarray]) -> list:
    """As `_points`."""
    drawn, x = [], shown.cells[name].to_numpy(dtype=float)
    pairs = (
        [(index, 0) for index in rows]
        if len(rows) > 1
        else [(rows[0], j) for j in range(shown.estimate.shape[1])]
    )
    for (index, j), colour in zip(pairs, _colours(len(pairs)), strict=True):
        drawn += ax.plot(x[index], shown.estimate[index, j], color=colour, linewidth=1.6)
        if shown.ends is not None:
            low, high = shown.ends[:, index, j]
            ax.fill_between(x[index], low, high, color=colour, alpha=0.2, linewidth=0)
    ax.set_xlim(x.min(), x.max())
    ax.grid(axis="y", alpha=0.3)
    bare(ax, "left", "bottom")
    return drawn


def _neutral(ax, effects, axis: str) -> None:
    """A line at no effect; ratios on a scale where 1/2 and 2 are equally far from it."""
    if effects.neutral is None:
        return
    if effects.is_ratio:
        getattr(ax, f"set_{axis}scale")("log")
        _plain_ticks(getattr(ax, f"{axis}axis"))
    draw = ax.axvline if axis == "x" else ax.axhline
    draw(effects.neutral, color="0.4", linewidth=0.8, linestyle="--", zorder=0)


def _plain_ticks(axis) -> None:
    """1, 2, 5, 10, ... written out."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
