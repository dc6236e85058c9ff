"""Runs that several tests of checkpoints compare with."""

import pytest
from small_runs import bits, fitted


@pytest.fixture(scope="session")
def unbroken(wine):
    return bits(fitted(wine))


@pytest.fixture
def sampled(monkeypatch):
    """The seeds of the chains that are really sampled."""
    seen = []
    import nutpie

    sample = nutpie.sample

    def counted(*args, **settings):
        seen.append(settings["seed"])
        return sample(*args, **settings)

    monkeypatch.setattr(nutpie, "sample", counted)
    return seen


@pytest.fixture(scope="session")
def finished(wine, tmp_path_factory):
    """A folder with a finished run."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    fitted(wine, folder)
    return folder
