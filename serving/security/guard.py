"""What stands around the routes, put together from the settings, and where it may be left out."""

from __future__ import annotations

import logging
from typing import Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from serving.security.access import KEY_HEADER, Access, is_loopback
from serving.security.headers import SecurityHeaders
from serving.security.outside import Outside
from serving.security.rates import Rates
from serving.security.store import KeyFileError, Keys
from serving.security.urls import Urls
from serving.settings import Settings, SettingsError

_log = logging.getLogger("celmood")
_CORS_IN: Final = (
    "Authorization",
    KEY_HEADER,
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "Prefer",
    "X-Celmood-Webhook",
    "X-Request-Id",
    "X-Request-Timeout",
)
_CORS_OUT: Final = (
    "ETag",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Celmood-Faces",
    "X-Celmood-Sheet",
    "X-Request-Id",
)


def check_exposure(host: str, settings: Settings) -> None:
    """That a gateway without keys is not bound to where others reach it. Raises SettingsError."""
    if settings.keys is None and not settings.without_keys and not is_loopback(host):
        raise SettingsError(
            f"{host} can be reached by others, and there are no keys: make one with "
            "`python -m serving keys make` and name the file in CELMOOD_KEYS or --keys, or say "
            "--without-keys if something before the gateway decides who may use it"
        )


def guard(app: FastAPI, settings: Settings) -> None:
    """Let in who may use `app`. Add it before what counts requests. Raises SettingsError."""
    try:
        keys = Keys(settings.keys) if settings.keys is not None else None
    except KeyFileError as error:
        raise SettingsError(f"CELMOOD_KEYS: {error}") from error
    try:
        rates = Rates(settings.rate_store.get_secret_value())
    except ValueError as error:
        raise SettingsError(f"CELMOOD_RATE_STORE: {error}") from error
    if settings.processes > 1 and rates.alone and (settings.rate or settings.quota):
        _log.warning("each process counts rates and quotas alone; CELMOOD_RATE_STORE shares them")
    app.add_middleware(Access, settings=settings, keys=keys, rates=rates)


def harden(app: FastAPI, settings: Settings) -> None:
    """Give every answer of `app` its headers. Add it after what counts requests."""
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=_CORS_IN,
            expose_headers=_CORS_OUT,
        )
    app.add_middleware(SecurityHeaders, behind_tls=settings.behind_tls)


def open_urls(settings: Settings) -> Urls:
    """What fetches pictures by URL."""
    outside = Outside(
        settings.url_hosts, timeout=settings.url_timeout, networks=settings.url_networks
    )
    return Urls(outside, max_bytes=settings.max_bytes, timeout=settings.url_timeout)
