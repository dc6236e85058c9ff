"""Whether a pm.Model is still the one that was built for a design: then all that is known of it speaks for it.

A user may take `fit.model` and change it: add a Potential, a likelihood or a variable, or set other data. What was
made for the design (the direct density, the names of its categories) is then wrong, silently. So a model is
remembered as it was built, and held for the same only where nothing is found to differ: its variables and their
roles, every node of their graphs, every constant, all data, transforms, starts and coords. To miss a change would
be a wrong posterior; to see one where there is none costs some seconds of compiling.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pymc as pm
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant
from pytensor.graph.traversal import walk

from bayesord.likelihood.links import Link
from bayesord.modelling.constants import model_constants
from bayesord.modelling.design import Design
from bayesord.modelling.priors import Priors

__all__ = ["Origin", "changes", "origin", "remember"]


@dataclass(frozen=True, eq=False)
class Origin:
    """What a model was built from."""

    design: Design
    link: Link
    priors: Priors


_remembered: WeakKeyDictionary[pm.Model, tuple[Origin, dict]] = WeakKeyDictionary()


def remember(model: pm.Model, design: Design, link: Link, priors: Priors) -> None:
    """Note what a freshly built model was built from."""
    _remembered[model] = Origin(design, link, priors), _portrait(model)


def origin(model: pm.Model) -> Origin | None:
    """What a model was built from, whether or not it has been changed since; None for models of other makers.

    A copy of a model is not known either.
    """
    return _remembered[model][0] if model in _remembered else None


def changes(model: pm.Model) -> list[str] | None:
    """What differs in a model from what was built, in words; None for models of other makers."""
    if model not in _remembered:
        return None
    source, before = _remembered[model]
    now = _portrait(model)
    found = [part for part, own in before.items() if not _same(own, now[part])]
    constants = model_constants(source.design, source.link, source.priors)
    data = {variable.name: variable.get_value(borrow=True) for variable in model.data_vars}
    if data.keys() != constants.keys():
        found.append("data")
    for name in (name for name in constants if name in data):
        if not _equal_arrays(data[name], constants[name][1]):
            found.append(f"data {name!r}")
    return found


def _portrait(model: pm.Model) -> dict:
    """All of a model but its data: part by part, as objects to compare by identity and copies of numbers."""
    variables = list(model.named_vars.values())
    graph = list(
        walk([*variables, *model.rvs_to_values.values()], lambda v: v.owner.inputs if v.owner else None)
    )
    shared = [
        v for v in graph if isinstance(v, SharedVariable) and hasattr(v.get_value(borrow=True), "dtype")
    ]
    known = {id(variable) for variable in model.data_vars}
    return {
        "free variables": list(model.free_RVs),
        "observed variables": list(model.observed_RVs),
        "potentials": list(model.potentials),
        "deterministic variables": list(model.deterministics),
        "names": [*model.named_vars, *variables],
        "dims": {name: tuple(dims) for name, dims in model.named_vars_to_dims.items()},
        "coords": {name: None if own is None else tuple(own) for name, own in model.coords.items()},
        "values": [part for pair in model.rvs_to_values.items() for part in pair],
        "transforms": [part for pair in model.rvs_to_transforms.items() for part in pair],
        "starts": [part for pair in model.rvs_to_initial_values.items() for part in pair],
        "graphs": [
            part for v in graph for part in ((v, v.owner, v.owner.op, *v.owner.inputs) if v.owner else (v,))
        ],
        "constants": [_copy(v.data) for v in graph if isinstance(v, Constant)],
        "other shared values": [_copy(v.get_value(borrow=True)) for v in shared if id(v) not in known],
    }


def _copy(value):
    return np.array(value) if isinstance(value, np.ndarray) else value


def _same(before, now) -> bool:
    """Objects by identity; numbers, text and arrays by value."""
    if type(before) is not type(now):
        return False
    if isinstance(before, dict):
        return before.keys() == now.keys() and all(_same(before[key], now[key]) for key in before)
    if isinstance(before, list | tuple):
        return len(before) == len(now) and all(map(_same, before, now))
    if isinstance(before, np.ndarray):
        return _equal_arrays(before, now)
    return before is now or (isinstance(before, str | int | float | np.generic) and before == now)


def _equal_arrays(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal to the bit: -0 and 0 differ, nan is nan."""
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
