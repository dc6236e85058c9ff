"""Command line: `python -m benchmarks.sampling --help`."""

from __future__ import annotations

import argparse
import datetime
import platform

from bayesord.checks import available_cores
from benchmarks.sampling.cases import CASES, Case, get_case
from benchmarks.sampling.machine import report_machine
from benchmarks.sampling.peers import PEERS, Peer, Settings
from benchmarks.sampling.report import table
from benchmarks.sampling.run import Result, is_installed, run, warm_up


def main() -> None:
    options = _parse()
    print(
        f"{datetime.date.today()}, {available_cores()} cores, {platform.machine()}; "
        f"{options.chains} chains of {options.draws:,} draws, {options.cores} at a time\n"
    )
    if options.gradient:
        report_machine()
        return
    settings = Settings(options.draws, options.chains, options.cores, options.seed)
    chosen = [PEERS[name] for name in options.peers if is_installed(PEERS[name])]
    missing = [name for name in options.peers if not is_installed(PEERS[name])]
    if missing:
        print(f"Not installed, left out: {', '.join(missing)}\n")
    for case in map(get_case, options.sizes):
        compare(case, chosen, settings, options.limit, warm=not options.cold)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Sampling by bayesord and by each peer that is installed.")
    parser.add_argument(
        "--sizes", nargs="*", default=list(CASES), help="rows x columns as in 300x4, or 'factors'"
    )
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--limit", type=float, default=500.0, help="seconds for one run")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--cores", type=int, default=min(4, available_cores()), help="chains at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cold", action="store_true", help="do not first fill the caches of compiled code")
    parser.add_argument(
        "--gradient", action="store_true", help="speed of the gradient, first fits and memory instead"
    )
    return parser.parse_args()


def compare(case: Case, chosen: list[Peer], settings: Settings, limit: float, *, warm: bool) -> None:
    """Run and print one case; each line as soon as it is there."""
    data = case.data()
    print(f"{case.name}: {case.summary}", flush=True)

    def measured(name: str, prior: str, *, caches: bool, language: str = "python") -> Result:
        if warm and caches:
            warm_up(name, prior, data, settings, limit)
        result = run(name, prior, data, settings, limit, language=language)
        seconds = result.trouble or f"{result.figures['seconds']:,.2f} s"
        print(f"  {name}, {prior}: {seconds}", flush=True)
        return result

    own = {prior: measured("bayesord", prior, caches=True) for prior in ("default", *case.priors)}
    results: list[tuple[Result, Result | None, bool]] = [(result, None, True) for result in own.values()]
    for peer in chosen:
        for prior in peer.priors:
            kind = prior.split(",")[0]
            if kind not in case.priors:
                continue
            result = measured(peer.name, prior, caches=peer.caches, language=peer.language)
            if not peer.same_posterior:
                result.prior = "its own"
            results.append((result, own[kind], peer.same_posterior))
    print("\n" + table(results) + "\n", flush=True)


if __name__ == "__main__":
    main()
