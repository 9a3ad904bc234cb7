"""manage.py import_policy FILE --controller … --policy … --language zh-hans: plain text in, a draft version out."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.rules import SYSTEM
from consent.policies.actions import Imported, PolicyOfAnother, import_text
from consent.policies.rules.clauses import parse, walk
from consent.policies.rules.plain_text import ImportedText, UnreadableText, decode, read_plain_text

SIZE_LIMIT_BYTES = 2 * 1024 * 1024


class Command(BaseCommand):
    """Reads the plain text of a policy into the draft of its next version."""

    help = "Turn the plain text of a policy into a draft version with numbered clauses."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the policy as plain text (UTF-8, UTF-16 or GB18030), 2 MB at most")
        parser.add_argument("--controller", required=True, help="short name of the company; made if it is new")
        parser.add_argument("--policy", required=True, help="short name of the policy; made if it is new")
        parser.add_argument("--language", required=True, choices=[code for code, _name in settings.LANGUAGES])

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("controller", "policy"):
            try:
                validate_slug(options[name])
            except ValidationError as error:
                raise CommandError(f"--{name}: {' '.join(error.messages)}") from error
        imported = _read(options["file"], options["language"])
        try:
            result = import_text(
                imported,
                controller=options["controller"],
                policy=options["policy"],
                language=options["language"],
                actor=SYSTEM,
                at=timezone.now(),
            )
        except PolicyOfAnother as error:
            raise CommandError(
                _("The policy %(policy)s belongs to %(controller)s.")
                % {"policy": error.policy, "controller": error.controller}
            ) from error
        self._report(imported, result, options)

    def _report(self, imported: ImportedText, result: Imported, options: dict[str, Any]) -> None:
        document = parse(imported.markdown)
        for finding in imported.findings:
            self.stdout.write(self.style.WARNING(str(finding)))
        if result.new_controller:
            message = _("The company %(slug)s was new: complete its name, address and contact before publishing.")
            self.stdout.write(self.style.WARNING(message % {"slug": options["controller"]}))
        self.stdout.write(
            self.style.SUCCESS(
                _("%(policy)s, version %(number)s (draft): %(chapters)s chapters, %(clauses)s clauses.")
                % {
                    "policy": options["policy"],
                    "number": result.version.number,
                    "chapters": len(document.chapters),
                    "clauses": sum(1 for _clause in walk(document)),
                }
            )
        )


def _read(path: Path, language: str) -> ImportedText:
    """Raises CommandError, in one sentence, for a file that is no policy."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT_BYTES + 1)  # one byte more tells that it is too large
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    try:
        return read_plain_text(decode(data), language)
    except UnreadableText as error:
        raise CommandError(f"{path}: {error}") from error
