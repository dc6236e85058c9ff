"""`cross_validate`: every row predicted by a posterior that has not seen it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesord import checks, html
from bayesord.inference import sampling
from bayesord.inference.diagnostics import Verdict
from bayesord.model import OrdinalFit
from bayesord.modelling.again import covariates_of, design_of_rows, offset_given
from bayesord.modelling.new_rows import NEW_GROUPS
from bayesord.predictive.decision_registry import get_decision
from bayesord.predictive.labelrule import LabelRule
from bayesord.predictive.scores import SCORES, evaluate
from bayesord.progress import Bar

__all__ = ["CrossValidation", "cross_validate"]


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """The outcome of `cross_validate`.

    Attributes
    ----------
    probs : (n, K) array
        Category probabilities of every row by the fold that has not seen it; columns in the order of the categories.
        `bayesord.compare({"logit": a.probs, "probit": b.probs}, None, y)` compares two models by paired differences.
    labels : dict of decision to (n,) array
        In the user's categories, by rules frozen from the training rows of the fold.
    table : DataFrame
        A row for every score (and decision, where it judges labels): `value` over all rows together, `mean` and `se`
        over folds. Folds share training rows, so `se` says how far folds differ, not how sure the value is.
    folds : (n,) array of int
        Which fold each row was held out in.
    verdicts : tuple of Verdict
        One for each fold.
    """

    probs: np.ndarray
    labels: dict[str, np.ndarray]
    table: pd.DataFrame
    folds: np.ndarray
    verdicts: tuple[Verdict, ...]

    def __str__(self):
        shown = self.table.to_string(index=False, float_format=lambda value: f"{value:.4f}", na_rep="")
        return f"{self._head()}\n\n{shown}"

    def _head(self) -> str:
        ok = sum(verdict.level == "ok" for verdict in self.verdicts)
        return f"{len(self.verdicts)} folds, {ok} with a clean verdict; {len(self.folds):,} rows"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = self.table.map(lambda value: f"{value:.4f}" if isinstance(value, float) else value)
        rows = shown.mask(self.table.isna(), "").to_numpy().tolist()
        return html.block(html.paragraph(self._head()), html.table(list(shown.columns), rows, words=(0, 1)))


def cross_validate(
    fit: OrdinalFit,
    folds=5,
    *,
    groups=None,
    decisions=("mode", "median", "qwk"),
    scores=None,
    category_values=None,
    new_groups: str = "sample",
    n_jobs: int | None = None,
    draws: int = 1000,
    tune: int | str = "auto",
    chains: int = 4,
    target_accept: float = 0.8,
    random_seed: int | None = None,
    progressbar: bool = True,
) -> CrossValidation:
    """Fit the model of `fit` to all folds but one, predict that one, and so on: out-of-fold probabilities and scores.

    Everything is learned anew in each fold, centres and scales of the covariates as well. Nothing is compiled anew.

    Parameters
    ----------
    fit : OrdinalFit
    folds : int, splitter of scikit-learn, or list of (training, held-out) positions
        A number is split at random, stratified by category where each has enough rows; with `groups`, by groups. Every
        row must be held out once.
    groups : (n,) array or column name, optional
        Rows of one group stay together.
    decisions : sequence
        As in `bayesord.predictive.decisions`.
    scores : sequence of str, optional
        Names in `bayesord.predictive.scores.SCORES`; by default all of them.
    category_values : (K,) numbers, optional
        0..K-1 by default.
    new_groups : {"sample", "zero", "error"}
        For group terms of the model: what a held-out row of a group without training rows gets. See
        `bayesord.answers.Answers`.
    n_jobs : int, optional
        Folds at a time, by joblib. None: what the surrounding `joblib.parallel_config` says, so that a backend such as
        "dask" or "ray" spreads the folds over machines; one at a time without it. Results do not depend on it.
    draws, tune, chains, target_accept
        As in `bayesord.fit`.
    random_seed : int, optional
        Of the split and of the draws.
    progressbar : bool

    Returns
    -------
    CrossValidation

    Raises
    ------
    ValueError
        For splits that hold a row out twice or never, and held-out factor levels that no training row of the fold has.

    Examples
    --------
    >>> import bayesord as bo
    >>> wine = bo.datasets.load_wine()
    >>> fit = bo.fit("rating ~ temp + contact", wine, random_seed=1, progressbar=False)
    >>> found = bo.cross_validate(fit, 4, random_seed=1, progressbar=False)
    >>> found.probs.shape, sorted(found.labels)
    ((72, 5), ['median', 'mode', 'qwk'])
    """
    if not isinstance(fit, OrdinalFit):
        raise TypeError(f"cross_validate takes a fit of bayesord.fit, got {type(fit).__name__}.")
    design, K = fit.design, len(fit.design.categories)
    checks.check_choice("new_groups", new_groups, NEW_GROUPS)
    decisions = {decision.name: decision for decision in map(get_decision, decisions)}
    if scores is not None:
        checks.check_known_names("scores", scores, list(SCORES))
    values = checks.check_category_values(category_values, K)
    settings = sampling.check_settings(draws, tune, chains, None, target_accept, random_seed)
    root = np.random.SeedSequence(int(np.random.default_rng(settings["random_seed"]).integers(2**63)))
    splits = _splits(design, folds, groups, root)
    n_jobs, settings["cores"] = _workers(n_jobs, len(splits), settings["cores"])
    jobs = [
        (fit.design, fit.link, fit.priors, *split, decisions, values, new_groups, settings | {"random_seed": seed})
        for split, seed in zip(splits, root.spawn(len(splits)), strict=True)
    ]  # fmt: skip
    done = _run(jobs, n_jobs, progressbar)
    _tell(done)

    probs = np.empty((len(design.y), K))
    codes = {name: np.empty(len(design.y), dtype=np.int64) for name in decisions}
    of_row = np.empty(len(design.y), dtype=np.int64)
    for number, ((_, held_out), (found, labels, _, _)) in enumerate(zip(splits, done, strict=True)):
        probs[held_out], of_row[held_out] = found, number
        for name, own in labels.items():
            codes[name][held_out] = own
    table = _table(design, probs, codes, of_row, scores, values)
    labels = {name: fit._labels(own) for name, own in codes.items()}
    return CrossValidation(probs, labels, table, of_row, tuple(verdict for _, _, verdict, _ in done))


# -- the folds ---------------------------------------------------------------------------------------------


def _splits(design, folds, groups, root) -> list[tuple[np.ndarray, np.ndarray]]:
    """(training, held-out) positions; every row is held out once."""
    n = len(design.y)
    if isinstance(groups, str):
        if design.data is None or groups not in design.data:
            known = [] if design.data is None else list(design.data)
            raise ValueError(
                f"groups={groups!r} is not among the columns that the fit keeps, {known}: pass the array."
            )
        groups = design.data[groups].to_numpy()
    if groups is not None and len(groups) != n:
        raise ValueError(f"groups has {len(groups)} entries, and the fit has {n} rows.")
    if isinstance(folds, (int, np.integer)) and not isinstance(folds, bool):
        folds = _splitter(design, checks.check_count("folds", folds, 2), groups, root)
    if hasattr(folds, "split"):
        splits = list(folds.split(np.zeros((n, 1)), design.y, groups))
    elif isinstance(folds, Iterable):
        splits = [tuple(split) for split in folds]
    else:
        raise TypeError("folds must be a number, a splitter of scikit-learn, or a list of (training, held-out) positions.")  # fmt: skip
    splits = [(np.arange(n)[training], np.arange(n)[held_out]) for training, held_out in splits]
    held = np.bincount(np.concatenate([held_out for _, held_out in splits]), minlength=n)
    if (held != 1).any():
        raise ValueError(
            f"every row must be held out once: {(held == 0).sum()} are never, {(held > 1).sum()} more than once. "
            "Use a splitter that parts the rows, such as KFold."
        )
    leaking = sum(bool(np.isin(held_out, training).any()) for training, held_out in splits)
    if leaking:
        raise ValueError(f"in {leaking} folds rows are both trained on and held out.")
    return splits


def _splitter(design, folds: int, groups, root: np.random.SeedSequence):
    from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

    if folds > len(design.y):
        raise ValueError(f"folds={folds} of {len(design.y)} rows: there are not enough.")
    seed = np.random.RandomState(root.generate_state(4))
    if groups is not None:
        if (found := len(pd.unique(pd.Series(groups)))) < folds:
            raise ValueError(f"folds={folds}, and there are {found} groups: at most one fold for each.")
        return GroupKFold(folds, shuffle=True, random_state=seed)
    counts = design.counts[design.counts > 0]
    kind = StratifiedKFold if counts.min() >= folds else KFold
    return kind(folds, shuffle=True, random_state=seed)


def _fold(design, link, priors, training, held_out, decisions, values, new_groups, settings):
    """Probabilities and labels of the held-out rows, the verdict, and what was warned of. Runs in any process."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        part = design_of_rows(design, training)
        idata, verdict = sampling.sample(part, link, priors, progressbar=False, quiet=True, **settings)
    fit = OrdinalFit(part, link, priors, idata, verdict)
    offset = offset_given(design)
    rows = fit.predictive_draws(
        covariates_of(design, held_out),
        offset=None if offset is None else offset[held_out],
        new_groups=new_groups,
    )
    probs = rows.mean_probs()
    labels = {
        name: LabelRule.from_posterior(
            fit._training_probs, decision, category_values=values, sample_weight=part.weights
        ).predict(probs)
        for name, decision in decisions.items()
    }
    return probs, labels, verdict, [str(one.message) for one in heard]


