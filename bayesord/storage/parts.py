"""The parts of a fit as JSON and arrays, and back. Names are looked up in the registries of links and priors alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pandas as pd

from bayesord.archive import Arrays
from bayesord.inference.diagnostics import Verdict
from bayesord.likelihood.links import LINKS, Link
from bayesord.modelling import prior_kinds
from bayesord.modelling.prior_kinds import Prior
from bayesord.modelling.priors import Priors
from bayesord.storage.tree import read_tree, write_tree
from bayesord.storage.values import read_value, write_value

__all__ = ["PARTS"]

_KINDS: dict[str, type[Prior]] = {
    kind.call: kind for name in prior_kinds.__all__ if (kind := getattr(prior_kinds, name)) is not Prior
}


def _write_link(link: Link, arrays: Arrays) -> str:
    if LINKS.get(link.name) is not link:
        raise TypeError(f"the link {link.name!r} is not one of bayesord's own, and cannot be stored")
    return link.name


def _write_priors(priors: Priors, arrays: Arrays) -> dict:
    def write(given: Prior | dict) -> dict:
        if isinstance(given, dict):
            return {"by_name": [[name, _write_prior(own, arrays)] for name, own in given.items()]}
        return _write_prior(given, arrays)

    return {spec.name: write(getattr(priors, spec.name)) for spec in fields(Priors)}


def _write_prior(prior: Prior, arrays: Arrays) -> dict:
    if _KINDS.get(prior.call) is not type(prior):
        raise TypeError(f"the prior {prior!r} is not one of bayesord's own, and cannot be stored")
    return {
        "call": prior.call,
        "numbers": [[spec.name, write_value(getattr(prior, spec.name), arrays)] for spec in fields(prior)],
    }


def _read_priors(state: dict, arrays: Arrays) -> Priors:
    def read(given: dict) -> Prior | dict:
        if "by_name" in given:
            return {str(name): _read_prior(own, arrays) for name, own in given["by_name"]}
        return _read_prior(given, arrays)

    return Priors(**{spec.name: read(state[spec.name]) for spec in fields(Priors)})


def _read_prior(state: dict, arrays: Arrays) -> Prior:
    kind = _KINDS[state["call"]]
    numbers = {name: read_value(value, arrays) for name, value in state["numbers"]}
    if numbers.keys() != {spec.name for spec in fields(kind)}:
        raise ValueError(f"a prior {state['call']} of other numbers")
    return kind(**numbers)


def _write_verdict(verdict: Verdict, arrays: Arrays) -> dict:
    return {spec.name: write_value(getattr(verdict, spec.name), arrays) for spec in fields(Verdict)}


def _read_verdict(state: dict, arrays: Arrays) -> Verdict:
    verdict = Verdict(**{spec.name: read_value(state[spec.name], arrays) for spec in fields(Verdict)})
    str(verdict)  # all its figures are there, and are numbers
    return verdict


def _write_series(series: pd.Series, arrays: Arrays) -> dict:
    return {"index": list(series.index), "values": arrays.put(series.to_numpy(), "mode")}


def _read_series(state: dict, arrays: Arrays) -> pd.Series:
    values = arrays.get(state["values"])
    if values.dtype != np.float64 or values.ndim != 1:
        raise ValueError("a posterior mode that is no row of numbers")
    return pd.Series(values, index=[str(name) for name in state["index"]])


def _read_number(state: float, arrays: Arrays) -> float:
    if type(state) is not float:
        raise ValueError(f"{state!r} is no number")
    return state


# The parts of a fit beside its design, with how each is written and read
PARTS: dict[str, tuple[Callable, Callable]] = {
    "link": (_write_link, lambda name, _: LINKS[name]),
    "priors": (_write_priors, _read_priors),
    "verdict": (_write_verdict, _read_verdict),
    "idata": (write_tree, read_tree),
    "beta": (_write_series, _read_series),
    "cutpoints": (_write_series, _read_series),
    "standard_errors": (_write_series, _read_series),
    "log_likelihood": (lambda number, _: float(number), _read_number),
}
