"""Rows of one category at once: loops that become vector instructions where they are exact enough.

The row kernels of `kernels` call `exp` and `log` and branch; a processor does one row at a time. Where rows are
sorted by category, the formula of a category can be written without either (`logit_loops`, `probit_loops`,
`extreme_value_loops`, `cauchit_loops`, on the functions of `elementary`), for eta in a range that holds almost
every row of real data. What is outside it goes to the row kernels. The tests hold both to the same bar.

Compiled code calls a link through its address: whoever calls does not compile the links' code once more, and only
the links that are used are compiled at all.
"""

from __future__ import annotations

from functools import cache

from llvmlite import ir
from numba import carray, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from bayesord.jit import cache_folder, cfunc, njit
from bayesord.likelihood.cauchit_loops import cauchit_segment
from bayesord.likelihood.extreme_value_loops import cloglog_segment, loglog_segment
from bayesord.likelihood.logit_loops import logit_segment
from bayesord.likelihood.probit_loops import probit_segment

__all__ = ["address_of", "is_compiled", "segment"]

_POINTER = types.CPointer(types.float64)
_SIGNATURE = types.void(*[types.int64] * 4, *[_POINTER] * 6)


@njit(inline="always")
def _unpacked(link_segment, k, top, n, derivatives, steps, cutpoints, eta, logp, d_eta, d_gap):
    row = (carray(steps, (top,)), carray(cutpoints, (top,)), carray(eta, (n,)), carray(logp, (n,)))
    if derivatives:
        link_segment(k, row[0], row[1], row[2], row[3], carray(d_eta, (n,)), carray(d_gap, (n,)))
    else:
        link_segment(k, row[0], row[1], row[2], row[3], None, None)


# numba keeps compiled code of functions of a module on disk, not of those made in a loop: hence one by one


def _logit(k, top, n, derivatives, steps, cutpoints, eta, logp, d_eta, d_gap):
    _unpacked(logit_segment, k, top, n, derivatives, steps, cutpoints, eta, logp, d_eta, d_gap)


def _probit(k, top, n, derivatives, steps, cutpoints, eta, logp, d_eta, d_gap):
    _unpacked(probit_segment, k, top, n, derivatives, steps, cutpoints, eta, logp, d_eta, d_gap)


def _cloglog(k, top, n, derivatives, steps, cutpoints, eta, logp, d_eta, d_gap):
    _unpacked(cloglog_segment, k, top, n, derivatives, steps, cutpoints, eta, logp, d_eta, d_gap)


def _loglog(k, top, n, derivatives, steps, cutpoints, eta, logp, d_eta, d_gap):
    _unpacked(loglog_segment, k, top, n, derivatives, steps, cutpoints, eta, logp, d_eta, d_gap)


def _cauchit(k, top, n, derivatives, steps, cutpoints, eta, logp, d_eta, d_gap):
    _unpacked(cauchit_segment, k, top, n, derivatives, steps, cutpoints, eta, logp, d_eta, d_gap)


_BY_CODE = (_logit, _probit, _cloglog, _loglog, _cauchit)


@cache
def _compiled(link_code: int):
    return cfunc(_SIGNATURE)(_BY_CODE[link_code])


def address_of(link_code: int) -> int:
    """The address of a link's compiled rows, for `segment`; compiled once on this machine, when first asked for."""
    return _compiled(link_code).address


def is_compiled(link_code: int) -> bool:
    """Whether a link's rows are in the cache of this machine, so that nobody will have to wait for them."""
    return any(cache_folder.rglob(f"segments.{_BY_CODE[link_code].__name__}-*.nbi"))


_VECTOR = types.Array(types.float64, 1, "C")


@intrinsic
def _call(typing, address, k, steps, cutpoints, eta, logp, d_eta, d_gap):
    """Call the function at an address with the sizes and the data of arrays; without derivatives, of logp instead."""
    given = (steps, cutpoints, eta, logp, d_eta, d_gap)
    derivatives = given[4:] != (types.none, types.none)
    if any(array != _VECTOR for array in (given if derivatives else given[:4])):
        raise TypingError(f"segment needs contiguous vectors of float64, not {given}")

    def code(context, builder, signature, arguments):
        values = arguments[2:] if derivatives else (*arguments[2:6], arguments[5], arguments[5])
        arrays = [context.make_array(_VECTOR)(context, builder, value) for value in values]
        top, n = (builder.extract_value(arrays[i].shape, 0) for i in (0, 2))
        kinds = [context.get_value_type(kind) for kind in _SIGNATURE.args]
        function = ir.FunctionType(ir.VoidType(), kinds).as_pointer()
        numbers = [arguments[1], top, n, ir.Constant(ir.IntType(64), int(derivatives))]
        builder.call(builder.inttoptr(arguments[0], function), [*numbers, *(array.data for array in arrays)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, *given), code


@njit
def segment(address, k, steps, cutpoints, eta, logp, d_eta, d_gap):
    """`kernels.rows` for rows that are all of category k.

    Parameters
    ----------
    address : int
        `address_of` the link. Any other number ends the process.
    k : int
        The category, 0 ... K-1.
    steps, cutpoints : (K-1,) float64
        The steps, and their cutpoints from `kernels.cutpoints_from_steps`.
    eta : (n,) float64
        The linear predictor.
    logp : (n,) float64
        Filled.
    d_eta, d_gap : (n,) float64, or both None
        Filled. Values without them cost less.

    Examples
    --------
    >>> import numpy as np
    >>> steps, cutpoints = np.array([-1.0, np.log(2.0)]), np.array([-1.0, 1.0])
    >>> logp = np.empty(2)
    >>> segment(address_of(0), 1, steps, cutpoints, np.array([0.0, 0.5]), logp, None, None)
    >>> logp.round(6).tolist()
    [-0.771937, -0.820904]
    """
    _call(address, k, steps, cutpoints, eta, logp, d_eta, d_gap)
