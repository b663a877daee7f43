"""The configuration file: what it may say, and what `conformance init` writes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from conformance import config
from conformance.cli import main
from conformance.errors import SettingsError
from conformance.reports import names
from conformance.run.init import configuration


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, text: str, name: str = "conformance.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_every_key_is_a_setting_and_its_example_is_valid(folder: Path) -> None:
    fields = set(config.Settings.__dataclass_fields__)
    for name, key in config.KEYS.items():
        assert name.replace("-", "_") in fields
        config.settings(written(folder, f"{name} = {key.example}"), {})


def test_the_views_are_named_in_the_words_of_their_key() -> None:
    assert all(name in config.KEYS["report"].words for name in names())


def test_what_init_writes_is_valid_once_it_is_uncommented(folder: Path) -> None:
    text = re.sub(r"(?m)^# (?=[a-z-]+ = )", "", configuration())
    assert tomllib.loads(text).keys() == config.KEYS.keys()
    config.read(written(folder, text))
    config.read(written(folder, configuration()))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sellect = []", "sellect: no such key; did you mean 'select'?"),
        ("fail_on = 'error'", "fail_on: no such key; did you mean 'fail-on'?"),
        ("zzz = 1", "zzz: no such key; choose from allow-references, audit-ignore"),
        ("select = 'a'", "select: 'a' is wrong; write a list of strings: select = "),
        ("select = [1]", "select: [1] is wrong; write a list of strings"),
        ("strict = 1", "strict: 1 is wrong; write true or false"),
        ("seed = true", "seed: True is wrong; write an integer"),
        ("severity = 'error'", "severity: 'error' is wrong; write a table of strings"),
        ("contract = 3", "contract: 3 is wrong; write a string"),
        ("contract = 'other'", "contract: 'other' is wrong; choose one of corrected, as-written"),
        ("fail-on = 'bad'", "fail-on: 'bad' is wrong; choose one of note, warning, error"),
        ("[severity]\nx = 'bad'", "severity of x: 'bad' is wrong"),
        ("= 1", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(folder: Path, text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(reason)):
        config.settings(written(folder, text), {})


def test_pyproject_has_its_table(folder: Path) -> None:
    path = written(folder, '[tool.conformance]\nselect = ["a"]\n', "pyproject.toml")
    assert config.find(folder) == path
    assert config.read(path) == {"select": ("a",)}
    with pytest.raises(SettingsError, match="is no table"):
        config.read(written(folder, "[tool]\nconformance = 3\n", "pyproject.toml"))


def test_the_nearest_file_is_found(folder: Path) -> None:
    inner = folder / "a" / "b"
    inner.mkdir(parents=True)
    project = written(folder, "[tool.conformance]\n", "pyproject.toml")
    assert config.find(inner) == project
    own = written(folder / "a", "", "conformance.toml")
    assert config.find(inner) == own
    written(inner, "[tool.other]\n", "pyproject.toml")
    assert config.find(inner) is None


def test_paths_are_meant_from_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = folder / "sub"
    inner.mkdir()
    path = written(folder, 'specs = ["a.yaml"]\nrecordings = ["tapes"]\nbaseline = "b.toml"\noutput = "out"\n')
    monkeypatch.chdir(inner)
    found = config.read(path)
    assert found == {
        "specs": (Path("../a.yaml"),),
        "recordings": ("../tapes",),
        "baseline": Path("../b.toml"),
        "output": Path("../out"),
    }


def test_flags_come_before_the_file_and_the_file_before_the_defaults(folder: Path) -> None:
    path = written(folder, 'fail-on = "note"\nseed = 3\n')
    found = config.settings(path, {"fail_on": "warning", "select": (), "contract": None})
    assert (found.fail_on, found.seed, found.contract) == ("warning", 3, "corrected")


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0"])
def test_a_shard_is_a_part_of_a_number(text: str) -> None:
    with pytest.raises(SettingsError, match="write i/n with i from 1 to n"):
        config.shard(text)


def test_shards_divide_every_plan() -> None:
    shards = [config.shard(f"{number}/3") for number in (1, 2, 3)]
    for position in range(10):
        assert sum(shard.holds(position) for shard in shards) == 1


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(main, arguments)


def test_init_writes_a_configuration_and_a_workflow(folder: Path) -> None:
    made = invoke("init")
    assert made.output.splitlines() == ["conformance.toml", ".github/workflows/conformance.yml"]
    workflow = yaml.safe_load((folder / ".github/workflows/conformance.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    steps = workflow["jobs"]["conformance"]["steps"]
    used = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", each) for each in used)
    command = next(step["run"] for step in steps if step.get("name") == "Check").split()
    help_text = invoke(command[1], "--help").output
    assert all(word in help_text for word in command if word.startswith("--"))


def test_init_overwrites_nothing_unless_it_is_told_to(folder: Path) -> None:
    written(folder, "seed = 1\n")
    refused = invoke("init")
    assert refused.exit_code == 2
    assert "conformance.toml: is there already; remove it, or give --force" in refused.output
    assert not (folder / ".github").exists()
    assert invoke("init", "--force", "--no-workflow").output == "conformance.toml\n"
    assert (folder / "conformance.toml").read_text() == configuration()


def test_init_says_where_it_cannot_write(folder: Path) -> None:
    written(folder, "", "file")
    assert invoke("init", "new/folder").exit_code == 0
    refused = CliRunner().invoke(main, ["init", "file/inside"])
    assert refused.exit_code == 2
