"""What the draws of a run depend on, in words and digests, so that two runs can be compared part by part."""

from __future__ import annotations

import platform
from dataclasses import fields, is_dataclass
from hashlib import sha256

import numpy as np
from llvmlite import binding

from bayesord.archive import version_of
from bayesord.jit import fingerprint
from bayesord.likelihood.links import Link
from bayesord.modelling.design import Design
from bayesord.modelling.priors import Priors

__all__ = ["describe_machine", "describe_run", "digest"]

_PACKAGES = ("bayesord", "nutpie", "numba", "llvmlite", "numpy", "scipy", "pymc", "pytensor")


def describe_run(design: Design, link: Link, priors: Priors, settings: dict) -> dict[str, str]:
    """Data, model and settings by name; arrays as digests."""
    groups = [(term.name, term.terms, term.labels, term.index, term.Z) for term in design.groups]
    return {
        "formula": str(design.formula),
        "link": link.name,
        "priors": str(priors),
        "categories": repr(design.categories),
        "predictors": repr(design.predictors),
        "values of the predictors": digest(design.X),
        "answers": digest(design.y),
        "weights": digest((design.weights, design.weights_kind)),
        "offset": digest(design.offset),
        "groups": digest(groups),
        **{name: str(value) for name, value in settings.items()},
    }


def describe_machine() -> dict[str, str]:
    """Versions and processor: with others, the last bits of a draw may differ."""
    versions = {f"version of {name}": version_of(name) for name in _PACKAGES}
    features = binding.get_host_cpu_features()
    return {
        "version of Python": platform.python_version(),
        **versions,
        "compiled sources": fingerprint,
        "processor": f"{platform.machine()} {binding.get_host_cpu_name()}",
        "features of the processor": " ".join(sorted(name for name, there in features.items() if there)),
    }


def digest(value: object) -> str:
    """SHA-256 of numbers, text, arrays, and of what is made of them: sequences, dicts, dataclasses.

    Examples
    --------
    >>> digest((1, None)) == digest([1, None]), digest(1) == digest(1.0), digest(0.0) == digest(-0.0)
    (True, False, False)
    """
    found = sha256()
    for part in _parts(value):
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.hexdigest()


def _parts(value: object):
    if isinstance(value, np.ndarray):
        yield f"{value.dtype.str} {value.shape}".encode()
        yield memoryview(np.ascontiguousarray(value).reshape(-1).view(np.uint8))
    elif is_dataclass(value):
        yield type(value).__name__.encode()
        for spec in fields(value):
            yield from _parts(getattr(value, spec.name))
    elif isinstance(value, list | tuple):
        yield f"sequence of {len(value)}".encode()
        for part in value:
            yield from _parts(part)
    elif isinstance(value, dict):
        yield from _parts(list(value.items()))
    elif value is None or isinstance(value, str | int | float | np.generic):
        yield f"{type(value).__name__} {value!r}".encode()
    else:
        raise TypeError(f"no digest of {type(value).__name__}")
