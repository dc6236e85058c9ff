"""The density of any pm.Model behind a C pointer, by PyTensor: for models without a direct density.

PyTensor compiles log density and gradient through numba and keeps the machine code, but what nutpie wraps around it
is compiled anew in every process, and for every size. Here free variables and data go into the graph one by one,
with symbolic shapes, and a small C function hands them over from a record of sizes and pointers: both are found
again on the disk by later processes, whatever the number of rows and predictors.

Reaches below the documented surface of PyTensor: the compiled function of a graph, and its key in the cache.
"""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from numba import carray
from numba.core.errors import NumbaWarning

from bayesord.inference.record import C_SIGNATURE, record_pointer, void_pointer
from bayesord.jit import cfunc, fingerprint

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["GraphDensity"]


@dataclass
class GraphDensity:
    """A pm.Model as NUTS wants it: a C function of a flat point, the record it reads, starts, and the way back.

    Parameters
    ----------
    model : pm.Model
        All free variables continuous, in double precision.
    initial_points : dict, optional
        Start values by variable name, instead of the model's own; jittered like those.

    Attributes
    ----------
    compiled : object
        `.address` is the C function.
    record : (m,) int64 array
        Sizes, and pointers to the data; they are copies, and stay alive while this object does.
    n_dim : int
    """

    model: pm.Model
    initial_points: dict | None = None
    _alive: list = field(default_factory=list, repr=False)

    def __post_init__(self):
        from pymc.initial_point import make_initial_point_fn

        model = self.model
        self._one_at_a_time = threading.Lock()  # chains ask for their starts from threads of their own
        self._values = [model.rvs_to_values[variable] for variable in model.free_RVs]
        _check_sampleable(model, self._values)
        self._start = make_initial_point_fn(
            model=model,
            overrides=self.initial_points,
            jitter_rvs=set(model.free_RVs),
            return_transformed=True,
        )
        self._shapes = [np.shape(value) for value in self._start(0).values()]
        self._sizes = [int(np.prod(shape)) for shape in self._shapes]
        self.n_dim = sum(self._sizes)
        with _exact_order():
            self._compile()

    @property
    def numbers(self) -> tuple:
        """All that the compiled function reads: shapes, data, where chains start."""
        return self._shapes, self._alive, self.initial_points

    def start(self, seed) -> np.ndarray:
        """A start of a chain: the model's initial point, each coordinate moved by up to 1."""
        with self._one_at_a_time:
            return np.concatenate([np.ravel(value) for value in self._start(seed).values()])

    def expand(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Points x (..., n_dim) as the model's unobserved variables by name, deterministic ones included."""
        names, function = self._expansion
        flat = x.reshape(-1, self.n_dim)
        draws = None
        for i, point in enumerate(flat):
            values = function(*self._in_pieces(point))
            if draws is None:
                draws = [np.empty((len(flat), *np.shape(value)), np.asarray(value).dtype) for value in values]
            for own, value in zip(draws, values, strict=True):
                own[i] = value
        return {
            name: own.reshape(*x.shape[:-1], *own.shape[1:]) for name, own in zip(names, draws, strict=True)
        }

    @cached_property
    def _expansion(self):
        import pymc as pm

        named = {variable.name for variable in self.model.unobserved_RVs}
        outputs = [variable for variable in self.model.unobserved_value_vars if variable.name in named]
        with self.model, _exact_order():
            function = pm.pytensorf.compile(self._values, outputs, mode="NUMBA", on_unused_input="ignore")
            function.trust_input = True
            function(*self._in_pieces(self.start(0)))  # the first call compiles
        return [variable.name for variable in outputs], function

    def _in_pieces(self, point: np.ndarray) -> list[np.ndarray]:
        ends = np.cumsum(self._sizes)
        return [
            point[end - size : end].reshape(shape)
            for end, size, shape in zip(ends, self._sizes, self._shapes, strict=True)
        ]

    def _compile(self) -> None:
        import pymc as pm
        import pytensor

        logp = pm.pytensorf.rewrite_pregrad(self.model.logp())
        gradients = pytensor.grad(logp, self._values, disconnected_inputs="ignore")
        with self.model:
            function = pm.pytensorf.compile(
                self._values, [logp, *gradients], mode="NUMBA", on_unused_input="ignore"
            )
        graph = function.vm.jit_fn
        self._alive = [np.array(shared.get_value(), order="C") for shared in function.get_shared()]
        ends = np.cumsum(self._sizes)
        record = [
            number
            for end, size, shape in zip(ends, self._sizes, self._shapes, strict=True)
            for number in (end - size, end, *shape)
        ]
        record += [number for array in self._alive for number in (array.ctypes.data, *array.shape)]
        self.record = np.array(record, dtype=np.int64)
        source = _source([len(shape) for shape in self._shapes], self._alive)
        self.compiled = _compiled(source, graph)


def _exact_order():
    """Sums in the order in which they are written: otherwise code read from the disk rounds unlike code just compiled."""
    from pytensor import config

    return config.change_flags(numba__fastmath=False)


def _check_sampleable(model: pm.Model, values: list) -> None:
    if not values:
        raise ValueError("the model has no free variables: there is nothing to sample")
    discrete = [
        variable.name for variable in model.free_RVs if variable.dtype.startswith(("int", "uint", "bool"))
    ]
    if discrete:
        raise ValueError(
            f"NUTS samples continuous variables only, and {discrete} are discrete: sum them out "
            "(pymc_extras.marginalize), or use pm.sample"
        )
    single = [value.name for value in values if value.dtype != "float64"]
    if single:
        raise ValueError(
            f"{single} are not in double precision: build the model with pytensor.config.floatX = 'float64'"
        )


def _source(value_dims: list[int], shared: list[np.ndarray]) -> str:
    """The C function's text. It knows dimensions and types; sizes and addresses it reads from the record.

    Loops instead of slices on the left: numba compiles seconds' worth of error messages for those.
    """
    lines, arguments, at = [], [], 0
    copies = []
    for i, dims in enumerate(value_dims):
        shape = ", ".join(f"record[{at + 2 + d}]" for d in range(dims)) + ("," if dims == 1 else "")
        piece = f"point[record[{at}] : record[{at + 1}]]"
        lines.append(f"v{i} = {piece}" if dims == 1 else f"v{i} = {piece}.reshape(({shape}))")
        entry = "g[()]" if dims == 0 else "g[i]"
        copies.append(f"g = g{i}" + (".ravel()" if dims > 1 else ""))
        copies.append(f"for i in range(record[{at + 1}] - record[{at}]): slopes[record[{at}] + i] = {entry}")
        arguments.append(f"v{i}")
        at += 2 + dims
    for i, array in enumerate(shared):
        shape = ", ".join(f"record[{at + 1 + d}]" for d in range(array.ndim)) + (
            "," if array.ndim == 1 else ""
        )
        lines.append(f"s{i} = carray(void_pointer(record[{at}]), ({shape}), np.{array.dtype.name})")
        arguments.append(f"s{i}")
        at += 1 + array.ndim
    gradients = ", ".join(f"g{i}" for i in range(len(value_dims)))
    body = [
        f"record = carray(record_pointer(data), ({at},))",
        "point, slopes = carray(x, (dim,)), carray(gradient, (dim,))",
        *lines,
        "try:",
        f"    value, {gradients} = graph({', '.join(arguments)})",
        "except Exception:",
        "    return 1",
        *copies,
        "carray(logp, (1,))[0] = value[()]",
        "finite = np.isfinite(value[()])",
        "for i in range(dim): finite = finite and np.isfinite(slopes[i])",
        "return 0 if finite else 1",
    ]
    return (
        "def graph_density(dim, x, gradient, logp, data):\n"
        + "\n".join(f"    {line}" for line in body)
        + "\n"
    )


def _compiled(source: str, graph):
    """The C function around a compiled graph; kept on disk beside the graph's own code where PyTensor keeps that."""
    import pytensor
    from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src

    key = CACHED_SRC_FUNCTIONS.get(graph.py_func) if pytensor.config.numba__cache else None
    function = compile_numba_function_src(
        source,
        "graph_density",
        global_env={
            "__name__": __name__,
            "np": np,
            "carray": carray,
            "graph": graph,
            "record_pointer": record_pointer,
            "void_pointer": void_pointer,
        },
        cache_key=key and sha256(f"{key} {fingerprint} {source}".encode()).hexdigest(),
    )
    with warnings.catch_warnings():
        # A graph with large constants of its own is compiled again next time.
        warnings.filterwarnings("ignore", message=".*Cannot cache compiled function", category=NumbaWarning)
        return cfunc(C_SIGNATURE, cache=key is not None)(function)
