"""Between the verify page and the codes: one way is begun, and what came back is judged."""

from datetime import datetime

import django_otp
from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from accounts.devices.network import truncate_network
from accounts.otp.actions import expect_proof, issue_challenge, judge_proof, verify_challenge
from accounts.otp.passkeys import accepts_passkey, offer_passkeys
from accounts.otp.pending import PendingAct
from accounts.otp.rules import WayKind
from accounts.otp.selectors import Way
from accounts.otp.step_up import remember_proof
from accounts.users.requests import SignedInRequest


def begin_proof(request: SignedInRequest, pending: PendingAct, way: Way, *, at: datetime) -> None:
    """Send the code of way, or open the challenge that will count the tries at it. Raises NotSent."""
    act, network, chosen = pending.act, network_of(request), pending.chosen(way.kind)
    if way.contact:
        issue_challenge(
            request.user, act.code, act.parameters, act_label=act.label, at=at, contact=way.contact, network=network
        )
    else:
        expect_proof(request.user, act.code, act.parameters, way.kind, at=at, network=network)
    if way.kind is WayKind.PASSKEY:
        chosen = pending.chosen(way.kind, *offer_passkeys(request))
    chosen.remember(request.session)


def finish_proof(request: SignedInRequest, pending: PendingAct, code: str, *, at: datetime) -> None:
    """Judge what was typed, or what the passkey signed, and note the proof in the session.

    Whoever used a device of their own has shown it for this session: that is what the desk asks of staff.
    Raises CodeRejected.
    """
    act, user = pending.act, request.user
    if pending.kind is WayKind.PASSKEY:
        proof = judge_proof(
            user, act.code, act.parameters, lambda tried: accepts_passkey(request, tried, pending.state, code), at=at
        )
    else:
        proof = verify_challenge(user, act.code, act.parameters, code, at=at)
    remember_proof(request, proof)
    if proof.device:
        django_otp.login(request, proof.device)


def network_of(request: HttpRequest) -> str:
    """The truncated network that request came from; empty where that is unknown."""
    return truncate_network(get_adapter().get_client_ip(request) or "")
