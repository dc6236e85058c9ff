"""A formula met with data: the map from a DataFrame to the columns of X and of group terms, learned once, applied to
new rows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesord.checks import Problems, name_rows
from bayesord.modelling.column_reader import ColumnReader
from bayesord.modelling.expressions import Columns, Learned, evaluate
from bayesord.modelling.formula import parse_formula
from bayesord.modelling.grouping import GroupMap, tell_apart
from bayesord.modelling.groups import GroupRows, GroupTerm
from bayesord.modelling.syntax import Formula
from bayesord.modelling.terms import TermMap
from bayesord.modelling.transform_state import transform_state
from bayesord.modelling.transforms import Basis

__all__ = ["Coded", "FormulaMap"]


@dataclass(frozen=True)
class Coded:
    """Rows met with a formula: X (n, p), the sum of its offset() terms (n,) or None, its group terms."""

    X: np.ndarray
    offset: np.ndarray | None
    groups: tuple[GroupTerm, ...] | tuple[GroupRows, ...] = ()


class FormulaMap:
    """Codes factors, applies transforms and multiplies interactions as the training rows taught it.

    Parameters
    ----------
    formula : Formula
        Parsed and checked.

    Attributes
    ----------
    predictors : tuple of str
        Names of the columns of X, such as ``"temp[warm]"``; known once the training rows are.
    """

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self._used = formula.everywhere
        self._reader = ColumnReader(self._used)
        self._common = TermMap(formula, intercept=True)
        self._groups = [GroupMap(part, TermMap(part, intercept=part.intercept)) for part in formula.groups]
        self._learned = Learned()

    @property
    def predictors(self) -> tuple[str, ...]:
        return self._common.names

    @property
    def levels(self) -> dict[str, tuple]:
        """The levels of each factor, in order."""
        return self._reader.levels

    @property
    def group_labels(self) -> dict[str, tuple]:
        """The labels of each column that tells groups apart, in order; a factor `a:b` has two columns."""
        found: dict[str, dict] = {}
        for group in self._groups:
            for place, name in enumerate(group.part.factor):
                labels = [label[place] if isinstance(label, tuple) else label for label in group.labels]
                found.setdefault(name, {}).update(dict.fromkeys(labels))
        return {name: tuple(labels) for name, labels in found.items()}

    def learn(self, data: pd.DataFrame, weights: np.ndarray | None, problems: Problems) -> Coded:
        """Learn the map from the training rows.

        Parameters
        ----------
        data : DataFrame, n rows
            Those of weight 0 already left out.
        weights : ndarray, shape (n,), optional
        problems : Problems
            What is wrong with the data is added here.
        """
        columns = self._reader.learn(data, problems)
        known = [group.learn_labels(data, problems) for group in self._groups]
        if columns is None or not all(known):
            return _nothing(data)
        self._learned = Learned(weights)
        try:
            with np.errstate(all="ignore"):
                X = self._common.learn(columns, self._learned)
                terms = tuple(group.learn(columns, self._learned) for group in self._groups)
                offset = self._offset(columns)
        except (ValueError, TypeError) as error:
            problems.add(f"formula cannot be computed: {error}")
            return _nothing(data)
        self._report_not_finite(X, offset, terms, data.index, problems)
        self._learned.weights, self._learned.fitted = None, True
        for terms_map in self._term_maps:
            terms_map.forget_rows()
        return Coded(X, offset, tell_apart(terms, self.formula.groups, problems))

    def rows(self, data: pd.DataFrame, problems: Problems, *, new_groups: str | None = "error") -> Coded:
        """Code new rows by what was learned in training.

        Parameters
        ----------
        data : DataFrame
        problems : Problems
        new_groups : {"error", "zero", "sample"}, optional
            What to do with groups that training did not have; None leaves out all group terms.
        """
        with_groups = new_groups is not None
        names = self._used.names if with_groups else self.formula.names
        columns = self._reader.rows(data, names, problems)
        groups = self._groups if with_groups else []
        found = [group.find(data, new_groups, problems) for group in groups]
        if columns is None or any(one is None for one in found):
            return _nothing(data)
        try:
            with np.errstate(all="ignore"):
                X = self._common.rows(columns)
                terms = tuple(
                    GroupRows(index, group.rows(columns), new_labels)
                    for group, (index, new_labels) in zip(groups, found, strict=True)
                )
                offset = self._offset(columns)
        except (ValueError, TypeError) as error:
            problems.add(str(error))
            return _nothing(data)
        self._report_not_finite(X, offset, terms, data.index, problems)
        self._warn_of_extrapolation(columns)
        return Coded(X, offset, terms)

    def state(self) -> dict[str, object]:
        """All that was learned, as labels and numbers: what `restored` makes the same map of."""
        formula = self.formula
        factors = [name for part in formula.groups for name in part.factor]
        return {
            "formula": formula.text,
            "columns": list(dict.fromkeys([formula.response, *self._used.names, *factors])),
            "levels": [[name, list(levels)] for name, levels in self._reader.levels.items()],
            "numbers": list(self._reader.numbers),
            "transforms": [[text, transform_state(own)] for text, own in self._learned.transforms.items()],
            "labels": [list(group.labels) for group in self._groups],
            "names": [list(terms.names) for terms in self._term_maps],
        }

    @classmethod
    def restored(cls, state: dict[str, object]) -> FormulaMap:
        """The map that a state describes. The formula is read through the allow-list, like any other.

        Raises
        ------
        ValueError
            For a formula that is not allowed, or does not go with the rest.
        """
        names = [*state["columns"], *state["numbers"], *(name for own in state["names"] for name in own)]
        if any(not isinstance(own, list) for own in state.values() if own is not state["formula"]) or any(
            not isinstance(name, str) for name in names
        ):
            raise ValueError("its parts are not the lists of names that they should be")
        problems = Problems()
        formula = parse_formula(state["formula"], state["columns"], problems)
        problems.raise_if_any()
        made = cls(formula)
        made._reader.levels = {name: tuple(levels) for name, levels in state["levels"]}
        made._reader.numbers = tuple(state["numbers"])
        made._learned = Learned(stored=dict(state["transforms"]))
        columns = made._reader.stand_in()
        with np.errstate(all="ignore"):
            for terms, names in zip(made._term_maps, state["names"], strict=True):
                terms.restore(columns, made._learned, names)
            made._offset(columns)
        if made._learned.transforms.keys() != made._learned.stored.keys():
            raise ValueError("the formula does not call all that was stored")
        made._learned.stored, made._learned.fitted = None, True
        for group, labels in zip(made._groups, state["labels"], strict=True):
            group.labels = list(labels)
        return made

    @property
    def _term_maps(self) -> list[TermMap]:
        return [self._common, *(group.terms for group in self._groups)]

    def _offset(self, columns: Columns) -> np.ndarray | None:
        if not self.formula.offsets:
            return None
        parts = [evaluate(tree, columns, self._learned) for tree in self.formula.offsets]
        return np.sum(parts, axis=0)

    def _report_not_finite(self, X, offset, terms, index: pd.Index, problems: Problems) -> None:
        named = [(name, X[:, j]) for j, name in enumerate(self.predictors)]
        named += [] if offset is None else [("offset", offset)]
        for group, term in zip(self._groups, terms, strict=False):
            named += [(name, term.Z[:, j]) for j, name in enumerate(group.names)]
        for name, column in named:
            bad = ~np.isfinite(column)
            if bad.any():
                problems.add(
                    f"{name!r} is not a finite number in {name_rows(bad, index)}: a logarithm or root of "
                    "something below its domain, a division by zero, or an overflow. Mend or drop these rows."
                )

    def _warn_of_extrapolation(self, columns: Columns) -> None:
        for text, transform in self._learned.transforms.items():
            if isinstance(transform, Basis):
                name = text[text.index("(") + 1 :].split(",")[0]
                x = columns.values.get(name)
                if x is not None and (outside := transform.outside(x)).any():
                    low, high = transform.bounds
                    warnings.warn(
                        f"{text}: {name_rows(outside)} outside the training range [{low:g}, {high:g}]; the "
                        "spline is extrapolated there.",
                        UserWarning,
                        stacklevel=5,
                    )


def _nothing(data: pd.DataFrame) -> Coded:
    return Coded(np.empty((len(data), 0)), None)
