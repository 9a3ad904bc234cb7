"""Names that only the portal can read and nobody can make up."""

import pytest

from accounts.sealing.names import name_of, named_by


def test_a_name_leads_back_under_its_own_label_only() -> None:
    name = name_of(b"17", "person:1")

    assert named_by(name, "person:1") == b"17"
    assert named_by(name, "person:2") is None
    assert name != name_of(b"17", "person:2")


@pytest.mark.parametrize("name", ["", "x", "====", "ünicode", "A" * 32, "a b", "\x00"])
def test_what_was_never_given_leads_nowhere(name: str) -> None:
    assert named_by(name, "person:1") is None


def test_a_changed_name_leads_nowhere() -> None:
    name = name_of(b"17", "person:1")

    assert named_by(("B" if name[0] != "B" else "C") + name[1:], "person:1") is None
