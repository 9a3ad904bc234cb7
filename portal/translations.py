"""The words of the portal: which there are, which lack a translation, and the compiled form that Django reads.

Uses Babel in place of GNU gettext's programs, so that nothing but Python has to be installed.
"""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

FOLDERS = ("accounts", "consent", "portal", "templates")
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
    "gettext_noop": None,
}


def catalogue_path(folder: str = "zh_Hans") -> Path:
    """Where the translations of a language are edited."""
    return Path(settings.BASE_DIR) / "locale" / folder / "LC_MESSAGES" / "django.po"


def used_messages() -> Catalog:
    """Every string that code or a template marks for translation, with its places."""
    catalogue = Catalog()
    for path, source in _sources():
        buffer = io.BytesIO(source.encode())
        for line, message, _comments, context in extract("python", buffer, keywords=KEYWORDS):
            catalogue.add(message, locations=[(str(path), line)], context=context)
    return catalogue


def read_catalogue(path: Path) -> Catalog:
    """A .po file."""
    with path.open("rb") as file:
        return read_po(file)


def missing_translations(path: Path) -> list[str]:
    """The strings in use that the catalogue does not translate, or only guesses."""
    translated = read_catalogue(path)
    missing = []
    for message in used_messages():
        if not message.id:
            continue
        found = translated.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
        said = found.string if found else None
        texts = [said] if isinstance(said, str) else list(said or ())
        if not found or found.fuzzy or not texts or not all(texts):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return missing


def tidy_catalogue(path: Path) -> None:
    """Sort the catalogue, drop what is no longer used, and add what is new, untranslated."""
    catalogue = read_catalogue(path)
    catalogue.update(used_messages(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalogue, sort_output=True, no_location=True, omit_header=False, width=120)


def compile_catalogue(path: Path) -> None:
    """Write the .mo file beside the .po file, unless it is newer."""
    compiled = path.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= path.stat().st_mtime:
        return
    scratch = compiled.with_suffix(".new")
    with scratch.open("wb") as file:
        write_mo(file, read_catalogue(path))
    scratch.replace(compiled)


def _sources() -> Iterator[tuple[Path, str]]:
    base = Path(settings.BASE_DIR)
    for folder in FOLDERS:
        for path in sorted((base / folder).rglob("*")):
            if path.suffix == ".py" and not {"tests", "migrations"} & set(path.parts):
                yield path.relative_to(base), path.read_text(encoding="utf-8")
            elif path.suffix in (".html", ".txt") and folder == "templates":
                source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
                flush = "\n".join(line.lstrip() for line in source.split("\n"))  # indentation means nothing there
                yield path.relative_to(base), flush
