"""The record that tells the compiled density which model it is: codes, sizes, and pointers to arrays.

One int64 array. Numbers are data here, not code, so a new link, prior or size compiles nothing.
"""

from __future__ import annotations

import numpy as np
from numba import carray, types
from numba.extending import intrinsic

from bayesord.jit import njit

# Slots of the record.
LINK, N_ROWS, N_CATEGORIES, N_FREE, N_SHARED, CUT_KIND, HAS_OFFSET, ANCHOR = range(8)
X, WEIGHT, OFFSET, STARTS, CUT_PRIOR, FREE_KIND, FREE_PRIOR, CENTRE, FACTOR, TILT, PEAK, INFO, PULL, HYPER = (
    range(8, 22)
)
# Group effects: their number over all terms, the number of terms and the most columns of one; how many coordinates
# move them, how many directions are mixed; a table of slots for each term, and the arrays of the other two.
N_EFFECTS, N_TERMS, WIDEST_TERM, N_BORDER, N_MIXED, GROUPS, BORDER, MIXED, MIXING = range(22, 31)
SEGMENT = 31  # the address of the link's rows
N_SLOTS = 32

# Slots of a group term.
(
    G_TERMS, G_GROUPS, G_FIRST, G_FIRST_HYPER, G_SD_KIND,
    G_INDEX, G_Z, G_INFO, G_PULL, G_SD_PRIOR, G_HYPER_CENTRE, G_HYPER_SCALE,
) = range(12)  # fmt: skip
N_GROUP_SLOTS = 12
SD_KINDS = {"half_normal": 0, "half_student_t": 1, "exponential": 2}
G_NU, G_ETA = range(2)  # of the numbers of a term's priors; the scales follow

CUT_KINDS = {"dirichlet": 0, "normal": 1, "student_t": 2, "flat": 3}
FREE_KINDS = {"flat": 0, "normal": 1, "student_t": 2, "laplace": 3}
HYPER_A, HYPER_B, HYPER_CENTRE, HYPER_SCALE, HYPER_CONSTANT = range(5)


def _pointer(kind):
    """A function that compiled code can call to read an integer as a pointer of this kind."""

    @intrinsic
    def pointer(typingctx, address):
        signature = kind(types.int64)

        def codegen(context, builder, sig, args):
            return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

        return signature, codegen

    return pointer


float_pointer = _pointer(types.CPointer(types.float64))
int_pointer = _pointer(types.CPointer(types.int64))
void_pointer = _pointer(types.voidptr)

#: Of a density as NUTS calls it: dimension, point, gradient and value to fill, record; 0 for success.
C_SIGNATURE = types.int64(types.uint64, *[types.CPointer(types.float64)] * 3, types.voidptr)


@intrinsic
def record_pointer(typingctx, pointer):
    """The void pointer that nutpie hands over, as a pointer to the record."""
    signature = types.CPointer(types.int64)(types.voidptr)

    def codegen(context, builder, sig, args):
        return builder.bitcast(args[0], context.get_value_type(sig.return_type))

    return signature, codegen


# Shared by all compiled code of the density, so that each is compiled once.


@njit
def matrix(address, rows, columns):
    """The numbers at an address as an array; a vector is row 0 of one row."""
    return carray(float_pointer(address), (rows, columns))


@njit
def times(A, x, out):
    """out = A x, in place: no array is made."""
    np.dot(A, x, out)


@njit
def transposed_times(A, x, out):
    """out = A' x, in place."""
    np.dot(x, A, out)
