"""A sum of terms met with data: the columns it stands for, by the coding that the training rows taught."""

from __future__ import annotations

from math import prod

import numpy as np
import pandas as pd
from formulae.environment import Environment
from formulae.terms import Intercept

from bayesord.modelling.expressions import Columns, Learned, build_terms
from bayesord.modelling.syntax import Part
from bayesord.modelling.transforms import FUNCTIONS

__all__ = ["TermMap"]

_EMPTY = Environment([{}])
MOST_COLUMNS = 10_000
"""Of all terms of one formula: contrasts take the square of a term's."""

MOST_BYTES = 8e9
"""Of X; formulae holds it twice while it is made."""


class TermMap:
    """The columns of one sum of terms, by the coding that the training rows taught it.

    Parameters
    ----------
    part : Part
    intercept : bool
        Whether the terms stand beside an intercept: without one the first factor gets a column for every level.

    Attributes
    ----------
    names : tuple of str
        Of the columns, such as ``"temp[warm]"``, known once the training rows are; the intercept has none.
    """

    def __init__(self, part: Part, *, intercept: bool) -> None:
        self.part, self.intercept = part, intercept
        self.names: tuple[str, ...] = ()
        self._terms: list = []

    def learn(self, columns: Columns, learned: Learned) -> np.ndarray:
        """The columns of the training rows, (n, q)."""
        model = build_terms(self.part.summands, learned, intercept=self.intercept)
        least = sum(_least_columns(term, columns) for term in model.common_terms)
        size = least * columns.n_rows * 8
        if least > MOST_COLUMNS or size > MOST_BYTES:
            raise ValueError(
                f"its terms make at least {least:,} columns for {columns.n_rows:,} rows, {size / 1e9:,.1f} GB; the limits "
                f"are {MOST_COLUMNS:,} columns and {MOST_BYTES / 1e9:.0f} GB. Merge levels, or leave interactions out."
            )
        model.eval(columns, _EMPTY)
        self._terms = [term for term in model.common_terms if not isinstance(term, Intercept)]
        coded = _stack([term.data for term in self._terms], columns.n_rows)
        self.names = tuple(
            label for term in self._terms for label in term.labels
        )  # only of what could be coded
        return coded

    def restore(self, columns: Columns, learned: Learned, names: list[str]) -> None:
        """Learn again, from stand-in rows and stored transforms, the coding that made columns of these names.

        ValueError where terms and levels make others, before anything large is computed.
        """
        model = build_terms(self.part.summands, learned, intercept=self.intercept)
        for term in model.common_terms:
            least = _least_columns(term, columns)
            if least > min(len(names), MOST_COLUMNS):
                raise ValueError(f"{term.name} makes more columns than can be: at least {least}")
        self.learn(columns, learned)
        if self.names != tuple(names):
            raise ValueError("the formula makes other columns than were stored")
        self.forget_rows()

    def rows(self, columns: Columns) -> np.ndarray:
        """The columns of new rows, (n, q)."""
        return _stack([term.eval_new_data(columns) for term in self._terms], columns.n_rows)

    def forget_rows(self) -> None:
        """Keep what was learned and not the training rows, of which formulae holds two copies."""
        for term in self._terms:
            term.data = None
            for component in term.components:
                component.value = component._intermediate_data = None


def _least_columns(term: object, columns: Columns) -> int:
    """A lower bound on the columns of a term, before anything of it is computed."""
    if isinstance(term, Intercept):
        return 0
    return prod(_least_of_part(part, columns) for part in term.components)


def _least_of_part(part: object, columns: Columns) -> int:
    """Of a variable or a call in a term: levels but one, or the columns that a basis is asked for."""
    call = getattr(part, "call", None)
    if call is None:
        factor = columns.values[part.name]
    elif FUNCTIONS[call.callee].kind == "factor":
        factor = columns.factors[call.argument.name]
    elif FUNCTIONS[call.callee].kind == "basis":
        return max(1, dict(call.options).get("df", dict(call.options).get("degree", 1)))
    else:
        return 1
    return max(1, len(factor.categories) - 1) if isinstance(factor, pd.Categorical) else 1


def _stack(parts: list[np.ndarray], n: int) -> np.ndarray:
    columns = [np.asarray(part, dtype=np.float64).reshape(n, -1) for part in parts]
    return np.ascontiguousarray(np.hstack(columns)) if columns else np.empty((n, 0))
