"""Addresses of the log. `<LOG>/checkpoint` and `<LOG>/tile/…` are those of C2SP tlog-tiles."""

from django.urls import path, re_path

from consent.ledger.log import views

TILE = r"^tile/(?P<level>[0-7])/(?P<path>(?:x\d{3}/){0,4}\d{3})"
app_name = "log"

urlpatterns = [
    path("", views.about, name="about"),
    path("checkpoint", views.checkpoint, name="checkpoint"),
    path("checkpoint/<int:size>", views.checkpoint, name="note"),
    path("checkpoints/", views.checkpoints, name="checkpoints"),
    re_path(TILE + r"$", views.tile, name="tile"),
    re_path(TILE + r"\.p/(?P<width>[1-9][0-9]{0,2})$", views.tile, name="partial_tile"),
    path("proof/<uuid:event_id>", views.proof, name="proof"),
    path("consistency", views.consistency, name="consistency"),
    path("keys", views.keys, name="keys"),
]
