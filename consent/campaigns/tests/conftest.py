"""Real sinks for every test of this package that sends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from consent.campaigns.tests.processes import Sinks


@pytest.fixture(scope="session")
def running_sinks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sinks]:
    """One mail server and SMS gateway for the run."""
    sinks = Sinks(tmp_path_factory.mktemp("sinks"))
    sinks.start()
    yield sinks
    sinks.kill()


@pytest.fixture
def sinks(running_sinks: Sinks, settings: Settings, tmp_path: Path) -> Sinks:
    """The portal sends to the sinks and keeps a journal."""
    for name, value in running_sinks.settings.items():
        setattr(settings, name, value)
    settings.DELIVERY_JOURNAL_DIR = str(tmp_path / "journal")
    return running_sinks
