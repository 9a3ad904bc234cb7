"""What the portal says of itself to browsers."""

from django.test import Client


def test_the_portal_says_that_it_honours_global_privacy_control(client: Client) -> None:
    response = client.get("/.well-known/gpc.json")

    assert response["Content-Type"] == "application/json"
    assert response.json() == {"gpc": True, "lastUpdate": "2026-11-22"}
