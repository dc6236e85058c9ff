"""Group terms met with data: which group every row belongs to, and the columns of its effects."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from bayesord.checks import Problems, did_you_mean, name_list, name_rows
from bayesord.modelling.expressions import Columns, Learned
from bayesord.modelling.groups import NEW_GROUP, GroupTerm
from bayesord.modelling.labels import join, read_labels
from bayesord.modelling.syntax import GroupPart

__all__ = ["GroupMap", "group_notes", "tell_apart"]

INTERCEPT = "Intercept"
# What the posterior and its dims are called already
_TAKEN = re.compile(
    r"chain|draw|sample|obs_id|category|y|y_codes|X|X_mean|offset|weights|extra_weight|cutpoints"
    r"|(beta|predictor|R2|cutpoint)(_.*)?"
)
_SHOWN = 10


class GroupMap:
    """One group term: the labels of its factor, and the columns left of its bar.

    Parameters
    ----------
    part : GroupPart
    terms : TermMap
        Of the same part.
    """

    def __init__(self, part: GroupPart, terms) -> None:
        self.part, self.terms = part, terms
        self.labels: list = []
        self._index: np.ndarray | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of Z."""
        return (INTERCEPT, *self.terms.names) if self.part.intercept else self.terms.names

    def learn_labels(self, data: pd.DataFrame, problems: Problems) -> bool:
        """Learn the groups from the training rows; whether that went well."""
        found = read_labels(data, self.part.factor, problems)
        if found is None:
            return False
        self.labels, self._index = found.values, found.codes
        name = self.part.name
        shown = [join(label) for label in self.labels]
        if len(shown) < 2:
            problems.add(
                f"grouping factor {name!r} has the single group {shown[0]!r}: with one group there is nothing "
                "that varies between groups. Drop the term."
            )
        elif len(set(shown)) < len(shown):
            twice = next(label for label in shown if shown.count(label) > 1)
            problems.add(
                f"two combinations of {name!r} are both written {twice!r}: take the colons out of their labels."
            )
        return True

    def learn(self, columns: Columns, learned: Learned) -> GroupTerm:
        """The term of the training rows."""
        Z = self._with_intercept(self.terms.learn(columns, learned))
        index, self._index = self._index, None
        return GroupTerm(self.part.name, self.names, tuple(join(label) for label in self.labels), index, Z)

    def rows(self, columns: Columns) -> np.ndarray:
        """Z of new rows, (n, q)."""
        return self._with_intercept(self.terms.rows(columns))

    def find(
        self, data: pd.DataFrame, new_groups: str, problems: Problems
    ) -> tuple[np.ndarray, tuple] | None:
        """The groups of new rows, (n,), and the labels that are new; None where they cannot be told."""
        found = read_labels(data, self.part.factor, problems)
        if found is None:
            return None
        known = {label: i for i, label in enumerate(self.labels)}
        where = np.array([known.get(label, NEW_GROUP) for label in found.values], dtype=np.int64)
        new = [label for label in found.values if label not in known]
        if new and _types(new).isdisjoint(_types(self.labels)):
            strange, own = join(new[0]), join(self.labels[0])
            problems.add(
                f"grouping factor {self.part.name!r} has {strange!r} ({type(strange).__name__}), but the groups of training "
                f"are such as {own!r} ({type(own).__name__}): a number and a string are never the same group. Convert "
                "the column."
            )
            return None
        if new and new_groups == "error":
            rows = name_rows(where[found.codes] == NEW_GROUP, data.index)
            problems.add(self._unknown([join(label) for label in new], rows))
            return None
        if new_groups == "sample":
            where[where == NEW_GROUP] = len(self.labels) + np.arange(len(new))
            return where[found.codes], tuple(join(label) for label in new)
        return where[found.codes], ()

    def _unknown(self, new: list, rows: str) -> str:
        labels = [join(label) for label in self.labels]
        one = len(new) == 1
        return (
            f"grouping factor {self.part.name!r} has the group{'' if one else 's'} {name_list(new)} ({rows}), which "
            f"the training rows did not have. Known groups: {name_list(labels, _SHOWN)}."
            f"{did_you_mean(new[0], labels)} If {'it is' if one else 'they are'} new, pass new_groups='sample' to "
            "draw effects from the distribution of groups, or new_groups='zero' for a group of no effects."
        )

    def _with_intercept(self, Z: np.ndarray) -> np.ndarray:
        return np.column_stack([np.ones(len(Z)), Z]) if self.part.intercept else Z


def _types(labels: list) -> set[type]:
    return {type(part) for label in labels for part in (label if isinstance(label, tuple) else (label,))}


def tell_apart(
    terms: tuple[GroupTerm, ...], parts: list[GroupPart], problems: Problems
) -> tuple[GroupTerm, ...]:
    """The terms under names of their own: the second one of a factor is `judge_2`. Problems where names or columns
    clash."""
    named, columns, counts = [], {}, {}
    for term, part in zip(terms, parts, strict=True):
        factor = frozenset(part.factor)
        counts[factor] = counts.get(factor, 0) + 1
        _check_columns(term, columns.setdefault(factor, set()), problems)
        columns[factor].update(term.terms)
        first = next(p.name for p in parts if frozenset(p.factor) == factor)
        named.append(replace(term, name=first if counts[factor] == 1 else f"{first}_{counts[factor]}"))
    _check_names(named, problems)
    return tuple(named)


def _check_columns(term: GroupTerm, before: set[str], problems: Problems) -> None:
    for name in before & set(term.terms):
        remedy = f"(0 + ... | {term.name})" if name == INTERCEPT else "only one of them"
        problems.add(
            f"the group terms of {term.name!r} have {name!r} twice; its effects could not be told apart. Write {remedy}."
        )
    for j, name in enumerate(term.terms):
        column = term.Z[:, j]
        if name == INTERCEPT or not np.isfinite(column).all() or column.min() != column.max():
            continue
        if column[0] == 0:
            problems.add(f"column {name!r} of a group term of {term.name!r} is 0 in every row. Drop it.")
        elif INTERCEPT in term.terms:
            problems.add(
                f"column {name!r} of a group term of {term.name!r} is {column[0]:g} in every row, as its intercept is. "
                "Drop it."
            )


def _check_names(terms: list[GroupTerm], problems: Problems) -> None:
    """The posterior has variables and dims named after a term: they must not be those of something else."""
    seen: set[str] = set()
    for term in terms:
        own = {term.name, term.term_dim, term.other_term_dim, term.effect, term.sd, term.corr, term.chol_corr}
        own |= {f"{term.name}_index", f"{term.name}_Z", f"{term.sd}_scale"}
        if _TAKEN.fullmatch(term.name) or seen & own:
            problems.add(
                f"the name of grouping factor {term.name!r} is that of another part of the posterior. Rename the "
                f"column, for example to {term.name + '_group'!r}."
            )
        seen |= own


def group_notes(terms: tuple[GroupTerm, ...], n: int) -> list[str]:
    """What is worth saying of the groups as they are."""
    return [
        f"every row is a group of its own in {term.name!r}: such effects can hardly be told from the answers' own "
        "spread, and their prior decides"
        for term in terms
        if term.n_groups == n
    ]