def _workers(n_jobs: int | None, n_folds: int, cores: int) -> tuple[int | None, int]:
    """joblib's n_jobs, and the CPUs that each fold may use."""
    from joblib import effective_n_jobs

    at_a_time = min(effective_n_jobs(n_jobs), n_folds)
    return n_jobs, max(1, min(cores, checks.available_cores() // at_a_time))


def _run(jobs, n_jobs, progressbar) -> list:
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend

    lazily = getattr(get_active_backend()[0], "supports_return_generator", False)
    parallel = Parallel(n_jobs=n_jobs, return_as="generator" if lazily else "list")
    done = []
    with Bar("Folds", len(jobs), shown=progressbar) as bar:
        for result in parallel(delayed(_fold)(*job) for job in jobs):
            done.append(result)
            bar.show(len(done), f"{len(done)} of {len(jobs)}", now=True)
    return done


def _tell(done) -> None:
    """Once for all folds what each of them had to say."""
    said: dict[str, list[int]] = {}
    for number, (_, _, _, heard) in enumerate(done):
        for text in dict.fromkeys(heard):
            said.setdefault(text, []).append(number)
    for text, where in said.items():
        warnings.warn(f"in fold {checks.name_list(where)}: {text}", UserWarning, stacklevel=3)
    doubtful = [number for number, (_, _, verdict, _) in enumerate(done) if verdict.level != "ok"]
    if doubtful:
        warnings.warn(
            f"fold {checks.name_list(doubtful)}: {done[doubtful[0]][2]}",
            checks.ConvergenceWarning,
            stacklevel=3,
        )


# -- the scores --------------------------------------------------------------------------------------------


def _table(design, probs, codes, of_row, scores, values) -> pd.DataFrame:
    def judged(rows, labels) -> dict[str, float]:
        """By score; those of labels where `labels` is given, else the others."""
        kind = "labels" if labels is not None else "probs"
        names = [
            name
            for name in (SCORES if scores is None else scores)
            if (SCORES[name].needs == "labels") == (kind == "labels")
        ]
        if not names:
            return {}
        return evaluate(
            design.y[rows],
            n_categories=len(design.categories),
            names=names,
            category_values=values,
            sample_weight=None if design.weights is None else design.weights[rows],
            **{kind: probs[rows] if labels is None else labels[rows]},
        )

    everything, parts = (
        np.arange(len(design.y)),
        [np.flatnonzero(of_row == f) for f in range(of_row.max() + 1)],
    )
    lines = []
    for decision, labels in {**codes, "": None}.items():
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # scores that are not defined in a fold are nan there, and left out
            by_fold = pd.DataFrame([judged(rows, labels) for rows in parts])
        for name, value in judged(everything, labels).items():
            own = by_fold[name].dropna()
            se = own.std(ddof=1) / np.sqrt(len(own)) if len(own) > 1 else np.nan
            lines.append({"score": name, "decision": decision, "value": value, "mean": own.mean(), "se": se})
    return pd.DataFrame(lines)
