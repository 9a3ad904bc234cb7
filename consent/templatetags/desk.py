"""The desk's menu, by the reader's roles."""

from typing import Any

from django.template import Library

from accounts.staff.permissions import Entry, menu_for
from accounts.staff.selectors import roles_of

register = Library()


@register.simple_tag(takes_context=True)
def desk_menu(context: dict[str, Any]) -> list[Entry]:
    """The pages that the reader begins at. One query."""
    return menu_for(roles_of(context["request"].user))
