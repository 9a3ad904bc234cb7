"""A person with an account, known by an e-mail address, a mobile number, or both."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.profile.masks import mask_name
from accounts.sealing.fields import BlindIndexField, SealedField
from accounts.users.rules import Contact, ContactKind


class UserManager(BaseUserManager["User"]):
    """Makes users; a person may have no password and sign in by code alone."""

    def create_user(self, email: str = "", phone: str = "", password: str | None = None, **fields: Any) -> User:
        """email and phone as the rules normalise them; at least one of the two."""
        user = self.model(email=email.lower(), phone=phone, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def naming(self, contact: Contact) -> models.QuerySet[User]:
        """Who names contact, proven or not: none or one."""
        return self.filter(**contact.as_lookup())


class User(AbstractBaseUser, PermissionsMixin):
    """email: lower case or empty. phone: E.164 such as +8613800138000, or empty. A contact without its
    `…_verified_at` has not been proven and is used for nothing but proving it (K14). …_bounced_at: when a message last
    came back from it (K119). findable_by_…: whether others may find the person by it (K26, K82). contacts_confirmed_at:
    when the person last said that their contacts are theirs; contacts_ask_after: until then they are not asked again.
    leaving_at: since when the person is on their way out and may still change their mind. closed_at: since when the
    account is gone and the row holds nothing personal. Contacts and name lie sealed."""

    class Theme(models.TextChoices):
        SYSTEM = "", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = SealedField(_("e-mail address"), blank=True, default="")
    email_index = BlindIndexField("email")
    email_verified_at = models.DateTimeField(null=True, blank=True)
    email_bounced_at = models.DateTimeField(null=True, blank=True)
    phone = SealedField(_("mobile number"), blank=True, default="")
    phone_index = BlindIndexField("phone")
    phone_verified_at = models.DateTimeField(null=True, blank=True)
    phone_bounced_at = models.DateTimeField(null=True, blank=True)
    name = SealedField(_("name"), blank=True, default="")
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    theme = models.CharField(_("light or dark"), max_length=5, choices=Theme, blank=True, default=Theme.SYSTEM)
    findable_by_email = models.BooleanField(default=False)
    findable_by_phone = models.BooleanField(default=False)
    allows_profiling = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    contacts_confirmed_at = models.DateTimeField(null=True, blank=True)
    contacts_ask_after = models.DateTimeField(null=True, blank=True)
    leaving_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "id"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["email_index"], name="user_email_once"),
            models.UniqueConstraint(fields=["phone_index"], name="user_phone_once"),
        )

    def __str__(self) -> str:
        return f"user {self.pk}"

    @property
    def masked_name(self) -> str:
        """The name as it may stand on a page that others can see over one's shoulder, such as in each header (K72)."""
        return mask_name(self.name)

    @property
    def proven_contact(self) -> Contact | None:
        """Where codes and notices may go: the e-mail address, else the mobile number, once it is proven (K14)."""
        return next((contact for contact in self.contacts if contact.is_proven), None)

    @property
    def contacts(self) -> list[Contact]:
        """The e-mail address and the mobile number, as far as they are known."""
        known = (
            Contact(ContactKind.EMAIL, self.email, is_proven=self.email_verified_at is not None),
            Contact(ContactKind.PHONE, self.phone, is_proven=self.phone_verified_at is not None),
        )
        return [contact for contact in known if contact.value]
