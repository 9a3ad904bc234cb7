"""What tests of leaving share: a journal of their own."""

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def journal(tmp_path: Path, settings: Settings) -> Path:
    """The file of the erasure journal."""
    settings.ERASURE_JOURNAL_DIR = str(tmp_path / "erasures")
    return tmp_path / "erasures" / "erasures.jsonl"
