"""The publishing desk: drafts, the register, the company's details, and publishing."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit.rules import Actor, ActorKind
from accounts.otp.gates import desk_act
from accounts.otp.step_up import Act, step_up
from accounts.staff.decorators import role_required
from accounts.staff.models import Role
from accounts.staff.permissions import menu_for, roles_for
from accounts.staff.selectors import has_role, roles_of
from accounts.users.requests import SignedInRequest
from consent.policies import actions, publication, selectors
from consent.policies.forms import ChangeForm, ControllerForm, EffectiveForm, PurposeForm, TextForm
from consent.policies.models import ChangeKind, Controller, Policy, PolicyVersion
from consent.policies.recipients.selectors import recipients_now
from consent.policies.rendering import rendered
from consent.policies.rules.problems import ProblemCode
from consent.policies.rules.publishing import content_digest, publication_problems, required_kinds

PUBLISH = "policy.publish"
Page = Callable[..., HttpResponseBase]


def publisher_required(view: Page) -> Page:
    """For publishers alone. Who writes to a draft that somebody published meanwhile is told so; nothing is saved."""

    @wraps(view)
    def page(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except actions.NotADraft:
            messages.error(request, _("Nothing was saved: this version has been published meanwhile."))
            return redirect("desk:home")

    return role_required(Role.PUBLISHER)(page)


@role_required(*roles_for("home"))
@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """Every policy with its versions, its draft and its campaigns; other staff come to the page made for them."""
    if not has_role(request.user, Role.PUBLISHER):
        return redirect(f"desk:{menu_for(roles_of(request.user))[0].page}")
    context = {"rows": selectors.desk_policies(timezone.now()), "section": "desk"}
    return render(request, "desk/home.html", context)


@publisher_required
@require_POST
def new_draft(request: SignedInRequest, slug: str) -> HttpResponse:
    """Start the next version as a copy of the last."""
    actions.start_draft(_policy(slug), actor=_actor(request), at=timezone.now())
    return redirect("desk:draft", slug)


@publisher_required
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: SignedInRequest, slug: str) -> HttpResponse:
    """The words of a draft, what it changes, and its register."""
    version = _draft(slug)
    texts = {text.language: text.markdown for text in version.texts.all()}
    part = request.POST.get("part")
    words = TextForm(request.POST if part == "text" else None, initial=texts)
    change = ChangeForm.of(version, request.POST if part == "change" else None)
    if words.is_bound and words.is_valid():
        actions.write_texts(version, words.texts(), actor=_actor(request), at=timezone.now())
        return _saved(request, "desk:draft", slug)
    if change.is_bound and change.is_valid():
        _describe(request, version, change)
        return _saved(request, "desk:draft", slug)
    context = _draft_context(version) | {"words": words, "change": change}
    return render(request, "desk/draft.html", context, status=422 if part else 200)


@publisher_required
@require_safe
def preview(request: SignedInRequest, slug: str) -> HttpResponse:
    """The draft as its readers will see it."""
    version = _draft(slug)
    texts = selectors.texts_of(version)[version.pk]
    text = selectors.choose_text(texts, request.GET.get("language") or get_language() or "", settings.LANGUAGE_CODE)
    context = _draft_context(version) | {
        "text": text,
        "languages": sorted(texts),
        "document": rendered(text) if text else None,
        "purposes": selectors.register_of(version),
    }
    return render(request, "desk/preview.html", context)


@publisher_required
@require_http_methods(["GET", "HEAD", "POST"])
def purpose(request: SignedInRequest, slug: str, code: str | None = None) -> HttpResponse:
    """A line of a draft's register."""
    version = _draft(slug)
    line = get_object_or_404(version.purposes.prefetch_related("items"), code=code) if code else None
    form = PurposeForm.of(
        line, request.POST or None, recipients=recipients_now(version.policy.controller, timezone.now())
    )
    if form.is_bound and form.is_valid() and _write_purpose(request, version, form, code):
        return _saved(request, "desk:draft", slug)
    context = _draft_context(version) | {"form": form, "purpose": line}
    return render(request, "desk/purpose.html", context, status=422 if form.is_bound else 200)


@publisher_required
@require_POST
def remove(request: SignedInRequest, slug: str, code: str) -> HttpResponse:
    """Take a line out of a draft's register."""
    actions.remove_purpose(_draft(slug), code, actor=_actor(request), at=timezone.now())
    return _saved(request, "desk:draft", slug)


@publisher_required
@require_http_methods(["GET", "HEAD", "POST"])
def controller(request: SignedInRequest, slug: str) -> HttpResponse:
    """The company's details; published versions keep those of their day."""
    company = get_object_or_404(Controller, slug=slug)
    form = ControllerForm.of(company, request.POST or None)
    if form.is_bound and form.is_valid():
        actions.describe_controller(company, form.facts(), actor=_actor(request), at=timezone.now())
        return _saved(request, "desk:controller", slug)
    context = {"form": form, "controller": company, "section": "desk"}
    return render(request, "desk/controller.html", context, status=422 if form.is_bound else 200)


