"""Arrays of numbers and text in NumPy's .npy format, never of objects."""

from __future__ import annotations

from math import prod
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

__all__ = ["read_array", "write_array"]

_KINDS = "biufU"
_LAST_CHARACTER = 0x10FFFF


def write_array(file: BinaryIO, array: np.ndarray) -> None:
    """Write an array of a plain dtype: truth values, numbers or fixed-width text."""
    if array.dtype.kind not in _KINDS:
        raise TypeError(f"arrays of dtype {array.dtype} cannot be stored")
    npy.write_array(file, np.asarray(array, order="C"), allow_pickle=False)


def read_array(file: BinaryIO, size: int) -> np.ndarray:
    """Read one array from a file of `size` bytes; nothing is set aside before its shape has been found to fit.

    Raises
    ------
    ValueError
        For another format, objects, or a shape that does not go with the size.
    """
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"an array in version {version} of its format")
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read_header(file)
    if dtype.kind not in _KINDS or dtype.hasobject or dtype.names or dtype.shape or fortran:
        raise ValueError(f"an array of dtype {dtype}")
    if any(type(length) is not int or length < 0 for length in shape):
        raise ValueError(f"an array of shape {shape}")
    if prod(shape) * dtype.itemsize != size - file.tell():
        raise ValueError(f"an array of shape {shape} in {size} bytes")
    array = np.empty(shape, dtype)
    raw = array.reshape(-1).view(np.uint8) if array.size and dtype.itemsize else np.empty(0, np.uint8)
    if file.readinto(memoryview(raw)) != raw.size or file.read(1):
        raise ValueError("an array that ends too early")
    if not dtype.isnative:
        array = array.astype(dtype.newbyteorder("="))
    _check_values(array)
    return array


def _check_values(array: np.ndarray) -> None:
    """Bytes that no truth value and no character has would misbehave later."""
    if not array.size or not array.dtype.itemsize:
        return
    if array.dtype.kind == "b" and array.view(np.uint8).max() > 1:
        raise ValueError("truth values that are neither true nor false")
    if array.dtype.kind == "U" and array.reshape(-1).view(np.uint32).max() > _LAST_CHARACTER:
        raise ValueError("text of impossible characters")
