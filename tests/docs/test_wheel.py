"""The built wheel is whole: installed by itself, outside the repository, it works."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from conformance.version import __version__

ROOT = Path(__file__).parents[2]


def run(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    return subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, *arguments],
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="the build back end is not installed here")
    folder = tmp_path_factory.mktemp("wheel")
    code = f"import os, hatchling.build; os.chdir({str(ROOT)!r}); print(hatchling.build.build_wheel({str(folder)!r}))"
    built = run("-c", code, folder=folder)
    assert built.returncode == 0, built.stderr
    return folder / built.stdout.split()[-1]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package alone; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def conformance(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed package without site customizations, so that no editable install stands before it."""
    paths = os.pathsep.join([str(installed), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    return run("-S", "-m", "conformance", *arguments, folder=folder, PYTHONPATH=paths)


def test_everything_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        points = archive.read(f"conformance-{__version__}.dist-info/entry_points.txt").decode()
    assert {
        "conformance/py.typed",
        "conformance/specs/twilio_voice.yaml",
        "conformance/specs/overlays/twilio_voice.yaml",
        "conformance/profiles/twilio/sids.toml",
        "conformance/reports/html/report.html.jinja",
        "conformance/reports/html/finding.html.jinja",
        "conformance/reports/html/report.css",
        "conformance/reports/html/report.js",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "reports/"))]
    assert "conformance = conformance.cli:main" in points
    assert "conformance = conformance.pytest_plugin" in points


def test_it_works_outside_the_repository(installed: Path, tmp_path: Path) -> None:
    assert conformance(installed, tmp_path, "--version").stdout.split()[-1] == __version__
    listed = conformance(installed, tmp_path, "list", "operations")
    assert listed.returncode == 0, listed.stderr
    assert len(listed.stdout.splitlines()) >= 90
    done = conformance(
        installed, tmp_path, "run", "--operation", "twilio_routes_v2.*", "--report", "html,sarif,terminal"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "report.html").exists()
    assert "twilio_routes_v2.FetchTrunks" in done.stdout
