"""The folder of secrets is complete, and the files for a deployment name everything the portal reads."""

from __future__ import annotations

import base64
import pathlib
import re
import stat

import pytest
import yaml

from devstack.deployment import make_secrets
from devstack.errors import PlainError
from devstack.state import ROOT

READ_BY_SETTINGS = re.compile(r"env\.(?:text|boolean|number|words|database)\(\s*\"([A-Z_]+)\"")


def test_secrets_are_made_once_and_a_second_call_changes_nothing(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "secrets"
    first_missing = make_secrets(folder)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    (folder / "smtp-url").chmod(0o600)
    (folder / "smtp-url").write_text("smtp://user:ours@mail.example.com:587")

    second_missing = make_secrets(folder)

    second = {path.name: path.read_text() for path in folder.iterdir()}
    assert (first_missing, second_missing) == (["smtp-url", "sms-gateway-url"], ["sms-gateway-url"])
    assert {name for name in first if first[name] != second[name]} == {"smtp-url"}
    assert len(base64.b64decode(first["field-key"])) == 32
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_of_secrets_that_others_can_read_is_refused(tmp_path: pathlib.Path) -> None:
    tmp_path.chmod(0o755)

    with pytest.raises(PlainError, match="open to other users"):
        make_secrets(tmp_path)


def test_compose_mounts_every_secret_that_is_made_and_no_other(tmp_path: pathlib.Path) -> None:
    make_secrets(tmp_path / "secrets")
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())

    declared = {pathlib.Path(secret["file"]).name for secret in compose["secrets"].values()}
    used = {name for service in compose["services"].values() for name in service.get("secrets", [])}

    assert declared == {path.name for path in (tmp_path / "secrets").iterdir()}
    assert used == set(compose["secrets"])


def test_only_the_migration_may_log_in_as_the_owner() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    with_owner = {name for name, service in services.items() if "database-owner-url" in service.get("secrets", [])}

    assert with_owner == {"migrate"}


def test_only_the_worker_reaches_the_vault() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    reaching = {
        name
        for name, service in services.items()
        if {"database-vault-url", "vault-key"} & set(service.get("secrets", []))
    }

    assert reaching == {"worker"}


def test_the_example_environment_names_everything_that_the_settings_read() -> None:
    read = set(READ_BY_SETTINGS.findall((ROOT / "portal" / "settings.py").read_text()))
    named = set(re.findall(r"^#?([A-Z_]+?)(?:_FILE)?=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert read - named == set()


def test_the_composition_passes_on_everything_that_the_settings_read() -> None:
    read = set(READ_BY_SETTINGS.findall((ROOT / "portal" / "settings.py").read_text()))
    passed = set(re.findall(r"\b([A-Z_]+?)(?:_FILE)?[:=]", (ROOT / "docker-compose.yml").read_text()))
    of_the_image = set(re.findall(r"^ +([A-Z_]+)=", (ROOT / "Dockerfile").read_text(), re.MULTILINE))

    assert read - passed - of_the_image == {"ASSENT_DEVELOPMENT", "DEV_INBOX_URL"}
