"""Ctrl-C and SIGTERM: the first keeps what is there, the second stops, and neither loses a finished chain."""

import os
import signal
import threading
import time

import pytest
from small_runs import bits, chains_in, fitted

from bayesord.inference import checkpoint as room
from bayesord.inference import nuts
from bayesord.inference.interrupts import terminated_as_interrupted


class TestInterrupts:
    def test_sigterm_counts_as_the_first_ctrl_c_and_is_given_back(self):
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

        def terminate():
            with terminated_as_interrupted():
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(1)

        with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
            terminate()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    def test_a_handler_of_someone_else_stays(self):
        seen = []
        signal.signal(signal.SIGTERM, lambda *_: seen.append(1))
        try:
            with terminated_as_interrupted():
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.01)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        assert seen == [1]

    def test_other_threads_leave_signals_alone(self):
        seen = []

        def run():
            with terminated_as_interrupted():
                seen.append(signal.getsignal(signal.SIGTERM))

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        assert seen == [signal.SIG_DFL]

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_finished_chains_and_draws_so_far_survive_and_resume_completes(
        self, number, wine, tmp_path, monkeypatch
    ):
        """Stopped as the first of three chains has been written: on going on, what an unbroken run returns."""
        keep = room.Stage.keep

        def keep_and_stop(stage, chain, result):
            keep(stage, chain, result)
            os.kill(os.getpid(), number)

        whole = bits(fitted(wine))
        with monkeypatch.context() as patch:
            patch.setattr(room.Stage, "keep", keep_and_stop)
            fit = fitted(wine, tmp_path, cores=1)
        assert fit.idata["sample_stats"].attrs["interrupted"] == 1
        assert fit.idata["posterior"].sizes["draw"] == 60
        assert "interrupted" in str(fit.verdict)
        assert chains_in(tmp_path) == ["target-accept-0.8-chain-0"]
        assert bits(fitted(wine, tmp_path, resume=True)) == whole

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_the_second_one_stops_and_loses_no_chain(self, number, wine, tmp_path, monkeypatch, unbroken):
        """It comes while the draws so far are gathered."""
        keep, read, calls = room.Stage.keep, nuts._read, []

        def keep_and_stop(stage, chain, result):
            keep(stage, chain, result)
            os.kill(os.getpid(), number)

        def read_and_stop(results):
            calls.append(1)
            if len(calls) > 1:
                os.kill(os.getpid(), number)
            return read(results)

        with monkeypatch.context() as patch:
            patch.setattr(room.Stage, "keep", keep_and_stop)
            patch.setattr(nuts, "_read", read_and_stop)
            with pytest.raises(KeyboardInterrupt):
                fitted(wine, tmp_path, cores=2)
        assert len(chains_in(tmp_path)) == 1
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert bits(fitted(wine, tmp_path, resume=True)) == unbroken

    def test_ctrl_c_at_the_worst_moment_loses_no_chain(self, wine, tmp_path, monkeypatch):
        """Between the end of a chain and its place on disk."""
        calls = []

        def interrupted(stage, chain, result):
            calls.append(chain)
            stage._waiting[chain] = result
            raise KeyboardInterrupt

        monkeypatch.setattr(room.Stage, "keep", interrupted)
        fit = fitted(wine, tmp_path, cores=1)
        assert calls == [0]
        assert chains_in(tmp_path) == ["target-accept-0.8-chain-0"]
        assert fit.idata["posterior"].sizes == {**fit.idata["posterior"].sizes, "chain": 1, "draw": 60}
