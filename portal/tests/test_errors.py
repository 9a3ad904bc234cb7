"""What somebody sees whose request comes to the wrong address."""

import pytest
from django.test import Client

from accounts.models import User


@pytest.mark.django_db
def test_an_address_for_forms_says_that_nothing_was_recorded(client: Client, alice: User) -> None:
    client.force_login(alice)

    response = client.get("/account/sign-ins/end-others/")

    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "什么都没有记录" in response.content.decode()
