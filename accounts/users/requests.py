"""For type checkers: a request behind a sign-in."""

from django.http import HttpRequest

from accounts.users.models import User


class SignedInRequest(HttpRequest):
    """What a view gets that only lets signed-in people in."""

    user: User
