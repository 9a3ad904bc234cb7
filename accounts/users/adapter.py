"""Where allauth leaves a decision to the portal."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.users.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Our pages prove the contact first and say themselves what happened."""

    def get_login_stages(self) -> list[str]:
        """None: allauth's own ask for an e-mail address, which a person with a mobile number has not."""
        return []

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse | None:
        """Whatever way leads here, nobody gets a session who has not proven a contact (K14)."""
        if isinstance(user, User) and user.proven_contact is None:
            return redirect("account_login")
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """allauth's texts name the account; ours are on the pages."""
