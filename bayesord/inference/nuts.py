"""NUTS by nutpie. The only file that touches nutpie's lower-level names, and held to one tested minor version.

Each chain is a sampler of its own, with a seed spawned from the user's: the draws of a chain do not depend on how
many cores or other chains there are. The samplers run in nutpie's own threads, no Python among them; this one
only waits, shows the progress, hands each finished chain to whoever keeps them, and on Ctrl-C keeps what is there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import types

from bayesord.inference.density import c_density
from bayesord.inference.direct import DirectDensity
from bayesord.inference.graph import GraphDensity
from bayesord.inference.interrupts import terminated_as_interrupted
from bayesord.inference.progress import Progress
from bayesord.jit import cfunc

if TYPE_CHECKING:
    from bayesord.inference.checkpoint import Stage

__all__ = ["Chain", "Chains", "chain_seeds", "sample_density", "sample_model"]

_POLL_SECONDS = 0.0005  # on top of a millisecond that nutpie takes to say that a chain is not done
_DROPPED_STATS = {"divergence_message", "tuning", "draw", "chain", "unconstrained_draw", "gradient"}


class Chain(NamedTuple):
    """Draws (draw, ...) and statistics (draw,) of one chain, and the gradients that its tuning took."""

    draws: dict[str, np.ndarray]
    stats: dict[str, np.ndarray]
    tuning_gradients: int


@dataclass
class Chains:
    """Draws (chain, draw, ...) by variable, sampler statistics (chain, draw), and how it ended.

    All chains have one length: an interrupted run has fewer draws or chains, never padded ones.
    """

    draws: dict[str, np.ndarray]
    stats: dict[str, np.ndarray]
    tuning_gradients: int
    interrupted: bool


def chain_seeds(random_seed, chains: int) -> list[int]:
    """One independent seed a chain; those of the first chains do not depend on how many follow.

    A Generator gives its next number as the seed; a SeedSequence is left as it was.
    """
    if isinstance(random_seed, np.random.Generator):
        random_seed = int(random_seed.integers(2**63))
    elif isinstance(random_seed, np.random.SeedSequence):
        random_seed = [int(word) for word in random_seed.generate_state(4)]
    return [
        int(child.generate_state(1, np.uint64)[0] >> 1)
        for child in np.random.SeedSequence(random_seed).spawn(chains)
    ]


def sample_density(density: DirectDensity, *, seeds: list[int], **settings) -> Chains:
    """Sample a density through its C pointer; `draws["x"]` are its coordinates, started from N(0, I)."""
    compiled = c_density(bool(density.terms))

    def model(seed):
        start = np.random.default_rng(seed).standard_normal(density.n_dim)
        return _behind_pointer(density, compiled, lambda _seed=None: start.copy())

    return _run([model(seed) for seed in seeds], seeds, **settings)


def sample_model(density: GraphDensity, *, seeds: list[int], **settings) -> Chains:
    """Sample any pm.Model through PyTensor: slower to start, for models without a direct density.

    `draws` are the model's free and deterministic variables by name.
    """
    chains = _run([_behind_pointer(density, density.compiled, density.start)] * len(seeds), seeds, **settings)
    return replace(chains, draws=density.expand(chains.draws["x"]))


def _run(
    models,
    seeds,
    *,
    draws,
    tune,
    cores,
    target_accept,
    progressbar,
    stage: Stage | None = None,
) -> Chains:
    """Sample one chain a seed, but for those that `stage` has; it is given the others as they end."""
    import nutpie

    done: dict[int, Chain] = {} if stage is None else dict(stage.found)
    waiting = [chain for chain in range(len(seeds)) if chain not in done]
    running: dict[int, object] = {}
    interrupted = False
    with Progress(len(seeds), tune + draws, shown=progressbar) as progress:
        for chain in done:
            progress.finish(chain)

        def begin(chain):
            return nutpie.sample(
                models[chain],
                draws=draws,
                tune=tune,
                chains=1,
                cores=1,
                seed=seeds[chain],
                target_accept=target_accept,
                adaptation="diag",
                progress_bar=False,
                progress_callback=progress.callback(chain),
                return_raw_trace=True,
                blocking=False,
            )

        with terminated_as_interrupted():
            try:
                while waiting or running:
                    while waiting and len(running) < cores:
                        running[waiting[0]] = begin(waiting[0])
                        waiting.pop(0)
                    for chain in [c for c, sampler in running.items() if _finished(sampler)]:
                        done[chain] = _read(running[chain].wait())
                        del running[
                            chain
                        ]  # after, not before: Ctrl-C between the two must not lose the chain
                        progress.finish(chain)
                        if stage is not None:
                            stage.keep(chain, done[chain])
                    progress.refresh()
                    time.sleep(_POLL_SECONDS)
            except KeyboardInterrupt:
                interrupted = True
                for chain, sampler in running.items():
                    if chain not in done:
                        done[chain] = _read(sampler.abort())
            if stage is not None:
                stage.finish()
    return _together([done[chain] for chain in sorted(done)], interrupted)


def _finished(sampler) -> bool:
    """nutpie's `is_finished` raises, rather than returns, while the sampler runs."""
    try:
        return sampler.is_finished
    except TimeoutError:
        return False


