"""What both clients are made of: address, key, connections, retries. Nothing here waits."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import httpx

from celmood._calls import Call
from celmood._constants import (
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    DEFAULT_URL,
    KEY_VARIABLE,
    URL_VARIABLE,
)
from celmood._errors import ApiKeyError
from celmood._retries import Retries, Tries
from celmood._version import __version__

Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)
Method = TypeVar("Method", bound=Callable[..., Any])

_HEADERS = {"User-Agent": f"celmood-python/{__version__}"}


class Base(Generic[Http]):
    """The settings of a client, and how it makes its requests."""

    _connect: type[Http]

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: Http | None = None,
    ) -> None:
        self.base_url = (base_url or os.environ.get(URL_VARIABLE) or DEFAULT_URL).rstrip("/")
        self._key = _key(api_key)
        self._retries = Retries(max_retries)
        self._owned = http_client is None
        self._http: Http = http_client or self._connect(timeout=timeout, headers=_HEADERS)

    def _tries(self) -> Tries:
        return Tries(self._retries)

    def _request(self, call: Call[Any], request_id: str) -> httpx.Request:
        return call.request(self._http, self.base_url, request_id, self._key)


def like(build: Callable[..., Call[Any]], method: Method) -> Method:
    """`method`, under the name of `build`, with its docstring and arguments, and what it reads."""
    functools.update_wrapper(method, build)
    signature = inspect.signature(build)
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    result = str(signature.return_annotation).removeprefix("Call[").removesuffix("]")
    method.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[own, *signature.parameters.values()], return_annotation=result
    )
    return method


def _key(given: str | None) -> str | None:
    key = (given or os.environ.get(KEY_VARIABLE) or "").strip()
    if not all("!" <= letter <= "~" for letter in key):
        raise ApiKeyError("the API key has characters that no key has; see how it was copied")
    return key or None
