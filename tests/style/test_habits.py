"""The files that contributors and services read: they parse, and say what the project says."""

from __future__ import annotations

import json
import re

import pytest
from sources import ROOT

import bittrue

FORMS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / ".github").rglob("*.yml"))
YAML = [*FORMS, ".pre-commit-config.yaml", "CITATION.cff"]


def document(name: str):
    yaml = pytest.importorskip("yaml", reason="PyYAML is missing: pip install -e '.[max78002]'")
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", YAML)
def test_it_is_yaml(name):
    assert document(name)


def test_services_run_the_commands_and_every_supported_python():
    jobs = document(".github/workflows/ci.yml")["jobs"]
    steps = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    for command in (
        "make sim",
        "make test",
        "make lint",
        "hatchling build",
        "tests/style/test_docs.py",
        "bittrue doctor",
    ):
        assert any(command in step for step in steps), command
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert jobs["test"]["strategy"]["matrix"]["python"] == re.findall(r"Python :: (3\.\d+)", project)
    for step in filter(None, steps):
        for target in re.findall(r"\bmake ([\w-]+)", step):
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M), target
        for path in re.findall(r"tests/\S+\.py", step):
            assert (ROOT / path).is_file(), path


def test_the_container_runs_the_tests():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == 'CMD ["make", "test"]'
    build = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))["build"]
    assert (ROOT / ".devcontainer" / build["dockerfile"]).is_file()
    packages = re.findall(r"^ *need (\S+)", (ROOT / "sim" / "deps.sh").read_text(encoding="utf-8"), re.M)
    lacking = [name for name in packages if name not in "".join(lines) and "python" not in name]
    assert packages and lacking == []


def test_the_citation_is_of_this_version():
    citation = document("CITATION.cff")
    assert str(citation["version"]) == bittrue.__version__ and citation["license"] == "Apache-2.0"


def test_the_changelog_has_dates():
    heads = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert heads[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", head) for head in heads[1:])
    parts = re.findall(r"^### (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert parts and set(parts) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
