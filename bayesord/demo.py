"""The demonstration behind `make demo`: a real fit, what it says, and a figure.

python -m bayesord.demo
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import bayesord as bo

__all__ = ["condition_table", "main"]

_FIGURE = Path("demo-output") / "wine.png"


def condition_table(fit, conditions: pd.DataFrame, prob: float = 0.9) -> pd.DataFrame:
    """Category probabilities of each condition in per cent, as text: posterior mean and equal-tailed interval.

    Parameters
    ----------
    fit : OrdinalFit
    conditions : DataFrame
        One row for each condition, with the columns of the formula.
    prob : float
        Probability of the intervals.

    Returns
    -------
    DataFrame of str, one row per condition, one column per category
    """
    probs = 100 * fit.category_probs(conditions).values.reshape(
        -1, len(conditions), len(fit.design.categories)
    )
    mean = probs.mean(axis=0)
    low, high = np.quantile(probs, [(1 - prob) / 2, (1 + prob) / 2], axis=0)
    cells = [
        [f"{m:.0f} ({a:.0f} to {b:.0f})" for m, a, b in zip(*row, strict=True)]
        for row in zip(mean, low, high, strict=True)
    ]
    names = [", ".join(map(str, row)) for row in conditions.itertuples(index=False)]
    return pd.DataFrame(cells, index=names, columns=[str(c) for c in fit.design.categories])


def main() -> None:
    """Fit the wine data and print what the fit says."""
    wine = bo.datasets.load_wine()
    print(f"bayesord {bo.__version__}: bitterness of wine, 9 judges and 8 bottles (Randall 1989)")
    print("Sampling by NUTS; the first fit of a process loads the sampler, a few seconds", flush=True)
    fit = bo.fit("rating ~ temp + contact", wine, random_seed=1)
    _section("The fit: P(rating <= k) = F(cutpoint k - eta); a positive coefficient moves ratings up", fit)

    conditions = wine[["temp", "contact"]].drop_duplicates(ignore_index=True)
    table = condition_table(fit, conditions)
    _section(
        "Probability of each rating in %, with its 90 % interval, by temp and contact", table.to_string()
    )

    expected = fit.expected_qwk(random_seed=1)
    _section("How well the best labels for these bottles will agree with the next ratings", expected)
    labels = pd.DataFrame(
        {name: fit.predict(conditions, decision=name) for name in ("qwk", "mode", "median")},
        index=table.index,
    )
    labels.columns = ["best for QWK", "most probable", "median"]
    _section("The best label of a condition depends on what labels are judged by", labels.to_string())

    figure = Figure(figsize=(6.4, 3.2), layout="constrained")  # not pyplot's, which may want a screen
    fit.plot_category_probs(ax=figure.subplots())
    _FIGURE.parent.mkdir(exist_ok=True)
    figure.savefig(_FIGURE, dpi=150)
    print(f"\nThe figure: {_FIGURE.resolve()}")


def _section(title: str, content) -> None:
    print(f"\n{title}\n\n{content}")


if __name__ == "__main__":
    main()
