"""Where a person reaches us, and where they can complain: to us first, then to somebody who is above us."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from consent.policies.fields import localized
from consent.policies.models import Controller


def complaint_route() -> str:
    """One line for each company of the portal, in the reader's language. Source: K3, K102; PIPL 50, 65."""
    return "\n".join(_line(company) for company in _companies()) or _authority("")


def telephones() -> str:
    """Where we are called, one line for each company that has a number."""
    return "\n".join(f"{localized(company.name)} · {company.phone}" for company in _companies() if company.phone)


def _companies() -> QuerySet[Controller]:
    return Controller.objects.order_by("slug")


def _line(company: Controller) -> str:
    reached = " · ".join(filter(None, [company.phone, company.email]))
    return _("%(company)s (%(contact)s); if that does not help: %(authority)s.") % {
        "company": localized(company.name) or company.slug,
        "contact": reached or localized(company.address),
        "authority": _authority(company.slug),
    }


def _authority(slug: str) -> str:
    known = settings.COMPLAINT_AUTHORITIES
    return localized(known.get(slug) or known[""])
