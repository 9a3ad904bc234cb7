"""Where a person stands now."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse

from consent.api.calls import Call, conditional, json_response
from consent.api.documents import operation
from consent.api.fast import FastView
from consent.api.problems import ApiProblem
from consent.api.v1.answers import PolicyState, QuestionState, StateAnswer
from consent.api.v1.confines import policies_of, policy_of
from consent.api.v1.parameters import POLICY, REFERENCE
from consent.clients.models import Scope
from consent.ledger.models import ConsentStatus
from consent.ledger.rules import QuestionStanding, StateFacts, standing
from consent.ledger.selectors import states_by_reference
from consent.policies.schedule import PolicySchedule


class States(FastView):
    """Where a person stands with the company's policies."""

    scopes = {"GET": Scope.CONSENTS_READ}

    @operation(StateAnswer, parameters=[REFERENCE, POLICY], conditional=True)
    def get(self, call: Call, reference: str) -> HttpResponse:
        """Say what a person agreed to, what is open, and what they have to be asked.

        Answers about one recipient of several are not among them; ask for a decision.
        """
        slug = call.request.GET.get("policy")
        policies = [policy_of(call, slug)] if slug is not None else policies_of(call)
        states = states_by_reference(call.controller_id, reference)
        if states is None:
            raise ApiProblem("not_found")
        found = [_policy(policy, states.get(policy.policy_id, []), call.at) for policy in policies]
        answer = StateAnswer(reference, [state for state in found if state])
        return conditional(call.request, json_response(answer))


def _policy(policy: PolicySchedule, states: list[StateFacts], at: datetime) -> PolicyState | None:
    """None before the policy takes effect."""
    found = standing(policy.facts, states, at, pause=policy.pause)
    if found.version is None:
        return None
    numbers = {version.facts.id: version.facts.number for version in policy.versions}
    questions = [_question(line, numbers) for line in found.questions]
    return PolicyState(policy.slug, found.version.number, found.must_ask, questions)


def _question(line: QuestionStanding, numbers: dict[int, int]) -> QuestionState:
    answer = line.answer
    silence = ConsentStatus.DEFERRED if line.ask_after else ConsentStatus.REQUESTED
    return QuestionState(
        purpose=line.question.purpose,
        status=answer.status if answer else silence,
        in_force=line.in_force,
        is_open=line.is_open,
        must_ask=line.must_ask,
        needs_separate=line.question.needs_separate,
        kind=answer.kind if answer else None,
        version=numbers.get(answer.version_id) if answer else None,
        since=answer.at if answer else None,
        outdated=numbers.get(line.outdated.version_id) if line.outdated else None,
        ask_after=line.ask_after,
    )