def _read(results) -> Chain:
    """One chain of nutpie's raw trace, what it drew while tuning left out."""
    (draw_batch,), (stat_batch,) = results.get_arrow_trace()
    kept = ~_values(stat_batch.column("tuning")).astype(bool)
    draws = {}
    for name in draw_batch.column_names:
        column = draw_batch.column(name)
        shape = column.field.metadata.get(b"shape", b"").decode()
        values = _values(column).reshape(len(kept), *([int(s) for s in shape.split(",")] if shape else []))
        draws[name] = values[kept]
    stats = {
        name: values[kept]
        for name in stat_batch.column_names
        if name not in _DROPPED_STATS and len(values := _values(stat_batch.column(name))) == len(kept)
    }
    steps = _values(stat_batch.column("n_steps"))
    return Chain(draws, stats, int(steps[~kept].sum()))


def _values(column) -> np.ndarray:
    """A column of nutpie's Arrow trace as one flat array."""
    import pyarrow

    column = pyarrow.array(column)
    return (column.flatten() if hasattr(column, "flatten") else column).to_numpy(zero_copy_only=False)


def _together(chains: list[Chain], interrupted: bool) -> Chains:
    """Stack chains of one length; of an interrupted run, as many draws as fit into a rectangle."""
    lengths = [len(stats["diverging"]) for _, stats, _ in chains]
    if not any(lengths):
        raise KeyboardInterrupt("interrupted while tuning: there are no draws to keep")
    # An interrupted run has chains of many lengths: the cut that keeps the most draws, and the chains that reach it.
    length = max(lengths, key=lambda cut: cut * sum(other >= cut for other in lengths))
    begun = [chain for chain, own in zip(chains, lengths, strict=True) if own >= length]
    draws, stats = (
        {name: np.stack([chain[part][name][:length] for chain in begun]) for name in begun[0][part]}
        for part in (0, 1)
    )
    if "maxdepth_reached" in stats:  # the name that ArviZ looks for
        stats["reached_max_treedepth"] = stats["maxdepth_reached"]
    return Chains(draws, stats, sum(steps for _, _, steps in chains), interrupted)


# -- a density behind a pointer, dressed as what nutpie compiles from a pm.Model ----------------------------------


_EXPAND_SIGNATURE = types.int64(
    types.uint64, types.uint64, types.CPointer(types.float64), types.CPointer(types.float64), types.voidptr
)


def _identity(dim, expanded, x, out, data):
    for i in range(expanded):  # an assignment of slices would compile seconds' worth of its error message
        out[i] = x[i]
    return 0


@cache
def _c_identity():
    return cfunc(_EXPAND_SIGNATURE)(_identity)


def _behind_pointer(density, compiled, start):
    """`density` has `n_dim` and the `record` that the C function `compiled` reads; `start(seed)` is where to begin."""
    from nutpie.compile_pymc import CompiledPyMCModel

    shape = (density.n_dim,)
    return CompiledPyMCModel(
        dims={"x": ("coordinate",)},
        _coords={"coordinate": np.arange(density.n_dim)},
        _shapes={"x": shape},
        _n_dim=density.n_dim,
        compiled_logp_func=compiled,
        compiled_expand_func=_c_identity(),
        initial_point_func=start,
        shared_data={"density": density},  # kept alive while the sampler is
        shared_var_keys={},
        user_data=density.record,
        n_expanded=density.n_dim,
        shape_info=(["x"], [slice(0, density.n_dim)], [shape]),
        logp_func=None,
        expand_func=None,
    )
