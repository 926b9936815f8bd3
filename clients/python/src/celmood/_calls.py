"""The calls of the REST interface, as data: what to send, and how to read the answer.

Both clients send these, and their methods have the signatures and docstrings of the functions here
and in `_sheets` and `_batches`. Nothing here waits or opens a connection.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote

import httpx

from celmood._errors import UnexpectedAnswerError
from celmood._pictures import Picture, read_picture
from celmood._refusals import error_from
from celmood._results import EditResult, FacesResult, Json, Model

Result = TypeVar("Result")

Expression = str | Mapping[str, float]
"""The name of an expression; or values for single parameters of the face, weights for expressions
to be blended, or both: `{"happy": 0.5, "angry": 0.5, "gaze_x": -0.3}`."""

Faces = Literal["all", "largest"] | Sequence[tuple[float, float, float, float]]
"""Which faces: all, the largest, or those in the boxes [x, y, width, height]."""

REQUEST_ID: Final = "X-Request-Id"
TIMEOUT: Final = "X-Request-Timeout"

Format = Literal["png", "webp", "jpeg"]


@dataclass(frozen=True, slots=True)
class Call(Generic[Result]):
    """One request: pictures and `form` travel as multipart when there is a picture.

    `content` makes another body, anew for each attempt; `headers` go on top of those of all calls.
    """

    method: str
    path: str
    read: Callable[[Any, str], Result]
    picture: bytes | None = None
    form: Mapping[str, str] | None = None
    reference: bytes | None = None
    content: Callable[[], Iterator[bytes]] | None = None
    headers: Mapping[str, str] | None = None

    def request(
        self,
        client: httpx.Client | httpx.AsyncClient,
        base_url: str,
        request_id: str,
        api_key: str | None,
    ) -> httpx.Request:
        """The request to send with `client`; a fresh one for each attempt.

        Work on a picture is given as long as `client` waits for an answer, and no longer.
        """
        headers = {"Accept": "application/json", REQUEST_ID: request_id}
        if api_key is not None:
            headers["Authorization"] = f"Bearer {api_key}"
        if self.picture is not None and client.timeout.read is not None:
            headers[TIMEOUT] = f"{client.timeout.read:g}"
        return client.build_request(
            self.method,
            base_url + self.path,
            data=self.form,
            files=self._files(),
            content=self._body(client),
            headers={**headers, **(self.headers or {})},
        )

    def _files(self) -> dict[str, tuple[str, bytes]] | None:
        pictures = {"image": self.picture, "reference": self.reference}
        files = {name: (name, data) for name, data in pictures.items() if data is not None}
        return files or None

    def _body(
        self, client: httpx.Client | httpx.AsyncClient
    ) -> Iterator[bytes] | AsyncIterator[bytes] | None:
        if self.content is None:
            return None
        parts = self.content()
        return parts if isinstance(client, httpx.Client) else _asynchronously(parts)

    def result(self, response: httpx.Response, request_id: str) -> Result:
        """Read the answer. Raises ServiceError if it is a refusal, UnexpectedAnswerError if odd."""
        if not response.is_success:
            raise error_from(response, request_id)
        request_id = response.headers.get(REQUEST_ID, request_id)
        try:
            return self.read(response.json(), request_id)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnexpectedAnswerError(
                f"{response.url} answered with something that this client cannot read ({error!r}); "
                "is a celmood gateway of a matching version there?",
                request_id=request_id,
            ) from error


def edit(
    image: Picture,
    *,
    expression: Expression | None = None,
    reference: Picture | None = None,
    intensity: float | None = None,
    faces: Faces | None = None,
    format: Format | None = None,
    quality: int | None = None,
    model: str | None = None,
) -> Call[EditResult]:
    """The picture with another expression.

    `expression` is a name (see `expressions`), or values for single parameters and weights (0 to
    1.5) of names that are blended, such as `{"happy": 0.5, "brow_tilt_left": 0.5}`; or, in its
    place, `reference` is a second picture whose largest face's expression is taken; `intensity`
    goes from 0 to 1.5; `faces` is "all", "largest" or boxes; `format` is that of the input by
    default; `quality` (1 to 100) is for JPEG and WebP; `model` chooses among several that edit
    expressions. Raises ValueError unless either `expression` or `reference` is given.
    """
    if (expression is None) == (reference is None):
        raise ValueError("say either which expression, or whose: `expression` or `reference`")
    form = edit_form(intensity, faces, format, quality, model)
    if expression is not None:
        form["expression"] = expression if isinstance(expression, str) else _json(expression)
    other = None if reference is None else read_picture(reference)
    return Call("POST", "/v1/expressions", EditResult.from_json, read_picture(image), form, other)


def edit_form(
    intensity: float | None,
    faces: Faces | None,
    format: Format | None,
    quality: int | None,
    model: str | None,
) -> dict[str, str]:
    """The form fields that all edits have. What is None is left to the gateway's default."""
    form: dict[str, str] = {}
    if intensity is not None:
        form["intensity"] = str(intensity)
    if faces is not None:
        form["faces"] = faces if isinstance(faces, str) else _json([list(box) for box in faces])
    if format is not None:
        form["format"] = format
    if quality is not None:
        form["quality"] = str(quality)
    if model is not None:
        form["model"] = model
    return form


def faces(image: Picture) -> Call[FacesResult]:
    """The faces in the picture: boxes, scores and landmarks. None found is no error."""
    return Call("POST", "/v1/faces", FacesResult.from_json, read_picture(image), {})


def models() -> Call[tuple[Model, ...]]:
    """The models that the gateway serves."""
    return Call("GET", "/v1/models", lambda body, _: _models(body))


def model(name: str) -> Call[Model]:
    """The model called `name`."""
    path = f"/v1/models/{quote(name, safe='')}"
    return Call("GET", path, lambda body, _: Model.from_json(body))


def expressions() -> Call[tuple[str, ...]]:
    """The names of the expressions that `edit` takes at this gateway, without naming a model."""
    return Call("GET", "/v1/models", lambda body, _: _expressions(_models(body)))


def _models(body: Json) -> tuple[Model, ...]:
    return tuple(map(Model.from_json, body["models"]))


def _expressions(models: Sequence[Model]) -> tuple[str, ...]:
    """Those of the model that edits by default: the first by name; empty without one."""
    return next((m.expressions for m in models if m.task == "edit_expression"), ())


async def _asynchronously(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def _json(value: object) -> str:
    return json.dumps(dict(value) if isinstance(value, Mapping) else value)
