"""All settings. What differs between installations comes from the environment; `.env.example` names it all."""

from email.utils import formataddr
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from portal import env

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where this installation stands ---------------------------------------------------------------------------------
DEVELOPMENT = env.boolean("ASSENT_DEVELOPMENT")  # /dev/inbox/ exists, cookies travel over plain http
DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")
# 32 random bytes in base64 each. FIELD_KEY seals personal fields and sessions; of several, with commas, the first
# seals and all open, see manage.py rotate_keys. INDEX_KEY makes what is sealed findable, and never changes.
FIELD_KEY = env.text("FIELD_KEY")
INDEX_KEY = env.text("INDEX_KEY")
BASE_URL = env.text("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
# Ed25519 seeds, see consent.ledger.keyring: the first signs, retired ones stay known.
LOG_KEYS = env.text("LOG_KEYS")
RECEIPT_KEYS = env.text("RECEIPT_KEYS")
LOG_NAME = env.text("LOG_NAME", "") or f"{urlsplit(BASE_URL).netloc}/log"  # origin of checkpoints; never changes
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", urlsplit(BASE_URL).hostname or "") + (
    ["127.0.0.1", "localhost"] if DEVELOPMENT else []
)
HTTPS = not DEVELOPMENT
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", default=HTTPS)
SECURE_HSTS_SECONDS = int(env.number("SECURE_HSTS_SECONDS", 31_536_000 if HTTPS else 0))
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.boolean("BEHIND_TLS_PROXY") else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

# --- What it is made of ---------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "django_otp",
    "django_otp_webauthn",
    "django_htmx",
    "csp",
    "accounts",
    "consent",
    "portal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.devices.gate.AskAgainMiddleware",
    "consent.rights.leaving.gate.LeavingGateMiddleware",
    "consent.ledger.gate.ConsentGateMiddleware",
    "portal.errors.FormsOnlyMiddleware",
]
# Of a call to the API, which brings a key and no cookie: see portal.wsgi.
API_MIDDLEWARE = [
    "consent.api.transport.RefuseClearText",
    "django.middleware.security.SecurityMiddleware",
]
ROOT_URLCONF = "portal.urls"
CSRF_FAILURE_VIEW = "portal.errors.stale_form"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.frame",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "consent.templatetags.consents"],
        },
    }
]

# --- Where it keeps things ------------------------------------------------------------------------------------------
# `default` logs in as the application's role, which may not change evidence; `owner` owns the tables, migrates, and
# is configured only where migrations run.
DATABASES = {"default": env.database("DATABASE_URL") | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
if env.text("DATABASE_OWNER_URL", ""):
    DATABASES["owner"] = env.database("DATABASE_OWNER_URL")
DATABASE_APPLICATION_ROLE = DATABASES["default"]["USER"]
# `vault` reaches what the law wants kept after somebody left, and nothing else; configured for the worker alone.
DATABASE_VAULT_ROLE = "assent_vault"
if env.text("DATABASE_VAULT_URL", ""):
    DATABASES["vault"] = env.database("DATABASE_VAULT_URL")
    DATABASES["vault"]["OPTIONS"]["options"] = "-c search_path=vault"
    DATABASE_VAULT_ROLE = DATABASES["vault"]["USER"]
VAULT_KEY = env.text("VAULT_KEY", "")  # of several, with commas, the first seals and all open
# Prepared from the second use: the ledger's statement takes a third of the time. Django's own are never prepared.
DATABASES["default"]["OPTIONS"].setdefault("prepare_threshold", 2)

# The portal may be slower without Valkey, never wrong: so rate limits and sessions are in PostgreSQL.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "rate_limit",
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    }
}
SESSION_ENGINE = "accounts.devices.sessions"
SESSION_SERIALIZER = "accounts.users.sessions.EncryptedSerializer"
SESSION_COOKIE_AGE = 14 * 24 * 3600

REDIS_URL = env.text("REDIS_URL")
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", REDIS_URL)

