"""Inside a network: where a layer is, the network up to it, and what tells one state of its weights from another.

A functional network is a graph of tensors; each knows the operation that made it. A nested network has a graph of
its own, so a tensor inside it is reached by running the nested network up to there on what the outer one feeds it.
Nothing here changes the network it is given.
"""

from __future__ import annotations

import difflib
import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, replace

import keras
import numpy as np

from bayesord.checks import name_list
from bayesord.neural.arrays import numbers_in

__all__ = ["Place", "embed", "fingerprint", "find_layer", "network_until"]

PENULTIMATE = "penultimate"


@dataclass(frozen=True, eq=False)
class Place:
    """A tensor of a network: `tensor` of its own graph, the `path` of the layer that makes it, a `key` that is equal
    for equal places."""

    tensor: keras.KerasTensor
    path: str
    key: int


def find_layer(network: keras.Model, layer: str | int) -> Place:
    """Where a layer's output is.

    Parameters
    ----------
    network : keras.Model
        Functional or Sequential, built.
    layer : str or int
        A name, a path such as "body/dense_1" into nested networks, an index into `network.layers`, or
        "penultimate": what the last layer with a matrix of weights takes in.

    Returns
    -------
    Place

    Raises
    ------
    ValueError
        For a network that is not built, or is no graph; for layers that do not exist (with the close ones), that
        are used more than once, or have several outputs.
    """
    if not network.built:
        raise ValueError(
            f"network {network.name!r} has no weights yet: call it on a batch, or train it, before its layers are "
            "taken as features."
        )
    if not _is_graph(network):
        raise ValueError(
            f"network {network.name!r} is of class {type(network).__name__}, whose layers are only known while it "
            "runs: pass layer= as a function (network, batch) -> embedding, for example "
            "layer=lambda network, x: network.body(x)."
        )
    if layer == PENULTIMATE:
        return _penultimate(network)
    if isinstance(layer, int | np.integer) and not isinstance(layer, bool):
        layers = network.layers
        if not -len(layers) <= layer < len(layers):
            raise ValueError(
                f"layer={layer} is out of range: network {network.name!r} has {len(layers)} layers, 0 .. "
                f"{len(layers) - 1}."
            )
        return _output_of(network, layers[layer], layers[layer].name)
    if not isinstance(layer, str):
        raise TypeError(
            f"layer must be a name, an index, 'penultimate' or a function (network, batch); got {type(layer).__name__}."
        )
    return _by_name(network, layer)


def network_until(network: keras.Model, place: Place) -> keras.Model:
    """The network from its inputs to a place, sharing its weights; for any number of rows."""
    inputs = getattr(network, "_functional", network).input
    model = keras.Model(inputs, place.tensor)
    if all(tensor.shape[0] is None for tensor in network.inputs):
        return model
    # A Sequential built by a call remembers how many rows that call had
    fresh = keras.tree.map_structure(lambda t: keras.Input(t.shape[1:], dtype=t.dtype, name=t.name), inputs)
    return keras.Model(fresh, model(fresh))


def embed(run, arrays, batch_size: int, pool=None) -> np.ndarray:
    """What a model, or a function of a batch, gives for all rows, in inference mode; pooled as soon as it is there.

    Parameters
    ----------
    run : keras.Model or callable
    arrays : array (n, ...), or list or dict of them
    batch_size : int
    pool : callable, optional
        (m, ..., d) -> (m, d).

    Returns
    -------
    array (n, ...), of the type that the network computes in
    """
    parts = []
    with _unharmed(run):
        for start in range(0, len(keras.tree.flatten(arrays)[0]), batch_size):
            rows = slice(start, start + batch_size)
            some = keras.tree.map_structure(lambda array, rows=rows: array[rows], arrays)
            if isinstance(run, keras.Model):
                part = np.asarray(run.predict_on_batch(some))
            else:
                part = numbers_in(run(some))
            parts.append(part if pool is None else np.asarray(pool(part)))
    return np.concatenate(parts)


@contextmanager
def _unharmed(run):
    """Whatever happens inside, a network keeps its weights.

    On JAX, Keras hands them to the compiled step and takes them back after it: where a step ends in an error, or by
    Ctrl-C, they would be lost.
    """
    kept = [numbers_in(weight) for weight in run.weights] if isinstance(run, keras.Model) else []
    try:
        yield
    except BaseException:
        for weight, numbers in zip(run.weights if kept else [], kept, strict=True):
            weight.assign(numbers)
        raise


