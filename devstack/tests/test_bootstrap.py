"""The first start says what is missing, and never trusts a virtual environment that somebody was killed in."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from devstack.state import ROOT
from devstack.tests.conftest import wait_until

Dev = Callable[[], subprocess.CompletedProcess[str]]


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> pathlib.Path:
    """A checkout with no virtual environment and no packages to install."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "devstack", folder / "devstack", ignore=shutil.ignore_patterns("tests", "__pycache__"))
    shutil.copy(ROOT / "dev.py", folder)
    (folder / "requirements.txt").touch()
    return folder


@pytest.fixture
def dev(checkout: pathlib.Path) -> Dev:
    """Calls dev.py there, where no package index can be reached."""

    def call() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(checkout / "dev.py"), "--help"],
            env={"PATH": os.environ["PATH"], "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


def test_what_a_killed_start_left_is_made_anew_and_without_network_that_is_said(
    checkout: pathlib.Path, dev: Dev
) -> None:
    first = subprocess.Popen([sys.executable, str(checkout / "dev.py")], stderr=subprocess.DEVNULL)
    assert wait_until((checkout / ".venv" / "bin" / "python").exists)
    first.kill()
    first.wait()
    (checkout / ".venv" / "trace").touch()

    told = dev()

    assert told.returncode == 1
    assert "the virtual environment is not whole: making it anew" in told.stderr
    assert re.fullmatch(r"Installing uv failed: .*uv==[\d.]+.*\.", told.stderr.splitlines()[-1])
    assert "Traceback" not in told.stderr
    assert not (checkout / ".venv" / "trace").exists()


def test_a_folder_that_is_no_virtual_environment_is_not_removed(checkout: pathlib.Path, dev: Dev) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "letters").touch()

    told = dev()

    assert told.returncode == 1
    assert told.stderr == f"{checkout / '.venv'} is not a virtual environment: move it away and start again.\n"
    assert (checkout / ".venv" / "letters").exists()


def test_an_incomplete_checkout_is_said(checkout: pathlib.Path, dev: Dev) -> None:
    (checkout / "requirements.txt").unlink()
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").touch()

    told = dev()

    assert told.returncode == 1
    assert told.stderr.endswith("requirements.txt is missing: this checkout is not complete.\n")


def test_an_old_python_is_turned_away_before_it_reads_anything_it_cannot() -> None:
    lines = (ROOT / "dev.py").read_text().splitlines()

    told = subprocess.run(
        [sys.executable, "-c", "import sys; sys.version_info = (3, 8)\n" + "\n".join(lines)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 1
    assert told.stderr == "Assent needs Python 3.11 or newer, and this is 3.8.\n"