# --- Who people are -------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "accounts.users.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]  # allauth's own form, which no page shows: ours asks for either of the two
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# By network, behind which a carrier puts many phones; how often one person or one contact is sent a code: see
# accounts.otp.throttle.
ACCOUNT_RATE_LIMITS = {"request_code": "30/m/ip", "confirm_code": "60/m/ip"}
# A stranger writes to the desk: each request sends a message to the contact that they name.
ACCOUNT_RATE_LIMITS["rights_request"] = "20/h/ip,3/d/key"
ACCOUNT_RATE_LIMITS["pictures"] = "60/h/ip,12/h/key"  # of one request; to look at a picture takes seconds
# Passkeys belong to a name, never to an address: on a developer's machine to localhost.
_portal = urlsplit(BASE_URL)
OTP_WEBAUTHN_RP_ID = "localhost" if _portal.hostname in ("127.0.0.1", "::1") else _portal.hostname or ""
OTP_WEBAUTHN_RP_NAME = env.text("PORTAL_NAME", "Assent")
OTP_WEBAUTHN_ALLOWED_ORIGINS = [BASE_URL.replace(_portal.hostname or "", OTP_WEBAUTHN_RP_ID)]
OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN = False  # signing in goes through our own door
# Functions (user) -> address to go to, or None, asked before each page of the desk.
STAFF_GATES = ["accounts.otp.gates.needs_authenticator", "consent.rights.undertaking.needs_undertaking"]
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if SECURE_PROXY_SSL_HEADER else 0
# Set by that proxy and by nobody else: the rough place of an address, such as "Shanghai, CN"; empty: unknown.
PLACE_HEADER = env.text("PLACE_HEADER", "") if SECURE_PROXY_SSL_HEADER else ""
SIGN_IN_LOG_DAYS = int(env.number("SIGN_IN_LOG_DAYS", 180))  # for which sign-ins and known browsers are kept

# Codes leave at once and by themselves, so Django's own backend sends them. The same SMTP_URL as further down.
_smtp = urlsplit(env.text("SMTP_URL"))
EMAIL_HOST, EMAIL_PORT = _smtp.hostname or "", _smtp.port or (465 if _smtp.scheme == "smtps" else 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_smtp.username or ""), unquote(_smtp.password or "")
EMAIL_USE_SSL = _smtp.scheme == "smtps"
EMAIL_USE_TLS = _smtp.scheme == "smtp" and bool(_smtp.username)  # a password travels encrypted or not at all
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = formataddr((env.text("PORTAL_NAME", "Assent"), env.text("MAIL_FROM", "privacy@portal.example")))

# --- Language and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
FORMAT_MODULE_PATH = ["portal.formats"]
TIME_ZONE = env.text("TIME_ZONE", "Asia/Shanghai")

# --- Pages ----------------------------------------------------------------------------------------------------------
RELEASE = "0.1.0"  # part of every ETag: a new release shows new pages
PORTAL_NAME = env.text("PORTAL_NAME", "Assent")
PORTAL_MARK = env.text("PORTAL_MARK", "允")
STATIC_URL = "/static/"
STATIC_ROOT = None if DEVELOPMENT else env.text("STATIC_ROOT", str(BASE_DIR / "var" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEVELOPMENT  # no collectstatic needed to look at it
WHITENOISE_MANIFEST_STRICT = True
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    }
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Requests of people about their information -----------------------------------------------------------------------
# By when a kind of request is answered; "" is for all others. working: only working days in mainland China count.
REQUEST_TERMS: dict[str, dict[str, Any]] = {
    "": {"days": 30, "working": False, "citation": "GB/T 35273-2020 8.7"},
    "cancellation": {"days": 15, "working": True, "citation": "GB/T 35273-2020 8.5"},
}
# Where people complain when we refuse, by the slug of the company; "" is for all others.
COMPLAINT_AUTHORITIES: dict[str, dict[str, str]] = {
    "": {
        "zh-hans": "所在地的网信办（个人信息保护投诉举报：12377.cn），或者向人民法院起诉",
        "en": "the local office of the Cyberspace Administration (12377.cn), or a court of law",
    },
}
STAFF_READS_PER_HOUR = int(env.number("STAFF_READS_PER_HOUR", 60))  # beyond that administrators are told
STAFF_UNDERTAKING = env.text("STAFF_UNDERTAKING", "staff-undertaking")  # slug of the policy that staff accept first

SEARCHES_PER_KEY_AND_HOUR = int(env.number("SEARCHES_PER_KEY_AND_HOUR", 1000))  # for people, over the API
SEARCHES_PER_CONTACT_AND_DAY = int(env.number("SEARCHES_PER_CONTACT_AND_DAY", 20))
CONTACTS_CONFIRMED_MONTHS = int(env.number("CONTACTS_CONFIRMED_MONTHS", 12))  # after that they are asked about

# --- The API --------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "consent.api.documents.Schema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Assent",
    "VERSION": "1",
    "DESCRIPTION": "Consents, decisions and their proof, for the systems of one company.",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["consent.api.documents.add_shapes"],
}

