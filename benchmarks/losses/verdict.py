"""What was expected of the Bayesian head, and whether it came so.

Expected, before anything was run: with the decision "qwk" it is first, or within one standard error of first, in QWK
on at least 4 of the 5 tables; and it is best in log score and in RPS on at least 4. First means of all methods and
all decisions, so the others are helped by being many: the best of some hundred means is above its own expectation.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.losses.networks import NAME
from benchmarks.losses.scoring import PROBABILITY_SCORES
from benchmarks.losses.summary import differences, means

__all__ = ["REFERENCE", "standing", "verdict"]

REFERENCE = (NAME, "qwk")
HIGHER = {"qwk": True, "log_score": True, "rps": False}


def standing(table: pd.DataFrame, score: str, overlap: float) -> dict:
    """Where the head stands in one score on one task.

    Returns
    -------
    dict
        `rank` (1 is best), `of`, `first` (the best of the others), `behind` (how much that is better than the head,
        negative where the head is first), `se` by Nadeau & Bengio and `usual_se`.
    """
    if score in PROBABILITY_SCORES:
        table = table.drop_duplicates(["method", "split"]).assign(decision="qwk")
    sign = 1 if HIGHER[score] else -1
    mean = sign * means(table, [score], overlap)[score].dropna()
    own, others = mean[REFERENCE], mean.drop(REFERENCE)
    first = others.idxmax()
    gap, usual = (differences(table, REFERENCE, [score], o).loc[first] for o in (overlap, 0.0))
    return {
        "rank": int((others > own).sum()) + 1,
        "of": len(mean),
        "first": first,
        "behind": sign * gap[score],
        "se": gap[f"{score}_se"],
        "usual_se": usual[f"{score}_se"],
    }


def verdict(tables: dict[str, pd.DataFrame], overlap: float) -> str:
    """The expectation and what came, as markdown."""
    lines = [
        "| | score | rank of the head | best of the others | it is better by | ± (usual) | holds |",
        "|---|" * 1 + "---|" * 6,
    ]
    held = dict.fromkeys(HIGHER, 0)
    for name, table in tables.items():
        for score in HIGHER:
            found = standing(table, score, overlap)
            near = found["behind"] <= (found["se"] if score == "qwk" else 0)
            held[score] += near
            method, decision = found["first"]
            what = f"{method}, {decision}" if score == "qwk" else method
            lines.append(
                f"| {name} | {score} | {found['rank']} of {found['of']} | {what} | {found['behind']:+.4f} | "
                f"{found['se']:.4f} ({found['usual_se']:.4f}) | {'yes' if near else 'no'} |"
            )
    said = ", ".join(f"{score} {count} of {len(tables)}" for score, count in held.items())
    return "\n".join([*lines, "", f"It holds for: {said}."])
