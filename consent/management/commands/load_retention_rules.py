"""manage.py load_retention_rules: the laws that want something kept after somebody left, from a JSON file."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.audit.rules import SYSTEM
from consent.rights.retention.actions import set_rule


class Command(BaseCommand):
    """The file is a list of objects with code, title, citation, items, months, valid_from and valid_until."""

    help = "Add or change retention rules: all of the file or none. demo/retention.json is an example."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rules = json.loads(options["file"].read_text(encoding="utf-8"))
            with transaction.atomic():
                for rule in rules:
                    set_rule(rule_facts(rule), actor=SYSTEM, at=timezone.now())
        except ValidationError as error:
            raise CommandError(f"Nothing is loaded: {'; '.join(error.messages)}") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"Nothing is loaded, the file cannot be read: {error}") from None
        self.stdout.write(self.style.SUCCESS(f"{len(rules)} rules loaded."))


def rule_facts(stored: dict[str, Any]) -> dict[str, Any]:
    """The fields of a rule as its file says them; dates are ISO 8601."""
    until = stored.get("valid_until")
    return {
        **{name: stored[name] for name in ("code", "title", "citation", "items", "months")},
        "valid_from": date.fromisoformat(stored["valid_from"]),
        "valid_until": date.fromisoformat(until) if until else None,
    }
