"""Tables as markdown, and the page they belong to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.losses import convolution, data, wide
from benchmarks.losses.figure import draw
from benchmarks.losses.networks import NAME, OWN
from benchmarks.losses.scoring import DECISIONS, LABEL_SCORES, PROBABILITY_SCORES, table
from benchmarks.losses.store import Store
from benchmarks.losses.summary import differences, headline, means, over_tasks
from benchmarks.losses.verdict import REFERENCE, verdict

__all__ = ["MARKER", "write"]

MARKER = "<!-- Below: written by `python -m benchmarks.losses`; above: by hand. -->"
OVERLAP = data.TEST_SHARE / (1 - data.TEST_SHARE)
COLUMNS = (*LABEL_SCORES, *PROBABILITY_SCORES, "seconds")
SHOWN = (("mae", "median"), ("amae", "median"), ("accuracy", "mode"), ("off_by_one", "median"))
"""Label scores beside QWK, each under the decision that suits it."""


def write(store: Store, folder: Path | None) -> None:
    """Print the tables; with a folder, also put them on the page there, and draw the figure.

    All scores under all decisions are written to `scores.csv` among the results.
    """
    found = {name: table(store, name, data.categories(name)) for name in data.SETS if store.methods(name)}
    if store.methods(convolution.TASK):
        found[convolution.TASK] = table(store, convolution.TASK, convolution.N_GRADES)
    if found:
        kept = pd.concat([t.assign(task=name) for name, t in found.items()])
        kept.to_csv(store.folder / "scores.csv", index=False)
    publish(found, wide.measured(store.folder), folder)


def publish(scores: dict[str, pd.DataFrame], sizes: list[dict], folder: Path | None) -> None:
    """The page of these scores by task, and of these measurements of wide embeddings."""
    found = {name: t for name, t in scores.items() if name != convolution.TASK}
    parts = []
    with_head = {name: t for name, t in found.items() if NAME in set(t["method"])}
    for method in OWN:
        judged = {name: t for name, t in with_head.items() if method in set(t["method"])}
        if judged:
            parts += [f"## Was it as expected of {method}?\n", verdict(judged, OVERLAP, method)]
    if with_head:
        parts += [f"## Means over {len(with_head)} tables\n", overall(with_head)]
    parts += [section(name, t, OVERLAP) for name, t in found.items()]
    if convolution.TASK in scores:
        parts.append(section("drawn images", scores[convolution.TASK], 0.0))
    if sizes:
        parts += ["## An embedding of 512 columns, 5,000 rows\n", embeddings(sizes)]
    text = "\n\n".join(part.strip("\n") for part in parts) + "\n"
    print(text)
    if folder is None:
        return
    page = folder / "losses.md"
    above = page.read_text().split(MARKER)[0] if page.exists() else ""
    page.write_text(f"{above}{MARKER}\n\n{text}")
    if with_head:
        draw(with_head).savefig(folder / "losses.png", dpi=110)


def overall(tables: dict[str, pd.DataFrame]) -> str:
    """The mean over tables of every method, with the decision "qwk", the best QWK first."""
    scores = ("qwk", "rps", "log_score")
    mean = over_tasks(tables, REFERENCE, [*scores, "seconds"], OVERLAP).sort_values("qwk", ascending=False)
    lines = [
        ["method", "QWK", "- head's", "RPS", "- head's", "log score", "- head's", "seconds"],
        ["---"] * 8,
    ]
    for method, row in mean.iterrows():
        line = [f"**{method}**" if method in OWN else method]
        for score in scores:
            known = np.isfinite(row[score])
            line.append(f"{row[score]:.3f}" if known else "")
            line.append(f"{row[f'{score}_gap']:+.4f} ± {row[f'{score}_gap_se']:.4f}" if known else "")
        lines.append([*line, f"{row['seconds']:.1f}"])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def section(name: str, scores: pd.DataFrame, overlap: float) -> str:
    """One task: a row for each method, the best QWK first."""
    mean = means(scores, COLUMNS, overlap)
    has_head = REFERENCE in mean.index
    minus = differences(scores, REFERENCE, COLUMNS, overlap) if has_head else None
    order = headline(mean["qwk"])
    head = [
        "method",
        *(f"QWK, {decision}" for decision in DECISIONS),
        "QWK - head's",
        *(f"{score}, {decision}" for score, decision in SHOWN),
        "RPS",
        "RPS - head's",
        "log score",
        "log score - head's",
        "calibration",
        "seconds",
    ]
    lines = [head, ["---"] * len(head)]
    for method in order.sort_values(ascending=False).index:
        lines.append(_row(method, mean.loc[method], None if minus is None else minus.loc[method]))
    counts = scores.groupby("method")["split"].nunique()
    number = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    number += " splits" if overlap else " repetitions"
    title = f"## {name}: means over {number}"
    return "\n".join([title, "", *("| " + " | ".join(line) + " |" for line in lines)])


def _row(method: str, mean: pd.DataFrame, minus: pd.DataFrame | None) -> list[str]:
    chosen = "qwk" if "qwk" in mean.index else mean.index[0]
    cells = [f"**{method}**" if method in OWN else method]
    cells += [_with_error(mean, d, "qwk") if d == chosen else _cell(mean, d, "qwk") for d in DECISIONS]
    cells.append(_with_error(minus, chosen, "qwk", "+.3f"))
    cells += [_cell(mean, decision if decision in mean.index else chosen, score) for score, decision in SHOWN]
    for score in ("rps", "log_score"):
        cells += [_with_error(mean, chosen, score), _with_error(minus, chosen, score, "+.3f")]
    cells += [_cell(mean, chosen, "calibration_error"), f"{mean.loc[chosen, 'seconds']:.2f}"]
    return cells


def _cell(table: pd.DataFrame | None, decision: str, score: str, form: str = ".3f") -> str:
    if table is None or decision not in table.index or np.isnan(table.loc[decision, score]):
        return ""
    return format(table.loc[decision, score], form)


def _with_error(table: pd.DataFrame | None, decision: str, score: str, form: str = ".3f") -> str:
    cell = _cell(table, decision, score, form)
    return f"{cell} ± {table.loc[decision, f'{score}_se']:.3f}" if cell else ""


def embeddings(sizes: list[dict]) -> str:
    """Seconds and memory, as markdown."""
    lines = [
        "| columns | embed, s | fit, s | decide on 1,000 rows, s | memory before, MB | most memory, MB | QWK | verdict |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {s['n_columns']} | {s['embed']:.2f} | {s['fit']:.1f} | {s['decide']:.2f} | {s['before']:.0f} | "
        f"{s['peak']:.0f} | {s['qwk']:.3f} | {s['verdict']} |"
        for s in sizes
    ]
    return "\n".join(lines)
