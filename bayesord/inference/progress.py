"""One progress bar for the draws of all chains."""

from __future__ import annotations

from bayesord.progress import Bar

__all__ = ["Progress"]


class Progress:
    """Counts finished draws over all chains; `callback(chain)` is given to each sampler."""

    def __init__(self, chains: int, draws_per_chain: int, *, shown: bool):
        self._finished = [0] * chains
        self._divergences = [0] * chains
        self._per_chain = draws_per_chain
        self._total = chains * draws_per_chain
        self._bar = Bar("Sampling", self._total, shown=shown)

    def __enter__(self):
        self._bar.__enter__()
        return self

    def __exit__(self, *exc):
        self.refresh(now=True)
        self._bar.__exit__(*exc)

    def callback(self, chain: int):
        """What nutpie calls, from a thread of its own, with the progress of this chain."""
        if not self._bar.shown:
            return None

        def update(progress):
            if self._finished[chain] < self._per_chain:  # a chain that has ended may still be heard of
                self._finished[chain] = progress[0].finished_draws
            self._divergences[chain] = progress[0].divergences

        return update

    def finish(self, chain: int) -> None:
        self._finished[chain] = self._per_chain

    def refresh(self, *, now: bool = False) -> None:
        finished, divergences = sum(self._finished), sum(self._divergences)
        trouble = f", {divergences:,} divergences" if divergences else ""
        self._bar.show(finished, f"{finished:,} of {self._total:,} draws{trouble}", now=now)
