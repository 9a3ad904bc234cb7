"""Where a person can complain about us: to us first, then to somebody who is above us."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from consent.policies.fields import localized
from consent.policies.models import Controller


def complaint_route() -> str:
    """One line for each company of the portal, in the reader's language. Source: K3, K102; PIPL 50, 65."""
    companies = Controller.objects.order_by("slug")
    return "\n".join(_line(company) for company in companies) or _authority("")


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
