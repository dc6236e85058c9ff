"""What was expected of the Bayesian head, and whether it came so.

Expected, before anything was run: with the decision "qwk" it is first, or within one standard error of first, in QWK
on at least 4 of the 5 tables; and it is best in log score and in RPS on at least 4. First means of all methods and
all decisions, so the others are helped by being many: the best of some hundred means is above its own expectation.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.losses.networks import NAME, OWN
from benchmarks.losses.scoring import PROBABILITY_SCORES
from benchmarks.losses.summary import differences, means

__all__ = ["REFERENCE", "standing", "verdict"]

REFERENCE = (NAME, "qwk")
HIGHER = {"qwk": True, "log_score": True, "rps": False}


def standing(table: pd.DataFrame, score: str, overlap: float, method: str = NAME) -> dict:
    """Where a method with the decision "qwk" stands in one score on one task.

    Other versions of the head are left out where one is judged.

    Returns
    -------
    dict
        `rank` (1 is best), `of`, `first` (the best of the others), `behind` (how much that is better,
        negative where the method is first), `se` by Nadeau & Bengio and `usual_se`.
    """
    reference = (method, "qwk")
    table = table[~table["method"].isin({*OWN} - {method})]
    if score in PROBABILITY_SCORES:
        table = table.drop_duplicates(["method", "split"]).assign(decision="qwk")
    sign = 1 if HIGHER[score] else -1
    mean = sign * means(table, [score], overlap)[score].dropna()
    own, others = mean[reference], mean.drop(reference)
    first = others.idxmax()
    gap, usual = (differences(table, reference, [score], o).loc[first] for o in (overlap, 0.0))
    return {
        "rank": int((others > own).sum()) + 1,
        "of": len(mean),
        "first": first,
        "behind": sign * gap[score],
        "se": gap[f"{score}_se"],
        "usual_se": usual[f"{score}_se"],
    }


def verdict(tables: dict[str, pd.DataFrame], overlap: float, method: str = NAME) -> str:
    """The expectation of a method and what came, as markdown."""
    lines = [
        f"| | score | rank of {method} | best of the others | that is better by | ± (usual) | as expected |"
    ]
    lines.append("|---|---|---|---|---|---|---|")
    held = dict.fromkeys(HIGHER, 0)
    for name, table in tables.items():
        for score in HIGHER:
            found = standing(table, score, overlap, method)
            near = found["behind"] <= (found["se"] if score == "qwk" else 0)
            held[score] += near
            other, decision = found["first"]
            what = f"{other}, {decision}" if score == "qwk" else other
            lines.append(
                f"| {name} | {score} | {found['rank']} of {found['of']} | {what} | {found['behind']:+.4f} | "
                f"{found['se']:.4f} ({found['usual_se']:.4f}) | {'yes' if near else 'no'} |"
            )
    said = ", ".join(f"{score} on {count} of {len(tables)}" for score, count in held.items())
    return "\n".join([*lines, "", f"As expected: {said}."])
