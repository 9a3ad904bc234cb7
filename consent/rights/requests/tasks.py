"""What happens with requests by itself."""

from celery import shared_task
from django.utils import timezone

from consent.rights.requests.documents import sweep_documents


@shared_task
def destroy_old_documents() -> int:
    """Once a day: no paper outlives its case. How many cases had some left."""
    return sweep_documents(at=timezone.now())
