"""From where a person signed in: browsers that are known, and every attempt."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts.devices.network import OTHER
from accounts.devices.rules import Level, Risk


class Browser(models.Model):
    """A browser that has signed in as the person before. token_digest: 32 bytes, keyed, of its cookie. family, system:
    such as `Firefox` and `Android 15`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="browsers", db_index=False)
    token_digest = models.BinaryField(max_length=32)
    family = models.TextField(blank=True, default="")
    system = models.TextField(blank=True, default="")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "token_digest"], name="browser_once_a_user"),)

    def __str__(self) -> str:
        return f"browser {self.pk} of user {self.user_id}"


class SignIn(models.Model):
    """An attempt to enter the account (K35, Y7). way: `email` or `phone`. network: truncated as in consent events.
    place: what the proxy in front says, rough. risks, level: names of `rules.Risk` and `rules.Level`, why and how much
    care was taken (K31); proven_again_at: when the person was asked again and proved it. session_key: of the session
    that began, empty for a failure; ended_at: when that one was ended. disowned_at: the person said that it was not
    them."""

    class Result(models.TextChoices):
        ENTERED = "entered", _("signed in")
        WRONG_CODE = "wrong_code", _("wrong code")
        LOCKED = "locked", _("account locked")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sign_ins", db_index=False)
    at = models.DateTimeField()
    result = models.TextField(choices=Result)
    way = models.TextField(blank=True, default="")
    browser = models.ForeignKey(Browser, models.SET_NULL, null=True, blank=True, related_name="+")
    family = models.TextField(blank=True, default="")
    system = models.TextField(blank=True, default="")
    network = models.TextField(blank=True, default="")
    place = models.TextField(blank=True, default="")
    risks = models.JSONField(default=list)
    level = models.TextField(choices=Level, default=Level.USUAL)
    proven_again_at = models.DateTimeField(null=True, blank=True)
    session_key = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)
    disowned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["user", "-at"], name="sign_in_by_user"),
            models.Index(fields=["session_key"], name="sign_in_by_session", condition=~models.Q(session_key="")),
            BrinIndex(fields=["at"], name="sign_in_to_sweep"),
        )

    def __str__(self) -> str:
        return f"sign-in {self.pk} of user {self.user_id}"

    @property
    def risk_labels(self) -> list[str]:
        """What was unusual, in words."""
        return [Risk(risk).label for risk in self.risks]

    @property
    def browser_words(self) -> str:
        """`Firefox on Android 15`, as much of it as is known, or that none of it is."""
        family = "" if self.family == OTHER else self.family
        if family and self.system:
            return gettext("%(family)s on %(system)s") % {"family": family, "system": self.system}
        return family or self.system or gettext("a browser that we do not recognise")

    @property
    def where_words(self) -> str:
        """From which browser and which rough place; of what is not known, nothing is said."""
        return pgettext("between items", ", ").join(filter(None, (self.browser_words, self.place)))
