"""Settings of the installation, read from the environment, with safe defaults.

`LOYALTY_MODE=production` requires what a public installation must set itself (secret key, hosts, database). Without it the
project serves this machine only, with secrets generated in the data folder.
"""

from pathlib import Path
from typing import Any

from django.urls import reverse_lazy
from environs import Env, validate

from loyalty_project import unfold_settings
from loyalty_project.email_url import email_settings
from loyalty_project.generated_secrets import generated_secret
from loyalty_project.logs import log_configuration
from loyalty_project.openapi.settings import SPECTACULAR

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- where and how it runs

PRODUCTION = env.str("LOYALTY_MODE", "local", validate=validate.OneOf(["local", "production"])) == "production"
DEBUG = env.bool("DEBUG", False)
# Threads of each process of the server. A thread holds one database connection and mostly waits for it; more than a few only
# wait for each other.
SERVER_THREADS = env.int("SERVER_THREADS", 4, validate=validate.Range(min=1, max=64))
DATA_DIR = env.path("LOYALTY_DATA_DIR", BASE_DIR / "var").absolute()
SECRET_KEY = env.str("SECRET_KEY") if PRODUCTION else env.str("SECRET_KEY", "") or generated_secret(DATA_DIR / "secret-key")
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS") if PRODUCTION else env.list("ALLOWED_HOSTS", LOCAL_HOSTS)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])

# --- database: any PostgreSQL >= 15 by DATABASE_URL, else the embedded one

# Prepared statements make point lookups three times as fast; they need parameters bound by the server. Reads look up different
# keys in turn, so remembering rows by their keys (memoize) only costs. The timeouts keep a
# stuck item from blocking a till: a lock that is not free in time is answered 521, a statement that takes too long 500.
LOCK_SECONDS = 5
DATABASE_OPTIONS: dict[str, Any] = {
    "server_side_binding": True,
    "prepare_threshold": 2,
    "options": f"-c lock_timeout={LOCK_SECONDS}s -c statement_timeout=60s -c idle_in_transaction_session_timeout=120s "
    "-c enable_memoize=off",
}
DATABASE_URL = env.str("DATABASE_URL") if PRODUCTION else env.str("DATABASE_URL", "")
DATABASES: dict[str, dict[str, Any]] = {"default": {"ENGINE": "loyalty_project.embedded_postgres", "NAME": "loyalty"}}
if DATABASE_URL:
    DATABASES = {"default": dict(env.dj_db_url("DATABASE_URL"))}
DATABASES["default"].update(CONN_MAX_AGE=600, CONN_HEALTH_CHECKS=True, ATOMIC_REQUESTS=False)
DATABASES["default"]["OPTIONS"] = {**DATABASES["default"].get("OPTIONS", {}), **DATABASE_OPTIONS}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- applications

INSTALLED_APPS = [
    "loyalty_project",
    "organizations",
    "webhooks",
    "customers",
    "engagement",
    "subscriptions",
    "referrals",
    "tickets",
    "use_cases",
    "demo",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "loyalty_project.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "procrastinate.contrib.django",
]
MIDDLEWARE = [
    "loyalty_project.middleware.RequestIdMiddleware",
    "loyalty_project.middleware.ContentPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "loyalty_project.static_files.StaticFilesMiddleware",
    "loyalty_project.compression.PageCompressionMiddleware",
    "loyalty_project.translation.LanguageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "organizations.back_office.middleware.DialogMiddleware",
    "organizations.staff.sessions.StaffSessionMiddleware",
    "organizations.back_office.middleware.StaffScopeMiddleware",
    "axes.middleware.AxesMiddleware",
]
# The API's addresses (loyalty_project/api/addresses.py). Their callers have no session and no browser.
API_MIDDLEWARE = [
    "loyalty_project.middleware.RequestIdMiddleware",
    "loyalty_project.api.security.ApiSecurityMiddleware",
]
ROOT_URLCONF = "loyalty_project.urls"
WSGI_APPLICATION = "loyalty_project.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "organizations.staff.kept_forms.kept_form",
            ],
        },
    },
]

# --- language, time, files

