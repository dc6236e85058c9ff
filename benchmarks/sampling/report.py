"""The table of one case."""

from __future__ import annotations

import numpy as np

from benchmarks.sampling.run import Result

__all__ = ["agreement", "table"]

_HEAD = [
    "", "prior", "seconds", "set-up", "sampling", "CPU", "imports", "bulk ESS", "tail ESS", "bulk ESS/s", "gradients a draw",
    "means differ by", "bayesord is", "in tail ESS/s", "",
]  # fmt: skip


def agreement(result: Result, reference: Result) -> float:
    """Largest difference of posterior means, in combined Monte Carlo errors."""
    if result.means is None or reference.means is None or len(result.means) != len(reference.means):
        return np.nan
    return float(np.max(np.abs(result.means - reference.means) / np.hypot(result.errors, reference.errors)))


def table(results: list[tuple[Result, Result | None, bool]]) -> str:
    """Rows of (result, bayesord to compare it with or None for itself, whether both have the same posterior)."""
    rows = [_HEAD, *(_row(*entry) for entry in results)]
    widths = [max(len(row[j]) for row in rows) for j in range(len(_HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)


def _row(result: Result, reference: Result | None, same_posterior: bool) -> list[str]:
    if result.means is None:
        bounded = reference is not None and np.isfinite(result.bound)
        speed = f"< {_number(result.bound)}" if bounded else ""
        ratio = f"> {_number(reference.per_second / result.bound)} x" if bounded else ""
        return [result.name, result.prior, result.trouble, *[""] * 6, speed, "", "", ratio, "", ""]
    f = result.figures
    set_up = f.get("seconds_before_sampling", f["seconds"] - f["seconds_sampling"])
    ratios = ["", ""]
    if reference is not None:
        ratios = [
            reference.per_second / result.per_second,
            reference.tail_per_second / result.tail_per_second,
        ]
        ratios = [f"{_number(ratio)} x" for ratio in ratios]
    return [
        result.name,
        result.prior,
        _seconds(f["seconds"]),
        _seconds(set_up),
        _seconds(f["seconds_sampling"]),
        _seconds(f["seconds_cpu"]) if "seconds_cpu" in f else "",
        _seconds(f["seconds_import"]),
        f"{result.ess_bulk:,.0f}",
        f"{result.ess_tail:,.0f}",
        _number(result.per_second),
        f"{f['gradients_per_draw']:.1f}",
        f"{agreement(result, reference):.1f}" if reference is not None and same_posterior else "",
        *ratios,
        f.get("remark", ""),
    ]


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
