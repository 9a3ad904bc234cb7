"""Parts of addresses, as the document names them."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

REFERENCE = OpenApiParameter(
    "reference",
    {"type": "string", "minLength": 1, "maxLength": 200},
    OpenApiParameter.PATH,
    description="Your own name for the person, percent-encoded.",
)
PERSON = OpenApiParameter(
    "person",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
    OpenApiParameter.PATH,
    description="An account holder of yours, as people/identify or people/find named them.",
)
SLUG = OpenApiParameter(
    "slug", {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}, OpenApiParameter.PATH, description="Policy."
)
NUMBER = OpenApiParameter(
    "number", {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}, OpenApiParameter.PATH, description="Version."
)
EVENT = OpenApiParameter("event", OpenApiTypes.UUID, OpenApiParameter.PATH, description="Id of an event.")
POLICY = OpenApiParameter("policy", str, description="Short name of one policy.")
LANGUAGE = OpenApiParameter("language", str, description="Of the text, such as en; without it as Accept-Language asks.")
CURSOR = OpenApiParameter("cursor", str, description="As the page before gave it.")
LIMIT = OpenApiParameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, description="Events on a page."
)
LINK = OpenApiParameter(
    "Link", str, OpenApiParameter.HEADER, response=[200], description='The next page, rel="next"; absent on the last.'
)
FORMAT = OpenApiParameter(
    "format", {"type": "string", "enum": ["json", "jws", "pdf", "kantara"]}, description="In place of Accept."
)
AT = OpenApiParameter(
    "at", OpenApiTypes.DATETIME, description="An instant, RFC 3339 with its time zone.", required=True
)


def size(name: str) -> OpenApiParameter:
    """A number of leaves."""
    schema = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
    return OpenApiParameter(name, schema, description="Number of leaves.", required=True)