LANGUAGE_CODE = "en"
# Of the back office (docs/translating.md). The API speaks English.
LANGUAGES = [("en", "English"), ("fr", "Français"), ("hi", "हिन्दी"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "loyalty_project.formats"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Collected by loyalty_project/static_files.py, under names with a hash; served by whitenoise, or by a web server in front.
STATIC_ROOT = env.path("STATIC_ROOT", DATA_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "loyalty_project.static_files.HashedFiles"},
}
WHITENOISE_USE_FINDERS = True

# Files of imports alone, streamed to the data folder: docs/imports.md.
FILE_UPLOAD_HANDLERS = ["organizations.imports.upload_handler.ImportUploadHandler"]
IMPORT_FILES_DIR = DATA_DIR / "imports"
# Days after which uploaded files that were not imported, and files of rejected rows, are removed.
IMPORT_FILE_DAYS = env.int("IMPORT_FILE_DAYS", 7, validate=validate.Range(min=1, max=90))
IMPORT_REJECTED_DAYS = env.int("IMPORT_REJECTED_DAYS", 30, validate=validate.Range(min=1, max=365))

# --- the API (docs/protocol.md 1)

REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "loyalty_project.openapi.document.WireSchema",
    "EXCEPTION_HANDLER": "loyalty_project.api.exception_handler.answer_exception",
    "UNAUTHENTICATED_USER": None,
}
# The document of the API, docs/openapi.yaml.
SPECTACULAR_SETTINGS = SPECTACULAR
# Cost of checking a password or client secret. A stored hash keeps the cost that it was made with.
ARGON2_TIME_COST = env.int("ARGON2_TIME_COST", 2, validate=validate.Range(min=1))
ARGON2_MEMORY_KIB = env.int("ARGON2_MEMORY_KIB", 19_456, validate=validate.Range(min=8))
# Seconds for one call of the API, after its body has arrived; what is not done by then is answered 521. Its statements wait
# LOCK_SECONDS for locks, all together.
REQUEST_SECONDS = env.float("REQUEST_SECONDS", 30.0, validate=validate.Range(min=1, max=600))
# Seconds for each statement of a customer/search, after which the search is refused (461).
SEARCH_TIMEOUT = env.float("SEARCH_TIMEOUT", 5.0, validate=validate.Range(min=0.1, max=60))
TOKEN_KEYS_DIR = env.path("TOKEN_KEYS_DIR", DATA_DIR / "token-keys")
# Number of own proxies in front. The caller's address is what the outermost of them added to X-Forwarded-For.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0, validate=validate.Range(min=0))

# --- webhooks: docs/webhooks.md

# Only for receivers in the own network: without these, endpoints are public HTTPS addresses.
WEBHOOK_ALLOW_HTTP = env.bool("WEBHOOK_ALLOW_HTTP", False)
WEBHOOK_ALLOW_PRIVATE = env.bool("WEBHOOK_ALLOW_PRIVATE", False)
# Endpoints that one worker serves at the same time. Each has one job at a time, which mostly waits.
WEBHOOK_CONCURRENCY = env.int("WEBHOOK_CONCURRENCY", 50, validate=validate.Range(min=1, max=500))
# Days after which events are deleted from the log of deliveries.
WEBHOOK_LOG_DAYS = env.int("WEBHOOK_LOG_DAYS", 30, validate=validate.Range(min=8, max=3650))

# --- messages to customers: docs/operating.md

# smtp+tls://user:password@host:587/?from=shop@example.com, and without: e-mail goes to webhooks alone.
globals().update(email_settings(env.str("EMAIL_URL", "")))
# Messages that nobody sends are left to staff, who read them in the back office. For trying it out.
OUTBOX_FOR_STAFF = env.bool("OUTBOX_FOR_STAFF", not PRODUCTION)

# Fault point at which tests kill this process (loyalty_project/faults.py). Never in production.
FAULT = "" if PRODUCTION else env.str("REGULARS_FAULT", "")

# --- staff: docs/back-office.md

AUTH_USER_MODEL = "organizations.StaffMember"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "organizations.staff.log_in.RoleBackend"]
# Permissions by role, composed of what each app brings.
STAFF_PERMISSIONS = "use_cases.back_office.STAFF_PERMISSIONS"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "organizations.staff.hashers.StrengthValidator"},
]
PASSWORD_HASHERS = ["organizations.staff.hashers.StaffHasher"]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_WHITELIST_CALLABLE = "organizations.staff.log_in.is_known_at_address"
# Failures are deleted after the cool-off time; log-ins that succeed are in each member's `last_login`.
AXES_DISABLE_ACCESS_LOG = True
# Invented names are counted together for each address, and a lock is neither prolonged nor recorded anew by further attempts.
AXES_USERNAME_CALLABLE = "organizations.staff.log_in.counted_name"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_VERBOSE = False
# `manage.py axes_reset_username` unlocks log-ins; the library's own admin pages are not restricted to an organization.
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_CALLABLE = "loyalty_project.admin_site.answer_locked_out"
AXES_CLIENT_IP_CALLABLE = "loyalty_project.client_ip.client_address"
UNFOLD = unfold_settings.UNFOLD

# --- the browser's side

CSRF_FAILURE_VIEW = "organizations.staff.kept_forms.answer_untrusted"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_AGE = 12 * 3600
# A session of the back office ends after this time without a page.
STAFF_IDLE_MINUTES = env.int("STAFF_IDLE_MINUTES", 30, validate=validate.Range(min=1, max=720))
# Dangerous pages ask for a password that was typed longer ago.
STAFF_CONFIRM_MINUTES = env.int("STAFF_CONFIRM_MINUTES", 10, validate=validate.Range(min=1, max=720))
# Roles that cannot work without two-step log-in; "operator" are the operators of the installation.
STAFF_TWO_STEP_ROLES: frozenset[str] = frozenset(env.list("STAFF_TWO_STEP_ROLES", []))
OTP_TOTP_ISSUER = "Regulars"
DANGEROUS_PAGES = "use_cases.back_office.DANGEROUS_PAGES"
SECURE_SSL_REDIRECT = PRODUCTION and env.bool("SECURE_SSL_REDIRECT", True)
# Health probes come from inside, by plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31_536_000) if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
if env.bool("BEHIND_TLS_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

LOGGING = log_configuration(level=env.str("LOG_LEVEL", "INFO"), as_json=env.bool("LOG_JSON", PRODUCTION))