def _publishing(request: SignedInRequest, slug: str) -> Act | None:
    """A proof is for exactly these words, this register and this date; none is asked for what cannot be published."""
    if request.method != "POST":
        return None
    form = EffectiveForm(request.POST)
    review = _Review(_draft(slug), form.cleaned_data["effective_at"] if form.is_valid() else None)
    if not review.ready:
        return None
    facts = {"policy": review.version.policy, "number": review.version.number}
    return desk_act(PUBLISH, _("publish %(policy)s, version %(number)s") % facts, review.parameters)


@publisher_required
@require_http_methods(["GET", "HEAD", "POST"])
@step_up(_publishing)
def publish(request: SignedInRequest, slug: str) -> HttpResponse:
    """What publishing would do; then, with the publisher's proof, publication."""
    version = _draft(slug)
    form = EffectiveForm(
        request.POST if request.method == "POST" else None, initial={"effective_at": _suggested_date()}
    )
    review = _Review(version, form.cleaned_data["effective_at"] if form.is_bound and form.is_valid() else None)
    if review.ready and _publish(request, review):
        messages.success(request, _("Published. The people concerned are being told."))
        return redirect("desk:home")
    context = _draft_context(version) | {"form": form, "review": review}
    return render(request, "desk/publish.html", context, status=422 if form.is_bound else 200)


class _Review:
    """What stands in the way of publishing a draft, and what a proof for it is bound to."""

    def __init__(self, version: PolicyVersion, effective_at: datetime | None) -> None:
        self.version, self.effective_at = version, effective_at
        at = timezone.now()
        self.content = publication.content_of(version, list(version.texts.all()), at)
        self.before = publication.published_before(version)
        tried = effective_at or at + timedelta(days=36_500)  # without a date, everything but the date is checked
        self.problems = publication_problems(self.content, self.before, effective_at=tried, at=at)
        self.required = sorted(required_kinds(self.content, self.before)) if self.before else []

    @property
    def ready(self) -> bool:
        return self.effective_at is not None and not self.problems

    @property
    def is_blocked(self) -> bool:
        """True if no other date would help."""
        dates = (ProblemCode.EFFECTIVE_IN_PAST, ProblemCode.EFFECTIVE_OUT_OF_ORDER)
        return any(problem.code not in dates for problem in self.problems)

    @property
    def parameters(self) -> Mapping[str, str]:
        assert self.effective_at is not None  # noqa: S101 - only asked for when ready
        return {
            "version": str(self.version.pk),
            "content": content_digest(self.content),
            "effective_at": self.effective_at.isoformat(),
        }


def _publish(request: SignedInRequest, review: _Review) -> bool:
    assert review.effective_at is not None  # noqa: S101 - `ready` was checked
    try:
        publication.publish_version(
            review.version, effective_at=review.effective_at, actor=_actor(request), at=timezone.now()
        )
    except publication.NotPublishable as error:
        review.problems = list(error.problems)
        return False
    return True


def _write_purpose(request: SignedInRequest, version: PolicyVersion, form: PurposeForm, code: str | None) -> bool:
    facts = form.facts()
    how: dict[str, Any] = {"actor": _actor(request), "at": timezone.now()}
    try:
        if code:
            actions.write_purpose(version, facts | {"code": code}, **how)
        else:
            actions.add_purpose(version, facts, **how)
    except actions.NotShareable as error:
        for problem in error.problems:
            form.add_error("is_marketing", str(problem.message))
        return False
    except actions.PurposeExists:
        form.add_error("code", _("The register has a purpose of this code already. Choose another code."))
        return False
    return True


def _policy(slug: str) -> Policy:
    return get_object_or_404(Policy.objects.select_related("controller"), slug=slug)


def _draft(slug: str) -> PolicyVersion:
    version = selectors.draft_of(_policy(slug))
    if version is None:
        raise Http404
    return version


def _draft_context(version: PolicyVersion) -> dict[str, Any]:
    return {"version": version, "policy": version.policy, "kinds": ChangeKind.choices, "section": "desk"}


def _describe(request: SignedInRequest, version: PolicyVersion, form: ChangeForm) -> None:
    actions.describe_change(
        version,
        kinds=form.cleaned_data["change_kinds"],
        summary=form.texts("change_summary"),
        refusal_consequence=form.texts("refusal_consequence"),
        actor=_actor(request),
        at=timezone.now(),
    )


def _actor(request: SignedInRequest) -> Actor:
    return Actor(ActorKind.STAFF, request.user.pk)


def _saved(request: SignedInRequest, to: str, slug: str) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect(to, slug)


def _suggested_date() -> datetime:
    """30 days from now at midnight: time to read, decline, export or leave (Y37)."""
    return timezone.localtime(timezone.now() + timedelta(days=30)).replace(hour=0, minute=0, second=0, microsecond=0)
