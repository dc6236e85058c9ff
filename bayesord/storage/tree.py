"""An xarray.DataTree as JSON and arrays, and back: groups, variables, coordinates, attributes."""

from __future__ import annotations

import re

import numpy as np
import xarray as xr

from bayesord.archive import Arrays
from bayesord.storage.values import read_value, write_value

__all__ = ["read_tree", "without_dim", "write_tree"]

_TIMES = re.compile(r"[<>=]?[Mm]8\[[0-9]*(D|h|m|s|ms|us|ns)\]")


def without_dim(tree: xr.DataTree, dim: str) -> xr.DataTree:
    """Without the variables that have this dim, and the groups that have nothing else."""
    kept = {}
    for node in tree.subtree:
        dataset = node.to_dataset(inherit=False)
        left = dataset.drop_vars([name for name, own in dataset.variables.items() if dim in own.dims])
        if node.path == "/" or left.data_vars or not dataset.data_vars:
            kept[node.path] = left
    return xr.DataTree.from_dict(kept)


def write_tree(tree: xr.DataTree, arrays: Arrays) -> list:
    """Every group, each with its path."""
    return [_write_group(node, arrays) for node in tree.subtree]


def _write_group(node: xr.DataTree, arrays: Arrays) -> dict:
    dataset = node.to_dataset(inherit=False)
    several = [
        name for name, index in dataset.xindexes.items() if not isinstance(index, xr.indexes.PandasIndex)
    ]
    several += [name for name in dataset.indexes if dataset.indexes[name].nlevels > 1 and name not in several]
    if several:
        raise TypeError(
            f"idata{node.path} has an index of several levels, {several[0]!r}, which cannot be stored: use "
            ".reset_index() on it"
        )
    variables = [
        {
            "name": write_value(name, arrays),
            "dims": list(variable.dims),
            "coordinate": name in dataset.coords,
            "values": _write_array(variable.values, f"{node.path}_{name}", arrays),
            "attrs": write_value(dict(variable.attrs), arrays),
        }
        for name, variable in dataset.variables.items()
    ]
    return {"path": node.path, "variables": variables, "attrs": write_value(dict(dataset.attrs), arrays)}


def read_tree(groups: list, arrays: Arrays) -> xr.DataTree:
    """The tree that `write_tree` wrote so."""
    found = {}
    for group in groups:
        path = str(group["path"])
        if not path.startswith("/") or {".", ".."} & set(path.split("/")) or path in found:
            raise ValueError(f"a group called {path!r}")
        found[path] = _read_group(group, arrays)
    return xr.DataTree.from_dict(found)


def _read_group(group: dict, arrays: Arrays) -> xr.Dataset:
    read = {True: {}, False: {}}
    for own in group["variables"]:
        dims = [str(dim) for dim in own["dims"]]
        values = _read_array(own["values"], arrays)
        variable = xr.Variable(dims, values, attrs=read_value(own["attrs"], arrays))
        read[own["coordinate"]][read_value(own["name"], arrays)] = variable
    return xr.Dataset(read[False], coords=read[True], attrs=read_value(group["attrs"], arrays))


def _write_array(values: np.ndarray, about: str, arrays: Arrays) -> dict:
    if values.dtype.kind in "biufU":
        return {"array": arrays.put(values, about)}
    if values.dtype.kind in "Mm":
        return {"times": arrays.put(values.view(np.int64), about), "dtype": values.dtype.str}
    if values.dtype.kind == "c":
        return {"complex": arrays.put(np.stack([values.real, values.imag]), about)}
    labels = [write_value(label, arrays) for label in values.astype(object).ravel()]
    return {"labels": labels, "shape": list(values.shape)}


def _read_array(state: dict, arrays: Arrays) -> np.ndarray:
    if "array" in state:
        return arrays.get(state["array"])
    if "times" in state:
        if not _TIMES.fullmatch(state["dtype"]):
            raise ValueError(f"times of dtype {state['dtype']!r}")
        return arrays.get(state["times"]).view(state["dtype"])
    if "complex" in state:
        parts = arrays.get(state["complex"])
        values = np.empty(parts.shape[1:], dtype=np.complex128)
        values.real, values.imag = parts
        return values
    values = np.empty(len(state["labels"]), dtype=object)
    for i, label in enumerate(state["labels"]):
        values[i] = read_value(label, arrays)
    return values.reshape(state["shape"])
