"""What a notebook shows of a fitted model: its verdict, its numbers, its categories, its link and priors."""

from __future__ import annotations

import math

import pandas as pd

from bayesord import html
from bayesord.modelling.design import Design
from bayesord.modelling.prior_words import describe_priors

__all__ = ["fit_view", "mode_view"]

_MOST_ROWS = 40  # of a table; summary() has them all


def fit_view(fit) -> str:
    """HTML of an OrdinalFit."""

    def row(mean, sd, low, high, ess_bulk, ess_tail, r_hat, *_):
        n = _decimals(sd)
        interval = f"{low:.{n}f} to {high:.{n}f}"
        return [f"{mean:.{n}f}", f"{sd:.{n}f}", interval, f"{min(ess_bulk, ess_tail):,.0f}", f"{r_hat:.3f}"]

    columns = ["", "mean", "sd", "90 % interval", "ESS", "R-hat"]
    return _view(fit, fit.verdict._html(), _numbers(fit.summary(0.9), columns, row))


def mode_view(mode) -> str:
    """HTML of an OrdinalMode."""

    def row(value, se):
        return [f"{value:.{_decimals(se)}f}", f"{se:.{_decimals(se)}f}"]

    found = html.paragraph(f"Posterior mode; log-likelihood {mode.log_likelihood:.4f}")
    return _view(mode, found, _numbers(mode.summary(), ["", "mode", "standard error"], row))


def _view(fitted, found: html.Markup, numbers: html.Markup) -> str:
    design, link = fitted.design, fitted.link
    what = design.formula or f"{design.response} ~ {len(design.predictors)} columns"
    priors = "; ".join(f"{part}: {words}" for part, words in describe_priors(fitted.priors, design))
    return html.block(
        html.paragraph(html.Markup(f"<b>{html.escape(what)}</b>"), f", {design.counts.sum():,} rows"),
        found,
        *(html.paragraph(f"Note: {note}.") for note in design.notes),
        html.side_by_side(numbers, _categories(design)),
        html.paragraph(
            f"Link {link.name}: P(y ≤ k) = F(cutpoint k − eta), {link.formula}; {link.summary}. A positive coefficient "
            "moves answers up."
        ),
        html.paragraph(f"Priors: {priors}."),
    )


def _numbers(summary: pd.DataFrame, columns: list[str], row) -> html.Markup:
    """`row` makes the cells of a row out of its numbers."""
    rows = [[name, *row(*values)] for name, *values in summary.iloc[:_MOST_ROWS].itertuples()]
    return html.table(columns, rows, caption=_left_out(len(summary), "summary() has all of them"))


def _categories(design: Design) -> html.Markup:
    counts = design.counts
    named = list(zip(design.categories, counts.tolist(), strict=True))[:_MOST_ROWS]
    rows = [[category, f"{n:,}", html.bar(n / counts.max())] for category, n in named]
    caption = _left_out(len(counts), "design.categories has all of them")
    return html.table([design.response, "rows", ""], rows, caption=caption, words=(0, 2))


def _left_out(n: int, where: str) -> str:
    return f"The first {_MOST_ROWS} of {n:,}: {where}" if n > _MOST_ROWS else ""


def _decimals(sd: float) -> int:
    """As many as show three digits of a standard deviation."""
    return min(max(2 - math.floor(math.log10(sd)), 0), 9) if sd > 0 and math.isfinite(sd) else 3
