"""No form speaks in Django's stock sentences."""

from collections.abc import Iterator

from django import forms
from django.test import Client
from django.utils.translation import override

from accounts.models import Role
from consent.rights.requests.tests.factories import make_staff

SAID = ("required", "max_length", "min_value", "max_value", "invalid_choice")
STOCK = ("This field", "Select a valid", "Ensure this value", "Enter a valid")


class Plain(forms.Form):
    """With fields that say nothing of their own."""

    ground = forms.CharField(max_length=200)
    day = forms.DateField()
    items = forms.MultipleChoiceField(choices=[("name", "Name")])


def forms_of_the_portal(kind: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    """Every class of forms that some address uses."""
    for below in kind.__subclasses__():
        if below.__module__.split(".")[0] in ("accounts", "consent"):
            yield below
        yield from forms_of_the_portal(below)


def test_no_field_of_any_form_has_a_stock_sentence(client: Client) -> None:
    client.get("/")  # has every address read
    fields = [
        (form.__name__, field) for form in forms_of_the_portal() for field in getattr(form, "base_fields", {}).values()
    ]

    with override("en"):
        said = {
            (form, str(field.error_messages[what]))
            for form, field in fields
            for what in SAID
            if what in field.error_messages and not isinstance(field, forms.FileField)
        }

    assert len(fields) > 50
    assert {each for each in said if each[1].startswith(STOCK)} == set()


def test_what_is_missing_or_wrong_is_said_by_its_kind() -> None:
    sent = {"ground": "x" * 201, "day": "tomorrow", "items": ["nothing"]}

    with override("en"):
        missing, wrong = [{name: list(said) for name, said in Plain(data).errors.items()} for data in ({}, sent)]

    assert (missing["ground"], missing["items"]) == (["Fill this in."], ["Choose at least one."])
    assert wrong == {
        "ground": ["Use 200 characters at most."],
        "day": ["Enter a day such as 2026-03-02."],
        "items": ["Choose one of the list."],
    }


def test_a_page_says_it_in_the_readers_language(client: Client, db: None) -> None:
    client.force_login(make_staff(Role.REVIEWER))

    page = client.post("/desk/disclosures/new/", {}, headers={"accept-language": "zh-hans"})

    assert page.status_code == 422
    assert "请填写这一项。" in page.content.decode()
