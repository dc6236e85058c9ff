"""What `expected_qwk` returns, and how it reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord import html

__all__ = ["ExpectedQWK", "interval"]


def interval(draws: np.ndarray, probability: float) -> tuple[float, float]:
    """The interval that leaves equal shares of the draws on both sides; its ends are draws.

    Where few rows are informative kappa takes few values. Interpolating between two of them would cut off one
    that the next score may well take, so an end that falls between two draws moves outwards.

    Examples
    --------
    >>> interval(np.array([0.0, 0.2, 0.4, 0.6]), 0.5)
    (0.0, 0.6)
    """
    low = np.quantile(draws, (1 - probability) / 2, method="lower")
    return float(low), float(np.quantile(draws, (1 + probability) / 2, method="higher"))


@dataclass(frozen=True, eq=False)
class ExpectedQWK:
    """Expected quadratic weighted kappa of labels for n rows.

    Attributes
    ----------
    value : float
        Mean of the score that these rows will get.
    mcse : float
        Monte Carlo standard error of `value`: what more draws would still change.
    next_score_interval : (float, float)
        Where the score of the next answers to these n rows will lie, with the given probability.
    population_interval : (float, float)
        Where the score would settle if answers to these rows were collected for ever. Narrower: it leaves out
        the chance in the answers.
    labels : array (n,)
        The labels that are scored, as codes 0..K-1.
    plugin : float
        E[A]/E[B] of the labels, which optimal labels maximise.
    upper_bound : float
        No labels have a larger `plugin`.
    draws : array (S,)
        The score of replicated answers, one for every posterior draw.
    population_draws : array (S,)
        The population value of every posterior draw.
    probability : float
        Of both intervals.
    method : str
        How `value` was computed.
    replicates : "tanh-normal" or "simulated"
        How `draws` were.

    Examples
    --------
    >>> import numpy as np
    >>> from bayesord.predictive.kappa import expected_qwk
    >>> from bayesord.predictive.probabilities import LinearDraws
    >>> rng = np.random.default_rng(1)
    >>> X, beta = rng.normal(size=(200, 1)), rng.normal(1.5, 0.2, size=(1000, 1))
    >>> draws = LinearDraws("logit", X, beta, [[-1.0, 1.0]] + rng.normal(0, 0.1, size=(1000, 2)))
    >>> print(expected_qwk(draws, random_seed=1))
    Expected QWK 0.511 (Monte Carlo error 0.001), 200 rows
      score of the next answers to these rows   0.390 to 0.611 with probability 90 %
      population value, given endless answers   0.433 to 0.581 with probability 90 %
      plug-in value of the labels 0.512, of any labels at most 0.552
    """

    value: float
    mcse: float
    next_score_interval: tuple[float, float]
    population_interval: tuple[float, float]
    labels: np.ndarray
    plugin: float
    upper_bound: float
    draws: np.ndarray
    population_draws: np.ndarray
    probability: float
    method: str
    replicates: str

    def _lines(self) -> list[tuple[str, tuple[float, float], str]]:
        """Name, interval and its words."""
        named = {
            "score of the next answers to these rows": self.next_score_interval,
            "population value, given endless answers": self.population_interval,
        }
        chance = f"with probability {100 * self.probability:.6g} %"
        return [
            (name, (low, high), f"{low:.3f} to {high:.3f} {chance}") for name, (low, high) in named.items()
        ]

    def _title(self) -> str:
        return f"Expected QWK {self.value:.3f} (Monte Carlo error {self.mcse:.3f}), {self.labels.size:,} rows"

    def _bound(self) -> str:
        return f"plug-in value of the labels {self.plugin:.3f}, of any labels at most {self.upper_bound:.3f}"

    def __str__(self) -> str:
        lines = [f"  {name}   {text}" for name, _, text in self._lines()]
        return "\n".join([self._title(), *lines, f"  {self._bound()}"])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines = self._lines()
        span = min(0.0, *(low for _, (low, _), _ in lines)), 1.0
        rows = [[name, text, html.interval_bar(ends, self.value, span)] for name, ends, text in lines]
        title = html.Markup(f"<b>{html.escape(self._title())}</b>")
        shown = html.table(["", "", ""], rows, words=(0, 1, 2))
        return html.block(html.paragraph(title), shown, html.paragraph(self._bound()))
