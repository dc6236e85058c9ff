"""What all posterior draws of category probabilities have in common: small blocks, and what is made of blocks."""

from __future__ import annotations

import numpy as np

from bayesord.checks import check_memory
from bayesord.predictive import tables
from bayesord.predictive.threads import for_each, spans

__all__ = ["Draws", "check_chains"]

_BLOCK_NUMBERS = 1 << 17  # probabilities in a block: 1 MB, which a processor's cache holds

_INSTEAD = (
    "predict_proba() of a fit, or mean_probs() of draws, averages over the draws and holds rows x categories; or ask "
    "for some of the rows at a time."
)


class Draws:
    """What both kinds share. Shapes: S draws (chain after chain), n rows, K categories."""

    n_chains: int

    def block(self, draws: tuple[int, int], rows: tuple[int, int]) -> np.ndarray:
        """Probabilities (s, r, K) of a range of draws and a range of rows."""
        raise NotImplementedError

    def row_spans(self, n_draws: int = 1) -> list[tuple[int, int]]:
        """Ranges of rows that make blocks of a handy size together with `n_draws` draws."""
        return spans(self.n_rows, max(1, _BLOCK_NUMBERS // (n_draws * self.n_categories)))

    def probs(self, threads: int | None = None) -> np.ndarray:
        """All probabilities (S, n, K).

        Raises
        ------
        MemoryError
            Where they would take more than half of the memory that is free.
        """
        shape = (self.n_draws, self.n_rows, self.n_categories)
        check_memory("all category probabilities (draws x rows x categories)", shape, _INSTEAD)
        table = np.empty(shape)

        def one(first, last):
            for rows in self.row_spans(last - first):
                table[first:last, slice(*rows)] = self.block((first, last), rows)

        for_each(one, spans(self.n_draws, 16), threads, amount=self.n_draws * self.n_rows)
        return table

    def replicate(self, rng: np.random.Generator, threads: int | None = None) -> np.ndarray:
        """Replicated answers (S, n), one data set for each draw, as codes (int16).

        Blocks and threads do not change them: every number depends on its draw and row alone.

        Raises
        ------
        MemoryError
            Where they, with the labels that they stand for, would take more than half of the memory that is free.
        """
        check_memory(
            "replicated answers (draws x rows)",
            (self.n_draws, self.n_rows),
            "expected_qwk() scores replicates without holding them; or ask for some of the rows at a time.",
            bytes_each=2 + 8 + 8,
        )
        seeds = rng.integers(0, 2**64, size=self.n_draws, dtype=np.uint64)
        codes = np.empty((self.n_draws, self.n_rows), dtype=np.int16)

        def one(first, last):
            for start, stop in self.row_spans(last - first):
                block = self.block((first, last), (start, stop))
                tables.draw_answers(block, seeds[first:last], start, codes[first:last, start:stop])

        for_each(one, spans(self.n_draws, 16), threads, amount=self.n_draws * self.n_rows)
        return codes


def check_chains(n_chains: int, n_draws: int) -> None:
    """Refuse draws that are not chains of equal length."""
    if n_chains < 1 or n_draws % n_chains:
        raise ValueError(f"{n_draws} draws cannot be {n_chains} chains of equal length.")