def fingerprint(network: keras.Model) -> str:
    """A hash of all weights: equal for equal weights, and for nothing else."""
    digest = hashlib.sha256()
    for weight in network.weights:
        values = np.ascontiguousarray(numbers_in(weight))
        digest.update(f"{values.dtype}{values.shape}".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


# -- the graph ---------------------------------------------------------------------------------------------


def _is_graph(layer) -> bool:
    """Whether it is a network whose tensors are known without running it."""
    return isinstance(layer, keras.Model) and bool(getattr(layer, "outputs", None))


def _made_by(tensor):
    """(operation, node, number of the output) that a tensor comes from."""
    operation, index, output = tensor._keras_history
    return operation, operation._inbound_nodes[index], output


def _uses(network) -> dict:
    """Operation -> the nodes at which this network uses it; other networks may use it elsewhere."""
    found, waiting, seen = {}, list(network.outputs), set()
    while waiting:
        operation, node, _ = _made_by(waiting.pop())
        if id(node) not in seen:
            seen.add(id(node))
            found.setdefault(operation, []).append(node)
            waiting.extend(node.input_tensors)
    return found


def _only_node(network, layer):
    nodes = _uses(network).get(layer, [])
    if len(nodes) > 1:
        raise ValueError(
            f"layer {layer.name!r} is shared: network {network.name!r} uses it {len(nodes)} times, so it has as many "
            "outputs. Name a layer that is used once, or pass layer= as a function (network, batch) -> embedding."
        )
    if not nodes:
        raise ValueError(
            f"layer {layer.name!r} is not on the way to an output of network {network.name!r}: nothing trained it."
        )
    return nodes[0]


def _output_of(network, layer, path: str) -> Place:
    outputs = _only_node(network, layer).output_tensors
    if len(outputs) > 1:
        raise ValueError(
            f"layer {path!r} has {len(outputs)} outputs: pass layer= as a function (network, batch) -> embedding."
        )
    return Place(outputs[0], path, id(outputs[0]))


def _outside(network, inner, place: Place) -> Place:
    """A place in a nested network as one in the network around it."""
    fed = _only_node(network, inner).input_tensors
    position = [i for i, tensor in enumerate(inner.inputs) if tensor is place.tensor]
    if position:
        tensor = fed[position[0]]
        return Place(tensor, _made_by(tensor)[0].name, id(tensor))
    part = keras.Model(inner.inputs, place.tensor)
    return Place(part(list(fed)), place.path, place.key)


def _paths(network, prefix: str = ""):
    """(path, function that finds the place) of every layer, those of nested networks included."""
    for layer in network.layers:
        path = prefix + layer.name
        yield path, lambda layer=layer, path=path: _output_of(network, layer, path)
        if _is_graph(layer):
            for inner_path, find in _paths(layer, path + "/"):
                yield inner_path, lambda layer=layer, find=find: _outside(network, layer, find())


def _by_name(network, name: str) -> Place:
    every = list(_paths(network))
    matching = [(path, find) for path, find in every if path == name]
    matching = matching or [(path, find) for path, find in every if path.split("/")[-1] == name]
    if len(matching) > 1:
        raise ValueError(
            f"layer={name!r} is the name of {len(matching)} layers: say which by its path, "
            f"{name_list([path for path, _ in matching])}."
        )
    if not matching:
        paths = [path for path, _ in every]
        names = {path.split("/")[-1]: path for path in reversed(paths)} | {path: path for path in paths}
        close = list(
            dict.fromkeys(names[found] for found in difflib.get_close_matches(name, names, n=5, cutoff=0.5))
        )
        hint = (
            f"Did you mean {' or '.join(map(repr, close[:3]))}?"
            if close
            else f"It has {name_list(paths, 10)}."
        )
        raise ValueError(f"network {network.name!r} has no layer {name!r}. {hint}")
    return matching[0][1]()


def _penultimate(network) -> Place:
    found = {place.key: place for place in (_before_head(network, tensor) for tensor in network.outputs)}
    if len(found) > 1:
        raise ValueError(
            f"network {network.name!r} has {len(network.outputs)} outputs, whose heads stand on different layers: "
            f"{name_list([place.path for place in found.values()])}. Pass layer= with the one to use."
        )
    (place,) = found.values()
    if any(place.tensor is tensor for tensor in network.inputs):
        raise ValueError(
            f"network {network.name!r} has no layer between its input and its head: its embedding would be X itself. "
            "Use X, or pass layer=."
        )
    return place


def _before_head(network, tensor) -> Place:
    """What the last layer with a matrix of weights takes in, on the way back from an output.

    Activations, cutpoints, temperatures and normalisations have vectors at most, and are passed over.
    """
    while True:
        layer, node, output = _made_by(tensor)
        fed = node.input_tensors
        if not fed:
            return Place(tensor, layer.name, id(tensor))
        if _is_graph(layer):
            inside = _before_head(layer, layer.outputs[output])
            if not any(inside.tensor is start for start in layer.inputs) or _has_matrix(layer):
                within = replace(inside, path=f"{layer.name}/{inside.path}")
                return _outside(network, layer, within)
        if len(fed) > 1:
            raise ValueError(
                f"the head of network {network.name!r} cannot be told: {layer.name!r} joins {len(fed)} tensors. "
                "Pass layer= with the name of the layer to use."
            )
        if _has_matrix(layer):
            return Place(fed[0], _made_by(fed[0])[0].name, id(fed[0]))
        tensor = fed[0]


def _has_matrix(layer) -> bool:
    return any(len(weight.shape) > 1 for weight in getattr(layer, "weights", ()))