# --- Telling people -------------------------------------------------------------------------------------------------
SMTP_URL = env.text("SMTP_URL")  # smtp://user:password@host:port, smtps:// for TLS from the start
MAIL_FROM = env.text("MAIL_FROM", "privacy@portal.example")
SMS_GATEWAY_URL = env.text("SMS_GATEWAY_URL")
MAIL_LOOKUP_URL = env.text("MAIL_LOOKUP_URL", "")  # asked which message ids were taken; empty: nobody can be asked
SMS_LOOKUP_URL = env.text("SMS_LOOKUP_URL", "")
DELIVERY_JOURNAL_DIR = env.text("DELIVERY_JOURNAL_DIR", "")
DEV_INBOX_URL = env.text("DEV_INBOX_URL", "") if DEVELOPMENT else ""
SCHEDULE_REFRESH_SECONDS = env.number("SCHEDULE_REFRESH_SECONDS", 2)  # 0: only when told, for tests
DECISION_CACHE_SECONDS = env.number("DECISION_CACHE_SECONDS", 60)  # how long another system may keep a decision
# Seconds before a message whose fate a crash left open is asked about: longer than the mail server and the gateway
# may still be busy with it.
DELIVERY_ASK_AFTER_SECONDS = env.number("DELIVERY_ASK_AFTER_SECONDS", 60)

# How long a way of proving who one is must have been on file before it counts where two proofs are needed. What can
# still be taken back (72 hours for a contact) should not count.
SECOND_PROOF_HOURS = env.number("SECOND_PROOF_HOURS", 72)

# --- Leaving --------------------------------------------------------------------------------------------------------
LEAVING_COOLING_OFF_DAYS = int(env.number("LEAVING_COOLING_OFF_DAYS", 7))
# What must hold before an account can be cancelled: see consent.rights.leaving.conditions.
LEAVING_CONDITIONS = [
    "consent.rights.leaving.conditions.no_open_request",
    "consent.rights.leaving.conditions.no_legal_hold",
]
ERASURE_JOURNAL_DIR = env.text("ERASURE_JOURNAL_DIR", "")  # outside the database and its backups

# Second parties that get the log's checkpoints: mailto:… and https://user:password@host/…, see manage.py witness.
WITNESSES = env.words("WITNESSES")

# A Celery message is a wake-up without authority: what is to be done stands in PostgreSQL. So one that cannot be
# queued is dropped, and one that is lost, late or doubled costs time only.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 180  # seconds; then kill -9, which the delivery journal settles like any other
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"consent.campaigns.tasks.work": {"queue": "campaigns"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # a lost broker must not stop a shard
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 400,  # seconds; longer than the time limit, or a running task is handed out twice
    "socket_keepalive": True,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "max_retries": 1,  # of a wake-up; workers and beat try for ever
    "interval_start": 0,
}
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # in memory: a file torn by kill -9 would keep beat from starting again
CELERY_BEAT_SCHEDULE = {
    "relay": {"task": "consent.outbox.tasks.relay", "schedule": 2.0, "options": {"expires": 10}},
    "drive": {"task": "consent.campaigns.tasks.drive", "schedule": 3.0, "options": {"expires": 10}},
    "seal": {"task": "consent.ledger.log.tasks.seal", "schedule": 5.0, "options": {"expires": 10}},
    "witness": {
        "task": "consent.ledger.log.tasks.witness",
        "schedule": crontab(minute="7"),
        "options": {"expires": 900},
    },
    "leave": {"task": "consent.rights.leaving.tasks.finish_due", "schedule": 60.0, "options": {"expires": 60}},
    "export": {"task": "consent.rights.export.tasks.make_waiting", "schedule": 10.0, "options": {"expires": 10}},
    "retain": {"task": "consent.rights.retention.tasks.destroy_due", "schedule": crontab(hour="3", minute="40")},
    "destroy-old-documents": {
        "task": "consent.rights.requests.tasks.destroy_old_documents",
        "schedule": crontab(hour="3", minute="40"),
    },
    "expire": {"task": "consent.ledger.decisions.tasks.expire_due", "schedule": crontab(hour="3", minute="20")},
    "tell": {"task": "accounts.notices.tasks.send_due", "schedule": 5.0, "options": {"expires": 10}},
    "remind": {"task": "accounts.profile.tasks.remind", "schedule": crontab(hour="9", minute="10")},
    "sweep_notices": {"task": "accounts.notices.tasks.sweep", "schedule": crontab(hour="3", minute="40")},
    "sweep_searches": {"task": "accounts.finding.tasks.sweep", "schedule": crontab(hour="3", minute="45")},
    "sweep_sign_ins": {"task": "accounts.devices.tasks.sweep", "schedule": crontab(hour="3", minute="50")},
}

# What people upload is never written to a disk, and what is too large is not even kept: see portal.uploads.
FILE_UPLOAD_HANDLERS = ["portal.uploads.BoundedMemoryHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024  # a policy of 2 MB in two languages, as a form encodes it

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "portal.redaction.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stream"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}},  # it would log whole URLs, a gateway's credentials among them
}
