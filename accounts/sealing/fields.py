"""Model fields whose values lie sealed in the database and are plain in Python."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from accounts.sealing.rules import blind_index, opened, seal


class SealedField(models.TextField):  # type: ignore[type-arg]
    """Text. It can be asked whether it is NULL and nothing else: the same text is never sealed the same way twice."""

    def get_lookup(self, lookup: str) -> Any:
        return super().get_lookup(lookup) if lookup == "isnull" else None

    @property
    def label(self) -> str:
        """What is authenticated with each value."""
        return f"{self.model._meta.db_table}.{self.column}"

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else seal(self.written(value), self.label)

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else self.read(opened(value, self.label))

    def written(self, value: Any) -> str:
        """The text that is sealed."""
        return str(value)

    def read(self, text: str) -> Any:
        """What was written."""
        return text


class SealedJSONField(SealedField):
    """Anything that JSON can say."""

    _pyi_private_set_type: Any  # for type checkers
    _pyi_private_get_type: Any

    def written(self, value: Any) -> str:
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))

    def read(self, text: str) -> Any:
        return json.loads(text) if text else None


class BlindIndexField(models.BinaryField):  # type: ignore[type-arg]
    """The keyed index of another field of the row, by which an exact value is found; None where that one is empty.

    Written whenever the row is saved with it; a queryset's `update` must name it itself.
    """

    def __init__(self, of: str = "", **options: Any) -> None:
        self.of = of
        options |= {"max_length": 32, "null": True, "editable": False}
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, arguments, options = super().deconstruct()
        options.pop("max_length")
        options.pop("null")
        return name, path, arguments, {**options, "of": self.of}

    def pre_save(self, instance: models.Model, add: bool) -> bytes | None:
        value = blind_index(self.of, getattr(instance, self.of))
        setattr(instance, self.attname, value)
        return value
