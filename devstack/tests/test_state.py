"""A state keeps its secrets to itself, its ports stable, and lets one stack in at a time."""

from __future__ import annotations

import os
import pathlib
import socket
import stat

import pytest

from devstack.errors import PlainError
from devstack.places import claim_temporary_folder, is_root
from devstack.state import State, StateLock, claim_port


@pytest.fixture
def state(tmp_path: pathlib.Path) -> State:
    """A new state."""
    return State(tmp_path / "state")


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(state: State) -> None:
    first = state.secret("postgres-owner")

    second = State(state.folder).secret("postgres-owner")

    file = state.secret_file("postgres-owner")
    assert first == second
    assert len(first) >= 43
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_ports_stay_the_same_while_they_are_free(state: State) -> None:
    first = state.ports("smtp", "inbox")

    second = State(state.folder).ports("smtp", "inbox")

    assert first == second
    assert len(set(first.values())) == 2


def test_a_port_that_somebody_else_took_is_chosen_anew(state: State) -> None:
    first = state.ports("smtp", "inbox")

    with socket.create_server(("127.0.0.1", first["smtp"])):
        second = state.ports("smtp", "inbox")

    assert second["smtp"] != first["smtp"]
    assert second["inbox"] == first["inbox"]


def test_a_port_is_claimed_by_one_stack_at_a_time() -> None:
    first, second = claim_port(7), claim_port(7)
    another = claim_port(9)
    for claim in filter(None, (first, another)):
        claim.close()
    third = claim_port(7)

    assert (second, bool(first), bool(another), bool(third)) == (None, True, True, True)
    if third:
        third.close()


def test_a_second_instance_is_told_which_process_has_the_state(state: State) -> None:
    first = StateLock(state)
    first.take("run")

    with pytest.raises(PlainError, match=rf"Another instance \(process {os.getpid()}, dev.py run\)"):
        StateLock(state).take("run")

    first.release()
    second = StateLock(state)
    second.take("run")
    second.release()


def test_a_folder_of_somebody_else_is_not_taken_for_a_state(tmp_path: pathlib.Path) -> None:
    if not is_root():
        pytest.skip("only root can give a folder to somebody else")
    (tmp_path / "secrets").mkdir()
    os.chown(tmp_path / "secrets", 12345, 12345)

    with pytest.raises(PlainError, match="belongs to another user"):
        State(tmp_path)


@pytest.mark.parametrize("trap", ["link", "file", "open", "foreign"])
def test_a_trap_under_the_temporary_place_is_refused(
    trap: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devstack.places.temporary_place", lambda: tmp_path)
    target = tmp_path / "assent-trap"
    if trap == "link":
        (tmp_path / "elsewhere").mkdir()
        target.symlink_to(tmp_path / "elsewhere")
    elif trap == "file":
        target.touch()
    else:
        target.mkdir()
        target.chmod(0o777 if trap == "open" else 0o700)
    if trap == "foreign":
        if not is_root():
            pytest.skip("only root can give a folder to somebody else")
        os.chown(target, 12345, 12345)

    with pytest.raises(PlainError, match="not safe to use"):
        claim_temporary_folder("assent-trap")
