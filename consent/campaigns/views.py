"""Announcements for everybody, and a campaign's progress for publishers."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.syndication.views import Feed
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.audit.rules import Actor, ActorKind
from accounts.staff.decorators import role_required
from accounts.staff.models import Role
from consent.campaigns import actions, selectors
from consent.campaigns.models import Announcement, Campaign
from consent.policies.fields import localized

PER_PAGE = 20
publisher_required = role_required(Role.PUBLISHER)


@login_not_required
@require_safe
def announcement_list(request: HttpRequest) -> HttpResponse:
    """Every announcement, newest first."""
    page = Paginator(selectors.public_announcements(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "campaigns/announcements.html", {"page": page, "section": "announcements"})


@login_not_required
@require_safe
def announcement(request: HttpRequest, policy: str, number: int) -> HttpResponse:
    """One announcement under its permanent address."""
    found = selectors.announcement_of(policy, number)
    if found is None:
        raise Http404
    context = {"announcement": found, "company": found.version.controller_block, "section": "announcements"}
    return render(request, "campaigns/announcement.html", context)


@method_decorator(login_not_required, name="__call__")
class AnnouncementFeed(Feed):  # type: ignore[type-arg]  # not subscriptable at run time
    """The last announcements as Atom, in the reader's language (K118)."""

    feed_type = Atom1Feed

    def title(self) -> str:
        return _("Announcements of %(portal)s") % {"portal": settings.PORTAL_NAME}

    def link(self) -> str:
        return reverse("campaigns:announcements")

    def items(self) -> QuerySet[Announcement]:
        return selectors.public_announcements()[:PER_PAGE]

    def item_title(self, item: Announcement) -> str:
        return localized(item.title)

    def item_description(self, item: Announcement) -> str:
        return localized(item.body)

    def item_pubdate(self, item: Announcement) -> datetime:
        return item.published_at

    def item_updateddate(self, item: Announcement) -> datetime:
        return item.published_at


@publisher_required
@require_safe
def desk_campaign(request: HttpRequest, version_id: int) -> HttpResponse:
    """How far a campaign has come. htmx asks every two seconds for the part that changes; a link does without it."""
    version = selectors.published_version(version_id)
    if version is None:
        raise Http404
    progress = selectors.progress_of(version_id)
    refusals = selectors.refusals_of(progress.campaign) if progress and progress.failed else []
    context = {"version": version, "progress": progress, "refusals": refusals, "now": timezone.now(), "section": "desk"}
    part_only = bool(request.headers.get("HX-Request"))
    return render(request, "campaigns/_progress.html" if part_only else "campaigns/desk_campaign.html", context)


@publisher_required
@require_POST
def desk_pause(request: HttpRequest, version_id: int) -> HttpResponse:
    """Stops what has not been sent yet."""
    get_object_or_404(Campaign, pk=version_id)
    actions.pause_campaign(version_id, actor=_actor(request), at=timezone.now())
    return redirect("desk:campaign", version_id)


@publisher_required
@require_POST
def desk_resume(request: HttpRequest, version_id: int) -> HttpResponse:
    """Goes on with what was paused."""
    get_object_or_404(Campaign, pk=version_id)
    actions.resume_campaign(version_id, actor=_actor(request), at=timezone.now())
    return redirect("desk:campaign", version_id)


def _actor(request: HttpRequest) -> Actor:
    return Actor(ActorKind.STAFF, request.user.pk)
