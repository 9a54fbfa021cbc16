"""Django settings in sections; every value of an installation comes through `config.env`."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import broker, keys, schedule
from config import env as environment

# ---------------------------------------------------------------- the installation

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.load(BASE_DIR)

AMENDS_MODE = env.choice("AMENDS_MODE", ["embedded", "production"], default="embedded")
AMENDS_VAR = env.path("AMENDS_VAR", BASE_DIR / "var")
AMENDS_HOST = env.text("AMENDS_HOST", "127.0.0.1")
AMENDS_PORT = env.integer("AMENDS_PORT", 8000, least=1, most=65535)
AMENDS_WEB_WORKERS = env.integer("AMENDS_WEB_WORKERS", 2, least=1, most=64)
AMENDS_WEB_THREADS = env.integer("AMENDS_WEB_THREADS", 4, least=1, most=64)
AMENDS_WORKER_PROCESSES = env.integer("AMENDS_WORKER_PROCESSES", 2, least=1, most=64)
AMENDS_TICK_SECONDS = env.integer("AMENDS_TICK_SECONDS", 30, least=1, most=3600)
AMENDS_TRUSTED_PROXIES = env.integer("AMENDS_TRUSTED_PROXIES", 0, least=0, most=9)

PRODUCTION = AMENDS_MODE == "production"
DEBUG = False

# ---------------------------------------------------------------- keys, hosts

if not PRODUCTION:
    env.fall_back_on(keys.load_or_create(AMENDS_VAR))

SECRET_KEY = env.secret("AMENDS_SECRET_KEY", least=50)
SECRET_KEY_FALLBACKS = env.secrets("AMENDS_SECRET_KEY_FALLBACKS", [], least=50)
SALT_KEY = env.secrets("AMENDS_FIELD_KEY")
AMENDS_HASH_KEY = env.secret("AMENDS_HASH_KEY")

LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = env.items("AMENDS_ALLOWED_HOSTS", None if PRODUCTION else [*LOCAL_HOSTS, AMENDS_HOST])
CSRF_TRUSTED_ORIGINS = env.origins("AMENDS_CSRF_ORIGINS", None if PRODUCTION else [])
AMENDS_BASE_URL = env.web_url(
    "AMENDS_BASE_URL", CSRF_TRUSTED_ORIGINS[0] if CSRF_TRUSTED_ORIGINS else f"http://127.0.0.1:{AMENDS_PORT}"
)

# ---------------------------------------------------------------- applications

INSTALLED_APPS = [
    "config.apps.DeskConfig",
    # Ours come first, for their templates and catalogues win over the admin's.
    "followups",
    "complaints",
    "knowledge",
    "complaints.apps.AmendsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_fsm",
    "axes",
    "csp",
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
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Last: it turns a lock-out raised by the login into its answer.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# ---------------------------------------------------------------- database

SQLITE_OPTIONS = {
    # A deferred transaction that turns into a writer fails at once with "database is locked"; this one waits.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
POSTGRES_OPTIONS = {
    "pool": {
        "min_size": 1,
        "max_size": env.integer("AMENDS_DB_POOL", AMENDS_WEB_THREADS + 2, least=1, most=100),
        "timeout": 10,
    },
    "connect_timeout": 5,
}

DATABASES = {
    "default": env.database("DATABASE_URL")
    or {"ENGINE": "django.db.backends.sqlite3", "NAME": AMENDS_VAR / "db.sqlite3"}
}
_database = DATABASES["default"]
_sqlite = _database["ENGINE"].endswith("sqlite3")
_database["OPTIONS"] = (SQLITE_OPTIONS if _sqlite else POSTGRES_OPTIONS) | _database.get("OPTIONS", {})
if _sqlite:
    # Tests meet the same file locks as the desk does.
    _database["TEST"] = {"NAME": str(AMENDS_VAR / "test.sqlite3")}
else:
    # The pool keeps the connections, and tries each before use: a restarted database is no error.
    _database |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}

# ---------------------------------------------------------------- files

MEDIA_ROOT = AMENDS_VAR / "media"
STATIC_ROOT = AMENDS_VAR / "static"
STATIC_URL = "static/"
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# ---------------------------------------------------------------- language and time

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# ---------------------------------------------------------------- who may come in

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"

AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
# The pair: a stranger cannot lock a colleague out from elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_NAME = "amends_session"
CSRF_COOKIE_NAME = "amends_csrf"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# ---------------------------------------------------------------- headers

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True

SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION

if AMENDS_TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Each proxy adds the address it sees: the client is as many places from the right as there are proxies, and ipware
    # counts those to the right of it. What a client itself has put further left is not believed.
    AXES_IPWARE_PROXY_COUNT = AMENDS_TRUSTED_PROXIES - 1
    IPWARE_STRICT = False
    AXES_IPWARE_META_PRECEDENCE_ORDER = ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"]

# ---------------------------------------------------------------- mail

_mail_server = env.mail_server("EMAIL_URL")
EMAIL_BACKEND = f"complaints.outbox.mail.{'SmtpBackend' if _mail_server else 'FileBackend'}"
EMAIL_FILE_PATH = AMENDS_VAR / "mail"
EMAIL_HOST = _mail_server.get("EMAIL_HOST", "localhost")
EMAIL_PORT = _mail_server.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = _mail_server.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = _mail_server.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _mail_server.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail_server.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("AMENDS_FROM_EMAIL", f"Amends <amends@{urlsplit(AMENDS_BASE_URL).hostname}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# ---------------------------------------------------------------- webhooks and robots

AMENDS_WEBHOOK_TRUSTED_HOSTS = env.hosts("AMENDS_WEBHOOK_TRUSTED_HOSTS")

# ---------------------------------------------------------------- background work

REDIS_URL = env.redis_url("REDIS_URL")
AMENDS_QUEUE = env.text("AMENDS_QUEUE", "amends")

CELERY_BROKER_URL = REDIS_URL or broker.url(AMENDS_VAR)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# None: try for ever. The database is the truth, the worker may wait for its broker.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{AMENDS_QUEUE}:",
    # A request that wakes the worker must not wait for a broker that hangs: with all around it, half a second at most.
    "socket_connect_timeout": 0.4,
    "socket_timeout": 0.4,
    "retry_on_timeout": False,
    "max_retries": 0,
    # A wake-up that is lost costs nothing; one whose acknowledgement fails, because the broker dies just then, would
    # be in hand for ever, and the worker ask for no more.
    "ack_emulation": False,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = AMENDS_QUEUE
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Of no effect, since no task is acknowledged late; it only silences a warning about its future default.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BEAT_SCHEDULE = schedule.table(AMENDS_TICK_SECONDS)
# In memory: a table of short periods needs no file that a kill could damage.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"

# ---------------------------------------------------------------- logs

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # Message and traceback only: local variables hold personal data.
    # The time is added by whatever collects the output.
    "formatters": {"plain": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "filters": {"first_line": {"()": "config.logs.FirstLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Refused requests are no faults of ours; each would print a traceback.
        "django.request": {"level": "ERROR"},
        # These name each task and connection; the desk's own log says what happened.
        "celery": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING", "filters": ["first_line"]},
        "kombu": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
    },
}

# ---------------------------------------------------------------- checks

AMENDS_KNOWN_SETTINGS = sorted(env.known)
AMENDS_UNKNOWN_SETTINGS = env.unknown("AMENDS_")
