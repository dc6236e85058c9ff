"""Fits as files: everything that a fit is, in one archive, and nothing that runs."""

from __future__ import annotations

from pathlib import Path

from bayesord.archive import Arrays, read_archive, version_of, write_archive
from bayesord.storage.design import read_design, write_design
from bayesord.storage.draws import check_draws, check_mode
from bayesord.storage.parts import PARTS
from bayesord.storage.rules import LEARNED, read_rules, write_rules
from bayesord.storage.tree import without_dim

__all__ = ["KINDS", "LEARNED", "read_fit", "write_fit"]

_COMMON = ("link", "priors")
KINDS: dict[str, tuple[str, ...]] = {
    "posterior": (*_COMMON, "idata", "verdict"),
    "mode": (*_COMMON, "beta", "cutpoints", "standard_errors", "log_likelihood"),
}


def write_fit(path, kind: str, parts: dict, rules: dict | None, *, overwrite: bool) -> None:
    """Write the parts of a fit to a file.

    Parameters
    ----------
    path : str or path
    kind : "posterior" | "mode"
    parts : dict
        design, link, priors, and what the kind has beside.
    rules : dict, optional
        Label rules by (decision, group_effects): with them the rows are left out.
    overwrite : bool
    """
    arrays = Arrays()
    include_data = rules is None
    text = {"kind": kind, "written_by": f"bayesord {version_of('bayesord')}"}
    text["design"] = write_design(parts["design"], arrays, include_data)
    for name in KINDS[kind]:
        part = parts[name]
        if name == "idata":
            check_draws(part, parts["design"])
            part = part if include_data else without_dim(part, "obs_id")
        text[name] = PARTS[name][0](part, arrays)
    if rules is not None:
        text["rules"] = write_rules(rules, arrays)
    write_archive(Path(path), text, arrays, overwrite=overwrite)


def read_fit(path) -> tuple[str, dict, dict | None]:
    """Kind, parts and rules of a fit, as `write_fit` was given them."""
    return read_archive(Path(path), "a fit", _read)


def _read(text: dict, arrays: Arrays) -> tuple[str, dict, dict | None]:
    kind = text["kind"]
    if kind not in KINDS:
        raise ValueError(f"it holds a {kind!r}")
    design = read_design(text["design"], arrays)
    parts = {name: PARTS[name][1](text[name], arrays) for name in KINDS[kind]}
    if kind == "mode":
        check_mode(parts, design)
    else:
        check_draws(parts["idata"], design)
    parts["priors"].by_coefficient(design.predictors)
    parts["priors"].by_group(design.groups)
    rules = None
    if "rows" not in text["design"]:
        rules = read_rules(text["rules"], len(design.categories), arrays)
    return kind, {"design": design} | parts, rules
