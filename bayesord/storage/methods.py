"""What a fit can do about files: the method, as a class of its own that fits inherit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bayesord.archive import check_target
from bayesord.predictive.decision_registry import DECISIONS, get_decision
from bayesord.predictive.labelrule import LabelRule
from bayesord.storage import KINDS, LEARNED, write_fit

__all__ = ["Storable"]


class Storable:
    """A fit that can be saved. Needs `design`, the parts of its kind, and the probabilities of its training rows."""

    _kind: str
    _stored_rules: dict[tuple[str, bool], LabelRule] | None = None  # where the rows were left out

    def save(self, path, *, include_data: bool = True, overwrite: bool = False) -> None:
        """Write all of this fit to one file, which `bayesord.load` reads.

        The file is a zip of arrays and JSON behind three lines of header, with the SHA-256 of all that follows; no
        pickle. It appears whole or not at all.

        Parameters
        ----------
        path : str or path
            In a folder that exists.
        include_data : bool
            False leaves out X, the answers, weights, offsets, labels of rows and whatever idata has for each row. The
            fit that is loaded then answers for new rows, by the label rules of the old ones for "qwk", "kappa" and
            "linear_kappa". Means and standard deviations of the predictors, counts of the categories, levels and
            names of groups stay.
        overwrite : bool
            Whether a file of that name may be replaced.

        Raises
        ------
        OSError
            Where it cannot be written: no such folder, not allowed, a file of that name, a full disk. A file that was
            there is as it was.
        TypeError
            For labels of types that no file can hold, such as objects of your own.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> import bayesord as bo
        >>> wine = bo.datasets.load_wine()
        >>> fit = bo.fit("rating ~ temp + contact", wine, random_seed=1, progressbar=False)
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "wine.fit"
        >>> fit.save(path)
        >>> bool((bo.load(path).predict_proba(wine) == fit.predict_proba(wine)).all())
        True
        """
        if include_data and self._stored_rules is not None:
            raise ValueError("this fit was loaded from a file without data: save it with include_data=False")
        check_target(Path(path), overwrite=overwrite, size=0)
        parts = {name: getattr(self, name) for name in ("design", *KINDS[self._kind])}
        write_fit(path, self._kind, parts, None if include_data else self._rules(), overwrite=overwrite)

    def _rules(self) -> dict[tuple[str, bool], LabelRule]:
        if self._stored_rules is not None:
            return self._stored_rules
        levels = (True, False) if self.design.groups else (True,)
        return {(name, level): self._rule(name, None, level) for name in LEARNED for level in levels}

    def _rule(self, decision, category_values: np.ndarray | None, group_effects: bool) -> LabelRule:
        """The rule for labels that the training rows have fixed."""
        if self._stored_rules is None:
            training = self._training_probs if group_effects else self._population_probs
            weight = {"sample_weight": self.design.weights}
            return LabelRule.from_posterior(training, decision, category_values=category_values, **weight)
        chosen, K = get_decision(decision), len(self.design.categories)
        if not chosen.corrected:  # a cost needs nothing from the rows
            return LabelRule.from_posterior(np.full((1, K), 1 / K), chosen, category_values=category_values)
        usual = category_values is None or np.array_equal(category_values, np.arange(K))
        if not usual or DECISIONS.get(chosen.name) is not chosen:
            raise ValueError(
                f"this fit was saved without its rows, and holds their rules for {', '.join(LEARNED)} with the default "
                "category_values alone: pass rule='batch', or load a file that holds the rows"
            )
        return self._stored_rules[chosen.name, group_effects or not self.design.groups]
