"""The PyTensor operations of the model: the kernels as graph nodes, with their gradients.

`LinearPredictor` is X @ beta. It exists because PyTensor's own matrix-vector product takes over a minute to
compile through numba the first time, and ours a second.

`CumulativeLogp` gives log P(y_i | eta_i) of every row *together with* its derivatives in one pass over the
rows; the pullback only multiplies what that pass has already produced.
"""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch import basic as numba_basic

from bayesord.jit import fingerprint, njit
from bayesord.likelihood import kernels
from bayesord.likelihood.links import get_link

__all__ = ["CumulativeLogp", "LinearPredictor", "linear_predictor"]

# PyTensor caches compiled operations by their properties alone; this makes ours follow the kernel sources.
_CACHE_SALT = int(fingerprint, 16)


class LinearPredictor(Op):
    """X @ v for X (n, p), v (p,); with `transposed`, X' @ v for v (n,)."""

    __props__ = ("transposed",)

    def __init__(self, transposed: bool = False):
        self.transposed = transposed

    def make_node(self, X, v):
        X, v = pt.as_tensor_variable(X), pt.as_tensor_variable(v)
        return Apply(self, [X, v], [pt.vector(dtype="float64", shape=(X.type.shape[int(self.transposed)],))])

    def perform(self, node, inputs, outputs):
        X, v = inputs
        outputs[0][0] = (X.T if self.transposed else X) @ v

    def infer_shape(self, node, shapes):
        return [(shapes[0][int(self.transposed)],)]

    def pullback(self, inputs, outputs, cotangents):
        X, v = inputs
        (g,) = cotangents
        left, right = (v, g) if self.transposed else (g, v)
        return [pt.outer(left, right), LinearPredictor(not self.transposed)(X, g)]


linear_predictor = LinearPredictor()


class CumulativeLogp(Op):
    """(eta (n,), steps (K-1,), y (n,) codes) -> log P(y | eta), its derivative in eta, and in its own log gap.

    `steps` are the first cutpoint and the logs of the gaps between cutpoints: the gap of a category enters the
    likelihood as exp(step), never as a difference of cutpoints, which would cost digits.
    Only the first output can be differentiated.
    """

    __props__ = ("link",)

    def __init__(self, link: str):
        self.link = get_link(link).name

    @property
    def code(self) -> int:
        return get_link(self.link).code

    def make_node(self, eta, steps, y):
        eta, steps, y = (pt.as_tensor_variable(v) for v in (eta, steps, y))
        if (eta.ndim, steps.ndim, y.ndim) != (1, 1, 1):
            raise TypeError(
                f"eta, steps and y must be vectors, got {eta.ndim}, {steps.ndim} and {y.ndim} dimensions"
            )
        rows = [pt.vector(dtype="float64", shape=eta.type.shape) for _ in range(3)]
        return Apply(self, [eta, steps, y.astype("int64")], rows)

    def perform(self, node, inputs, outputs):
        for storage, value in zip(outputs, _logp_rows(self.code, *inputs), strict=True):
            storage[0] = value

    def infer_shape(self, node, shapes):
        return [shapes[0]] * 3

    def connection_pattern(self, node):
        return [[True] * 3, [True] * 3, [False] * 3]

    def pullback(self, inputs, outputs, cotangents):
        _, steps, y = inputs
        _, d_eta, d_gap = outputs
        g = cotangents[0]
        if isinstance(g.type, DisconnectedType):
            g = pt.zeros_like(d_eta)
        return [g * d_eta, _StepsPullback()(steps, y, g * d_eta, g * d_gap), disconnected_type()]


class _StepsPullback(Op):
    """From per-row derivatives to the derivative in the steps: sums over rows by category."""

    __props__ = ()

    def make_node(self, steps, y, d_eta, d_gap):
        return Apply(self, [pt.as_tensor_variable(v) for v in (steps, y, d_eta, d_gap)], [steps.type()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = _steps_pullback(*inputs)

    def infer_shape(self, node, shapes):
        return [shapes[0]]


@njit
def _matvec(X, v):
    return np.dot(X, v)


@njit
def _rmatvec(X, v):
    return np.dot(X.T, v)


@njit
def _logp_rows(code, eta, steps, y):
    n = y.shape[0]
    logp, d_eta, d_gap = np.empty(n), np.empty(n), np.empty(n)
    kernels.rows(code, eta, steps, y, logp, d_eta, d_gap)
    return logp, d_eta, d_gap


@njit
def _steps_pullback(steps, y, d_eta, d_gap):
    K = steps.shape[0] + 1
    by_category = np.zeros(K)
    out = np.zeros(K - 1)
    for i in range(y.shape[0]):
        by_category[y[i]] += d_eta[i]
        if 0 < y[i] < K - 1:
            out[y[i]] += d_gap[i]
    above = 0.0  # sum of d_eta over all categories above the gap
    for j in range(K - 2, 0, -1):
        above += by_category[j + 1]
        out[j] -= np.exp(steps[j]) * above
    out[0] = -(above + by_category[0] + (by_category[1] if K > 1 else 0.0))
    return out


@numba_basic.register_funcify_default_op_cache_key(LinearPredictor)
def _numba_linear_predictor(op, node, **kwargs):
    return (_rmatvec if op.transposed else _matvec), _CACHE_SALT


@numba_basic.register_funcify_default_op_cache_key(CumulativeLogp)
def _numba_cumulative_logp(op, node, **kwargs):
    code = op.code

    @numba_basic.numba_njit
    def cumulative_logp(eta, steps, y):
        return _logp_rows(code, eta, steps, y)

    return cumulative_logp, _CACHE_SALT


@numba_basic.register_funcify_default_op_cache_key(_StepsPullback)
def _numba_steps_pullback(op, node, **kwargs):
    return _steps_pullback, _CACHE_SALT
