"""What the draws of a sampler are judged by, one `Check` each.

======================= ========== =============
figure                  ok         caution
======================= ========== =============
R-hat (largest)         <= 1.01    <= 1.05
ESS, bulk and tail      >= 400     >= 200
divergences             0          <= 0.1 %
E-BFMI (smallest)       >= 0.3     >= 0.2
deepest trees           <= 1 %     more
======================= ========== =============

R-hat and ESS are rank-normalised (Vehtari et al. 2021, doi:10.1214/20-BA1221; `convergence`); E-BFMI is
Betancourt's (2016, arXiv:1604.00695).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord.inference.convergence import convergence

__all__ = ["LEVELS", "Check", "draw_checks", "worst"]

LEVELS = ("ok", "caution", "failed")


@dataclass(frozen=True)
class Check:
    """One line of a diagnosis.

    Attributes
    ----------
    name : str
    figure : float
        nan where there is none to give.
    reference : str
        What the figure is held against.
    level : "ok" | "caution" | "failed"
    advice : str
        What was found and what to do about it; empty where all is well.
    """

    name: str
    figure: float
    reference: str
    level: str = "ok"
    advice: str = ""


def worst(checks) -> str:
    """The level of all of them together."""
    return LEVELS[max((LEVELS.index(check.level) for check in checks), default=0)]


def draw_checks(idata, *, chains_asked: int | None = None, interrupted: bool = False) -> tuple[Check, ...]:
    """The checks of an ArviZ DataTree with groups posterior and sample_stats.

    Parameters
    ----------
    idata : xarray.DataTree
    chains_asked : int, optional
        How many chains there should be.
    interrupted : bool
        Whether the run was stopped before its end.
    """
    posterior, stats = idata["posterior"].to_dataset(), idata["sample_stats"].to_dataset()
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    values = _in_columns(posterior)
    return (
        _complete(chains, draws, chains_asked, interrupted),
        *_convergence(posterior, values),
        _divergences(stats, chains * draws),
        _energy(stats),
        *_depth(stats, chains * draws),
    )


def _complete(chains: int, draws: int, asked: int | None, interrupted: bool) -> Check:
    found = []
    if interrupted:
        found.append(f"interrupted: {draws:,} draws a chain are kept")
    if asked and chains < asked:
        found.append(f"only {chains} of {asked} chains are there")
    if chains == 1:
        found.append("one chain: whether it has converged cannot be judged without others")
    return Check(
        "chains", chains, f"{asked or 'at least 2'}, complete", LEVELS[bool(found)], "; ".join(found)
    )


_RULES = {  # name: (what is worst, limits of ok and caution, how it is written, what to do)
    "R-hat": ("r_hat", np.nanargmax, (1.01, 1.05), "<= 1.01", ".3f",
              "the chains disagree; sample longer (tune=, draws=) or look at its trace"),
    "ESS bulk": ("ess_bulk", np.nanargmin, (400, 200), ">= 400", ",.0f",
                 "quantities about it are noisy; raise draws="),
    "ESS tail": ("ess_tail", np.nanargmin, (400, 200), ">= 400", ",.0f",
                 "quantities about it are noisy; raise draws="),
}  # fmt: skip


def _convergence(posterior, values: np.ndarray) -> list[Check]:
    draws = values.shape[1]
    if not np.isfinite(values).all():
        why = "some draws are not finite: the model or its data are on scales that doubles cannot hold"
    elif draws < 4:
        why = f"{draws} draws a chain are too few to judge"
    else:
        found = convergence(values)
        return [_graded(name, getattr(found, rule[0]), posterior) for name, rule in _RULES.items()]
    unknown = [Check(name, np.nan, rule[3], "failed") for name, rule in _RULES.items()]
    return [Check("finite draws", np.nan, "all finite, at least 4 a chain", "failed", why), *unknown]


def _graded(name: str, figures: np.ndarray, posterior) -> Check:
    _, choose, (good, bearable), reference, form, advice = _RULES[name]
    if np.isnan(figures).all():  # R-hat of one chain, or of constants
        return Check(name, np.nan, reference)
    where = int(choose(figures))
    value = float(figures[where])
    sign = 1 if choose is np.nanargmax else -1
    level = LEVELS[(sign * value > sign * good) + (sign * value > sign * bearable)]
    said = f"{name} {value:{form}} at {_name_of_column(posterior, where)}: {advice}"
    return Check(name, value, reference, level, "" if level == "ok" else said)


def _divergences(stats, total: int) -> Check:
    count = int(stats["diverging"].sum())
    share = count / total
    said = (
        f"{count} divergences ({share:.2%} of draws): estimates near them may be biased; try target_accept=0.99 or "
        "stronger priors"
    )
    return Check("divergences", count, "0", LEVELS[(count > 0) + (share > 0.001)], said if count else "")


def _energy(stats) -> Check:
    e_bfmi = float(np.min(_e_bfmi(stats["energy"].values)))
    level = LEVELS[(e_bfmi < 0.3) + (e_bfmi < 0.2)]
    said = f"E-BFMI {e_bfmi:.2f}: the tails are explored slowly; sample longer"
    return Check("E-BFMI", e_bfmi, ">= 0.3", level, "" if level == "ok" else said)


def _e_bfmi(energy: np.ndarray) -> np.ndarray:
    """Mean squared change of the energy over its variance, per chain of energies (chain, draw)."""
    variance = energy.var(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variance > 0, (np.diff(energy, axis=1) ** 2).mean(axis=1) / variance, np.nan)


def _depth(stats, total: int) -> list[Check]:
    if "reached_max_treedepth" not in stats:
        return []
    share = int(stats["reached_max_treedepth"].sum()) / total
    said = (
        f"{share:.1%} of draws ended at the deepest tree allowed: the posterior is narrow in some direction and sampling "
        "slow; a stronger prior or fewer collinear columns help"
    )
    level = LEVELS[share > 0.01]
    return [Check("tree depth", share, "<= 0.01 at the limit", level, "" if level == "ok" else said)]


def _in_columns(posterior) -> np.ndarray:
    """All variables of a dataset side by side: (chain, draw, numbers)."""
    arrays = [array.transpose("chain", "draw", ...).values for array in posterior.values()]
    return np.concatenate([array.reshape(*array.shape[:2], -1) for array in arrays], axis=2)


def _name_of_column(posterior, column: int) -> str:
    """Which number that is: `beta[temp[warm]]`."""
    for name, array in posterior.items():
        dims = [dim for dim in array.dims if dim not in ("chain", "draw")]
        shape = [array.sizes[dim] for dim in dims]
        size = int(np.prod(shape))
        if column < size:
            index = np.unravel_index(column, shape) if shape else ()
            labels = [str(array[dim].values[i]) for dim, i in zip(dims, index, strict=True)]
            return f"{name}[{', '.join(labels)}]" if labels else str(name)
        column -= size
    raise IndexError(column)
