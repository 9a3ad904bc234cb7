"""What the encrypted session remembers while somebody shows that it is them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.otp.rules import WayKind

PENDING_KEY = "step_up_pending"
KEPT = timedelta(minutes=30)
MOST_KEPT = 64 * 1024  # characters


@dataclass(frozen=True, slots=True)
class Act:
    """Something that needs a proof. code: `contact.change`. label: the act and its object in words, from a small
    letter: `change your number to 138 **** 8000`. parameters: what it is done to; a proof for one value works for no
    other. proofs: how many, each of another kind. ways: the kinds that count; empty for all."""

    code: str
    label: str | Promise
    parameters: Mapping[str, str] = field(default_factory=dict)
    proofs: int = 1
    ways: tuple[WayKind, ...] = ()


@dataclass(frozen=True, slots=True)
class PendingAct:
    """token: tells the pages of one act from those of another. path: where the act is done. post: the form that was
    sent there, or None. kind: the way that was chosen; options: what the browser's passkeys are asked, and state: what
    their answer must fit."""

    act: Act
    token: str
    path: str
    post: dict[str, list[str]] | None
    begun_at: float
    kind: WayKind | None = None
    options: str = ""
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begin(cls, request: HttpRequest, act: Act, *, at: datetime) -> PendingAct:
        """Remember request, in the place of an older one. Raises RequestDataTooBig (400) for a form that a session is
        no place for."""
        post = None
        if request.method == "POST":
            post = {name: [str(value) for value in values] for name, values in request.POST.lists()}
            post.pop("csrfmiddlewaretoken", None)
            if request.FILES or len(json.dumps(post)) > MOST_KEPT:
                raise RequestDataTooBig
        pending = cls(act, secrets.token_urlsafe(12), request.get_full_path(), post, at.timestamp())
        pending.remember(request.session)
        return pending

    @classmethod
    def recall(cls, request: HttpRequest, *, at: datetime) -> PendingAct | None:
        """What is waited for in this session, unless that was long ago."""
        kept = request.session.get(PENDING_KEY)
        if kept is None or at.timestamp() > kept["begun_at"] + KEPT.total_seconds():
            forget_pending(request.session)
            return None
        act = Act(**kept["act"] | {"ways": tuple(WayKind(kind) for kind in kept["act"]["ways"])})
        pending = cls(**kept | {"act": act, "kind": WayKind(kept["kind"]) if kept["kind"] else None})
        # The path was ours when it was kept; a browser would read `//elsewhere` as another host.
        return pending if url_has_allowed_host_and_scheme(pending.path, None) else None

    def chosen(self, kind: WayKind, options: str = "", state: Mapping[str, Any] | None = None) -> PendingAct:
        """The same with a way."""
        return replace(self, kind=kind, options=options, state=dict(state or {}))

    def remember(self, session: SessionBase) -> None:
        """Keep it in session."""
        kept = asdict(self)
        kept["act"] |= {"label": str(self.act.label), "parameters": dict(self.act.parameters)}
        session[PENDING_KEY] = kept


def forget_pending(session: SessionBase) -> None:
    """It was done, or is not wanted any more; with it goes the form."""
    session.pop(PENDING_KEY, None)
