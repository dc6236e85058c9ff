"""The bugs of the kill table can still be planted, its tests still exist, and its runner tells found from not found."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from benchmarks.reliability import mutants
from benchmarks.reliability.planted import MUTANTS, Mutant

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "bayesord", folder / "bayesord", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_bug_can_be_planted_and_its_tests_are_there(mutant, package):
    changed = {name: (package / "bayesord" / name).read_text() for name, _, _ in mutant.edits}
    mutant.plant(package)
    for name, sound in changed.items():
        file = package / "bayesord" / name
        planted = file.read_text()
        file.write_text(sound)
        assert ast.dump(ast.parse(planted)) != ast.dump(ast.parse(sound))
    for test in mutant.tests:
        path, _, function = re.sub(r"\[.*", "", test).partition("::")
        assert (ROOT / path).exists(), test
        assert not function or f"def {function}(" in (ROOT / path).read_text(), test


def test_names_are_distinct():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_a_text_that_is_gone_or_there_twice_is_refused(package):
    with pytest.raises(LookupError, match="0 times in bayesord/jit.py"):
        Mutant("x", (("jit.py", "this was never there", ""),), ()).plant(package)
    with pytest.raises(LookupError, match="not once"):
        Mutant("x", (("jit.py", "import", ""),), ()).plant(package)


def test_the_runner_plants_in_a_copy_and_says_what_failed(monkeypatch, tmp_path):
    (tmp_path / "bayesord").mkdir()
    (tmp_path / "bayesord/__init__.py").write_text("two = 2\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_two.py").write_text(
        "import pytest, bayesord\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_two(n):\n    assert bayesord.two == 2\n"
        "def test_one():\n    assert True\n"
    )
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\nmarkers = ['slow']\n")
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    tests = ("tests/test_two.py",)
    found = mutants.run(Mutant("three", (("__init__.py", "two = 2", "two = 3"),), tests))
    missed = mutants.Outcome("as good", (), 3, 1.0)
    broken = mutants.run(Mutant("no such test", (), ("tests/test_three.py",)))
    assert (tmp_path / "bayesord/__init__.py").read_text() == "two = 2\n"
    assert found.failed == ("test_two::test_two[1]", "test_two::test_two[2]")
    assert found.functions == ("test_two::test_two",)
    assert found.cases == 3
    assert "not found" in broken.trouble
    lines = mutants.table([found, missed, broken]).splitlines()
    assert lines[2] == "| three | 1 (2 of 3) | `test_two::test_two` |"
    assert "**none**" in lines[3]
    assert "not found" in lines[4]
