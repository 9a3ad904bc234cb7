"""A person with an account, known by an e-mail address, a mobile number, or both."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.users.rules import Contact, ContactKind


class UserManager(BaseUserManager["User"]):
    """Makes users; a person may have no password and sign in by code alone."""

    def create_user(self, email: str = "", phone: str = "", password: str | None = None, **fields: Any) -> User:
        """email and phone as the rules normalise them; at least one of the two."""
        user = self.model(email=self.normalize_email(email), phone=phone, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """email: lower case or empty. phone: E.164 such as +8613800138000, or empty. A contact without its
    `…_verified_at` has not been proven and is used for nothing but proving it (K14)."""

    class Theme(models.TextChoices):
        SYSTEM = "", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = models.EmailField(_("e-mail address"), blank=True, default="")
    email_verified_at = models.DateTimeField(null=True, blank=True)
    phone = models.CharField(_("mobile number"), max_length=20, blank=True, default="")
    phone_verified_at = models.DateTimeField(null=True, blank=True)
    name = models.CharField(_("name"), max_length=80, blank=True, default="")
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    theme = models.CharField(_("light or dark"), max_length=5, choices=Theme, blank=True, default=Theme.SYSTEM)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "id"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["email"], condition=~Q(email=""), name="user_email_once"),
            models.UniqueConstraint(fields=["phone"], condition=~Q(phone=""), name="user_phone_once"),
        )

    def __str__(self) -> str:
        return f"user {self.pk}"

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
