"""Chinese first and complete."""

from portal.translations import catalogue_path, missing_translations


def test_every_string_has_a_chinese_translation() -> None:
    assert missing_translations(catalogue_path()) == []
