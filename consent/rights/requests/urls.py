"""Addresses of requests: the person's own, the public's, and the desk's, which `portal.urls` mounts under /desk/."""

from django.urls import path

from consent.rights.requests.views import desk, own, public, staff, status

app_name = "requests"

urlpatterns = [
    path("account/requests/", own.mine, name="mine"),
    path("account/requests/new/", own.new, name="new"),
    path("account/requests/<slug:number>/", own.one, name="request"),
    path("account/requests/<slug:number>/confirm/", own.confirm, name="confirm"),
    path("account/requests/<slug:number>/lift/", own.lift, name="lift"),
    path("requests/", public.ask, name="ask"),
    path("requests/sent/", public.sent, name="sent"),
    path("requests/<slug:number>/<slug:token>/", status.by_link, name="by_link"),
]

desk_urlpatterns = [
    path("requests/", desk.queue_page, name="queue"),
    path("requests/new/", desk.new_request, name="new_request"),
    path("requests/<slug:number>/", desk.case, name="case"),
    path("requests/<slug:number>/claim/", desk.claim, name="claim"),
    path("requests/<slug:number>/release/", desk.release, name="release"),
    path("requests/<slug:number>/code/", desk.send_code, name="send_code"),
    path("requests/<slug:number>/code/check/", desk.check_code, name="check_code"),
    path("requests/<slug:number>/documents/<int:pk>/", desk.document, name="document"),
    path("requests/<slug:number>/judge/", desk.judge, name="judge"),
    path("requests/<slug:number>/unmask/", desk.unmask, name="unmask"),
    path("requests/<slug:number>/decide/", desk.decide, name="decide"),
    path("requests/<slug:number>/carry-out/", desk.carry_out, name="carry_out"),
    path("requests/<slug:number>/lapse/", desk.lapse, name="lapse"),
    path("reads/", staff.reads, name="reads"),
    path("undertaking/", staff.undertaking, name="undertaking"),
]
