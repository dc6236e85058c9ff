"""The record that tells the compiled density which model it is: codes, sizes, and pointers to arrays.

One int64 array. Numbers are data here, not code, so a new link, prior or size compiles nothing.
"""

from __future__ import annotations

from numba import types
from numba.extending import intrinsic

# Slots of the record.
LINK, N_ROWS, N_CATEGORIES, N_FREE, N_SHARED, CUT_KIND, HAS_OFFSET, ANCHOR = range(8)
X, WEIGHT, OFFSET, STARTS, CUT_PRIOR, FREE_KIND, FREE_PRIOR, CENTRE, FACTOR, TILT, PEAK, INFO, PULL, HYPER = (
    range(8, 22)
)
N_SLOTS = 22

CUT_KINDS = {"dirichlet": 0, "normal": 1, "student_t": 2, "flat": 3}
FREE_KINDS = {"flat": 0, "normal": 1, "student_t": 2, "laplace": 3}
HYPER_A, HYPER_B, HYPER_CENTRE, HYPER_SCALE, HYPER_CONSTANT = range(5)


def _pointer_to(kind):
    """A function that compiled code can call to read an integer as the address of an array of `kind`."""

    @intrinsic
    def pointer(typingctx, address):
        signature = types.CPointer(kind)(types.int64)

        def codegen(context, builder, sig, args):
            return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

        return signature, codegen

    return pointer


float_pointer = _pointer_to(types.float64)
int_pointer = _pointer_to(types.int64)


@intrinsic
def record_pointer(typingctx, pointer):
    """The void pointer that nutpie hands over, as a pointer to the record."""
    signature = types.CPointer(types.int64)(types.voidptr)

    def codegen(context, builder, sig, args):
        return builder.bitcast(args[0], context.get_value_type(sig.return_type))

    return signature, codegen
