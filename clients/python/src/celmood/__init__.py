"""Give an anime face another expression: a client of the celmood gateway.

with celmood.Celmood() as client:
    client.edit("sprite.png", expression="angry").save("angry.png")
"""

from __future__ import annotations

from celmood._calls import Expression, Faces, Format
from celmood._client import AsyncCelmood, Celmood
from celmood._constants import DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT, DEFAULT_URL
from celmood._errors import (
    CelmoodError,
    ConnectionFailedError,
    PictureError,
    RequestTimeoutError,
    ServiceError,
    UnexpectedAnswerError,
)
from celmood._pictures import Picture
from celmood._problems import (
    AnimatedPictureError,
    BadRequestError,
    BoxOutsideError,
    BusyError,
    EmptyPictureError,
    EngineFailedError,
    EngineUnavailableError,
    IntensityOutOfRangeError,
    InternalServiceError,
    InvalidFieldError,
    MalformedBodyError,
    MethodNotAllowedError,
    ModelUnavailableError,
    NoFaceError,
    NoPictureError,
    NotAPictureError,
    NotFoundError,
    NotReadyError,
    RejectedPictureError,
    RejectedRequestError,
    ServiceTimeoutError,
    TooManyBytesError,
    TooManyPixelsError,
    TruncatedPictureError,
    UnavailableError,
    UnknownExpressionError,
    UnknownFieldError,
    UnknownModelError,
    UnknownParameterError,
    UnsupportedMediaTypeError,
)
from celmood._results import Box, EditResult, Face, FacesResult, Model, Point
from celmood._version import __version__

__all__ = [
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_TIMEOUT",
    "DEFAULT_URL",
    "AnimatedPictureError",
    "AsyncCelmood",
    "BadRequestError",
    "Box",
    "BoxOutsideError",
    "BusyError",
    "Celmood",
    "CelmoodError",
    "ConnectionFailedError",
    "EditResult",
    "EmptyPictureError",
    "EngineFailedError",
    "EngineUnavailableError",
    "Expression",
    "Face",
    "Faces",
    "FacesResult",
    "Format",
    "IntensityOutOfRangeError",
    "InternalServiceError",
    "InvalidFieldError",
    "MalformedBodyError",
    "MethodNotAllowedError",
    "Model",
    "ModelUnavailableError",
    "NoFaceError",
    "NoPictureError",
    "NotAPictureError",
    "NotFoundError",
    "NotReadyError",
    "Picture",
    "PictureError",
    "Point",
    "RejectedPictureError",
    "RejectedRequestError",
    "RequestTimeoutError",
    "ServiceError",
    "ServiceTimeoutError",
    "TooManyBytesError",
    "TooManyPixelsError",
    "TruncatedPictureError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UnknownExpressionError",
    "UnknownFieldError",
    "UnknownModelError",
    "UnknownParameterError",
    "UnsupportedMediaTypeError",
    "__version__",
]
