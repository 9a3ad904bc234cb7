"""What the consent gate costs a request for which nothing is due, beside a middleware that does nothing.

    python bench/gate.py [requests]

Needs the environment of the portal, no database: the schedule, the user and the session are in memory, as they are
when a request comes to the gate. Prints microseconds a request (the best of several rounds) and their ratio.
"""

import os
import sys
import timeit
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ["SCHEDULE_REFRESH_SECONDS"] = "0"

import django  # noqa: E402

django.setup()

from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.urls import ResolverMatch  # noqa: E402

from accounts.models import User  # noqa: E402
from consent.ledger.gate import NOTE, ConsentGateMiddleware  # noqa: E402
from consent.policies import schedule  # noqa: E402
from consent.policies.published import PublishedVersion  # noqa: E402
from consent.policies.rules.register import Question, VersionFacts  # noqa: E402
from consent.policies.schedule import PolicySchedule  # noqa: E402

ROUNDS = 7
POLICIES, VERSIONS, PURPOSES = 4, 10, 30
START = datetime(2020, 1, 1, tzinfo=UTC)


class PassThrough:
    """A middleware that does nothing."""

    def __init__(self, get_response: object) -> None:
        self.get_response = get_response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """Lets every request go on."""
        return


def page(request: HttpRequest) -> HttpResponse:
    """Any page."""
    return HttpResponse()


def policies() -> tuple[PolicySchedule, ...]:
    """A schedule of the size that a large company would have."""
    questions = tuple(Question(f"purpose-{number}", "0" * 64) for number in range(PURPOSES))
    asked = {question.purpose: question for question in questions}
    return tuple(
        PolicySchedule(
            policy,
            f"policy-{policy}",
            1,
            tuple(
                PublishedVersion(
                    VersionFacts(
                        id=policy * VERSIONS + number,
                        number=number,
                        effective_at=START + timedelta(days=30 * number),
                        published_at=START,
                        change_kinds=frozenset(),
                        questions=questions,
                    ),
                    policy_id=policy,
                    controller_id=1,
                    questions=asked,
                    bases={},
                    notices={},
                )
                for number in range(1, VERSIONS + 1)
            ),
        )
        for policy in range(POLICIES)
    )


def signed_in() -> HttpRequest:
    """A request of somebody for whom nothing is due."""
    schedule.default._policies, schedule.default._begun = policies(), True
    request = RequestFactory().get("/consents/")
    request.user, request.session = User(pk=1), SessionStore()
    now = datetime.now(UTC)
    request.session._session_cache = {NOTE: [schedule.current(now).token, now.timestamp() + 3600]}  # type: ignore[attr-defined]
    request.resolver_match = ResolverMatch(page, (), {}, url_name="consents", namespaces=["ledger"])
    return request


def microseconds(middleware: PassThrough | ConsentGateMiddleware, request: HttpRequest, requests: int) -> float:
    """The best of several rounds."""
    assert middleware.process_view(request, page, (), {}) is None
    rounds = timeit.repeat(lambda: middleware.process_view(request, page, (), {}), number=requests, repeat=ROUNDS)
    return min(rounds) / requests * 1e6


if __name__ == "__main__":
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    request = signed_in()
    nothing = microseconds(PassThrough(page), request, requests)
    gate = microseconds(ConsentGateMiddleware(page), request, requests)
    print(f"pass-through {nothing:.2f} us, gate {gate:.2f} us, ratio {gate / nothing:.0f}")
