"""Command line: `python -m benchmarks.losses --help`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

PARTS = ("tables", "images", "embeddings", "report")


def main() -> None:
    options = _parse()
    os.environ.setdefault("KERAS_BACKEND", "jax")
    _one_thread_each()
    from benchmarks.losses import jobs  # Keras reads the environment when it is imported

    jobs.run(options)


def _one_thread_each() -> None:
    """Worker processes inherit this; two of them then use two cores."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Every loss on the same network, beside a Bayesian head on its embedding, on five tables and on "
        "drawn images. What was answered is kept in a folder, so that a run that was ended can go on."
    )
    parser.add_argument(
        "--results", type=Path, required=True, help="folder for answers, outside the repository"
    )
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--sets", nargs="*", help="of the tables; all by default")
    parser.add_argument("--methods", nargs="*", help="losses and others, by name; all by default")
    parser.add_argument("--splits", type=int, default=20, help="70/30 splits of every table")
    parser.add_argument(
        "--images", type=int, default=3, help="repetitions of the image task, each with new images"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes of one thread")
    parser.add_argument(
        "--write", type=Path, help="folder for losses.md and losses.png; without it nothing is written"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
