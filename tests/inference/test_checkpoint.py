"""Chains on disk: a run that goes on is to the bit the run without a break."""

import os

import numpy as np
import pytest
from small_runs import bits, chains_in, fitted

import bayesord as bo
from bayesord.inference import nuts
from bayesord.inference.fingerprints import digest


def test_a_checkpoint_changes_nothing_and_holds_every_chain(wine, tmp_path, unbroken):
    assert bits(fitted(wine, tmp_path / "run")) == unbroken
    assert sorted(os.listdir(tmp_path / "run")) == [
        "lock", "run", *(f"target-accept-0.8-chain-{i}" for i in range(3)),
    ]  # fmt: skip


@pytest.mark.parametrize("missing", [(0,), (2,), (0, 1), (0, 1, 2), ()])
def test_only_what_is_missing_is_sampled_and_the_result_is_the_same(
    missing, wine, tmp_path, unbroken, sampled
):
    fitted(wine, tmp_path)
    sampled.clear()
    for number in missing:
        (tmp_path / f"target-accept-0.8-chain-{number}").unlink()
    (tmp_path / ".run.abc.unfinished").write_bytes(b"half")
    for cores in (1, 2):
        assert bits(fitted(wine, tmp_path, resume=True, cores=cores)) == unbroken
    assert sampled == [nuts.chain_seeds(5, 3)[i] for i in missing]
    assert not list(tmp_path.glob(".*"))


def test_resume_begins_a_run_where_there_is_none(wine, tmp_path, unbroken):
    assert bits(fitted(wine, tmp_path / "a" / "b", resume=True)) == unbroken


def test_through_pytensor_too(wine, tmp_path, sampled):
    how = {"priors": bo.Priors(beta=bo.priors.r2d2()), "draws": 15, "tune": 20, "chains": 2}
    whole = bits(fitted(wine, tmp_path, **how))
    (tmp_path / "target-accept-0.8-chain-1").unlink()
    sampled.clear()
    assert bits(fitted(wine, tmp_path, resume=True, **how)) == whole
    assert len(sampled) == 1


def test_group_effects_too(wine, tmp_path):
    how = {"formula": "rating ~ temp + (1 | judge)", "draws": 30}
    whole = bits(fitted(wine, **how))
    fitted(wine, tmp_path, **how)
    (tmp_path / "target-accept-0.8-chain-0").unlink()
    assert bits(fitted(wine, tmp_path, resume=True, **how)) == whole


def test_a_seed_that_was_drawn_is_kept(wine, tmp_path):
    first = fitted(wine, tmp_path, random_seed=None)
    (tmp_path / "target-accept-0.8-chain-1").unlink()
    assert bits(fitted(wine, tmp_path, random_seed=None, resume=True)) == bits(first)
    with pytest.raises(ValueError, match="What differs: random_seed"):
        fitted(wine, tmp_path, random_seed=1, resume=True)


def test_both_passes_of_a_retry_are_kept(wine, tmp_path, monkeypatch, sampled):
    """A first pass with a divergence, and the second at target_accept .95."""
    read = nuts._read

    def diverging(results):
        chain = read(results)
        if not chain.stats["diverging"].any() and results is not None:
            chain.stats["diverging"][0] = True
        return chain

    monkeypatch.setattr(nuts, "_read", diverging)
    whole = bits(fitted(wine, tmp_path))
    names = [f"target-accept-{t}-chain-{i}" for t in (0.8, 0.95) for i in range(3)]
    assert chains_in(tmp_path) == names
    for name in names[1::2]:
        sampled.clear()
        (tmp_path / name).unlink()
        assert bits(fitted(wine, tmp_path, resume=True)) == whole
        assert len(sampled) == 1


def test_digests_tell_everything_apart():
    values = [
        None, 0, False, 0.0, -0.0, "", "0", (), (0,), ((0,),), (0, 0), {"a": 1}, {"a": 1.0}, np.zeros(2), np.zeros((1, 2)),
        np.zeros(2, dtype=np.float32), np.array([0.0, -0.0]), np.zeros(0), np.zeros((0, 3)), np.array(0.0), ("ab", "c"),
        ("a", "bc"),
    ]  # fmt: skip
    assert len({digest(value) for value in values}) == len(values)
    assert digest(np.arange(6.0).reshape(2, 3).T) == digest(np.arange(6.0).reshape(2, 3).T.copy())
    with pytest.raises(TypeError, match="no digest"):
        digest(object())
