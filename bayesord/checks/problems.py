"""How bad input is reported: all of it at once, each item with what is wrong, where, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd

__all__ = ["SHOWN", "ConvergenceWarning", "Problems", "did_you_mean", "name_list", "name_rows"]

SHOWN = 5
"""How many rows, columns or values a message names before it only counts."""


class ConvergenceWarning(UserWarning):
    """The sampler or an optimiser ended in a state that should not be trusted."""


class Problems:
    """A list of everything wrong with the input, raised together.

    The exception is a `ValueError`, or a `TypeError` when every item is about a type. A single
    item is raised as it stands; several are numbered.

    Examples
    --------
    >>> problems = Problems()
    >>> problems.add("X is empty.")
    >>> problems.add("y is a dict.", TypeError)
    >>> problems.raise_if_any()
    Traceback (most recent call last):
    ...
    ValueError: 2 problems with the input:
      1. X is empty.
      2. y is a dict.
    """

    def __init__(self) -> None:
        self.found: list[tuple[type[Exception], str]] = []
        self._error: Exception | None = None

    def add(self, text: str, kind: type[Exception] = ValueError) -> None:
        """Note one problem; the same sentence is kept once."""
        if (kind, text) not in self.found:
            self.found.append((kind, text))

    @contextmanager
    def noted(self) -> Iterator[None]:
        """What is raised inside is noted with the other problems, one by one where it was several."""
        try:
            yield
        except (ValueError, TypeError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            for one, text in getattr(error, "problems", [(kind, str(error))]):
                self.add(text, one)
            self._error = error

    def of(self, check, *args, **kwargs):
        """What `check(*args, **kwargs)` returns; None if it raises, which is `noted`."""
        with self.noted():
            return check(*args, **kwargs)

    def __bool__(self) -> bool:
        return bool(self.found)

    def raise_if_any(self) -> None:
        """Raise what was found, if anything."""
        if not self.found:
            return
        kinds = {kind for kind, _ in self.found}
        error = kinds.pop() if len(kinds) == 1 else ValueError
        texts = [text for _, text in self.found]
        if len(texts) == 1:
            raise self._error or error(texts[0])
        lines = [f"{len(texts)} problems with the input:"]
        raised = error("\n  ".join(lines + [f"{i}. {text}" for i, text in enumerate(texts, 1)]))
        raised.problems = self.found
        raise raised


def did_you_mean(name: object, known: Iterable[object]) -> str:
    """A suggestion to append to a message about an unknown name, or an empty string.

    Examples
    --------
    >>> did_you_mean("probti", ["logit", "probit"])
    " Did you mean 'probit'?"
    >>> did_you_mean("zebra", ["logit", "probit"])
    ''
    """
    texts = [str(item) for item in known]
    folded = {text.strip().casefold(): text for text in reversed(texts)}
    wanted = str(name).strip().casefold()
    close = [text for text in folded if text == wanted]
    close += difflib.get_close_matches(wanted, folded, n=1, cutoff=0.6)
    close += [text for text in folded if len(wanted) > 2 and text.startswith(wanted)]
    return f" Did you mean {folded[close[0]]!r}?" if close else ""


def name_list(items: Sequence[object], shown: int = SHOWN) -> str:
    """The first few items as Python writes them, and how many more there are.

    Examples
    --------
    >>> name_list(["a", "b", "c"], shown=2)
    "'a', 'b' and 1 more"
    """
    first = ", ".join(repr(_plain(item)) for item in items[:shown])
    rest = len(items) - shown
    return f"{first} and {rest} more" if rest > 0 else first


def name_rows(where: np.ndarray, index: pd.Index | None = None) -> str:
    """Count the rows of a mask (or of an array of positions) and name the first of them.

    Rows are named by their label where the data had an index of its own, else by position from 0.

    Examples
    --------
    >>> name_rows(np.array([False, True, True]))
    '2 rows (first 1, 2)'
    >>> name_rows(np.array([3]))
    '1 row (3)'
    """
    where = np.asarray(where)
    positions = np.flatnonzero(where) if where.dtype == bool else where
    count = len(positions)
    first = positions[:SHOWN]
    own_labels = index is not None and not _is_default(index)
    labels = [_plain(index[i]) for i in first] if own_labels else [int(i) for i in first]
    listed = ("index " if own_labels else "") + ", ".join(repr(label) for label in labels)
    if count == 1:
        return f"1 row ({listed})"
    return f"{count} rows (first {listed})"


def _is_default(index: pd.Index) -> bool:
    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1


def _plain(item: object) -> object:
    """A NumPy scalar as the Python one, so that messages read 2.5 and not np.float64(2.5)."""
    if isinstance(item, tuple):
        return tuple(_plain(part) for part in item)
    return item.item() if isinstance(item, np.generic) else item
