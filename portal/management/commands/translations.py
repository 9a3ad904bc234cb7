"""manage.py translations compile | missing | tidy: the catalogue of Chinese texts."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.translations import catalogue_path, compile_catalogue, missing_translations, tidy_catalogue


class Command(BaseCommand):
    """Works on locale/zh_Hans/LC_MESSAGES/django.po; English needs no catalogue."""

    help = "Compile the catalogue, list what it lacks, or sort it and drop what is no longer used."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=("compile", "missing", "tidy"))

    def handle(self, *args: Any, **options: Any) -> None:
        path = catalogue_path()
        if options["act"] == "compile":
            compile_catalogue(path)
        elif options["act"] == "tidy":
            tidy_catalogue(path)
        elif missing := missing_translations(path):
            raise CommandError("Without a translation:\n" + "\n".join(missing))
