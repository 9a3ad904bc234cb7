"""The page behind the link of an advertisement; nobody has to sign in to say no."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.audit.rules import Actor, ActorKind
from accounts.profile.models import MarketingChoice
from accounts.profile.opting_out import stop_marketing, subscription_named
from consent.ledger.gate import gate_exempt

ONE_CLICK = ("List-Unsubscribe", "One-Click")


@never_cache
@gate_exempt
@csrf_exempt  # mail programs send it without cookies, and the worst that a forged one does is to spare somebody ads
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show what would be switched off; do it on the button, or on the POST of a mail program. Source: RFC 8058; K74."""
    subscription = subscription_named(token)
    if subscription is None:
        raise Http404
    is_done = request.POST.get(ONE_CLICK[0]) == ONE_CLICK[1]
    if is_done:
        topics, actor = [subscription.topic], Actor(ActorKind.SUBJECT, subscription.user_id)
        stop_marketing(subscription.user_id, subscription.channel, topics, how="link", actor=actor, at=timezone.now())
    context = {
        "is_done": is_done,
        "one_click": ONE_CLICK,
        "topic": MarketingChoice.Topic(subscription.topic).label,
        "channel": MarketingChoice.Channel(subscription.channel).label,
    }
    return render(request, "account/unsubscribe.html", context)
