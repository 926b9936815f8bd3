"""One class per problem that the gateway names; it is named after the problem.

From an answer to its class leads `_refusals`.
"""

from __future__ import annotations

from celmood._errors import ServiceError


class RejectedPictureError(ServiceError):
    """Another picture is needed."""


class NoPictureError(RejectedPictureError):
    """The request had no picture."""


class EmptyPictureError(RejectedPictureError):
    """The picture has 0 bytes."""


class NotAPictureError(RejectedPictureError):
    """The bytes are no PNG, JPEG or WebP."""


class TruncatedPictureError(RejectedPictureError):
    """The file ends early or is damaged."""


class AnimatedPictureError(RejectedPictureError):
    """The file has several frames."""


class TooManyBytesError(RejectedPictureError):
    """The file is larger than the gateway's limit."""


class TooManyPixelsError(RejectedPictureError):
    """The picture is larger than the gateway's limit."""


class NoFaceError(RejectedPictureError):
    """No face was found; say where one is with `faces`."""


class UrlRefusedError(RejectedPictureError):
    """The gateway does not fetch pictures from this URL."""


class UrlFailedError(RejectedPictureError):
    """The picture could not be fetched from its URL."""


class RejectedRequestError(ServiceError):
    """Other arguments are needed."""


class UnknownExpressionError(RejectedRequestError):
    """No expression has this name; `known` lists those that exist."""


class UnknownParameterError(RejectedRequestError):
    """No parameter of the face has this name; `known` lists those that exist."""


class IntensityOutOfRangeError(RejectedRequestError):
    """The intensity or a parameter is out of its range."""


class BoxOutsideError(RejectedRequestError):
    """A box of `faces` is not one of this picture."""


class UnknownModelError(RejectedRequestError):
    """No model has this name; `known` lists those that exist."""


class UnknownFieldError(RejectedRequestError):
    """The gateway does not know a field of this request."""


class InvalidFieldError(RejectedRequestError):
    """A field has a value that cannot be used."""


class MalformedBodyError(RejectedRequestError):
    """The body could not be read."""


class UnsupportedMediaTypeError(RejectedRequestError):
    """The body is of a kind that the gateway does not read."""


class BadRequestError(RejectedRequestError):
    """The request cannot be served."""


class UnknownBatchError(RejectedRequestError):
    """No batch of yours has this id, or it has expired."""


class BatchesOffError(RejectedRequestError):
    """The gateway takes no batches: its operator has named no place for them."""


class SheetTooLargeError(RejectedRequestError):
    """The sheet has too many bytes for its form; ask for a ZIP or for fewer expressions."""


class BatchTooLargeError(RejectedRequestError):
    """The batch has too many lines or bytes."""


class InvalidLineError(RejectedRequestError):
    """A line of the batch cannot be used; `extra["errors"]` says which, and why."""


class KeyReusedError(RejectedRequestError):
    """The idempotency key was used for another batch."""


class WebhookRefusedError(RejectedRequestError):
    """The gateway does not call this address."""


class NotFoundError(RejectedRequestError):
    """The gateway offers nothing under this path."""


class MethodNotAllowedError(RejectedRequestError):
    """The gateway does not offer this method here."""


class SlowBodyError(RejectedRequestError):
    """The picture did not arrive in the time that the gateway allows."""


class CallerGoneError(RejectedRequestError):
    """The connection was gone before the answer was ready."""


class RejectedCallerError(ServiceError):
    """The caller may not do this; another key is needed, or the operator."""


class NoKeyError(RejectedCallerError):
    """The gateway needs a key; pass `api_key`."""


class KeyRefusedError(RejectedCallerError):
    """The key is not known, has expired or was revoked."""


class ScopeMissingError(RejectedCallerError):
    """The key is not for this call."""


class HostRefusedError(RejectedCallerError):
    """A gateway without keys does not answer under this name."""


class OriginRefusedError(RejectedCallerError):
    """Pages of this site may not use the gateway."""


class UnavailableError(ServiceError):
    """The same call may succeed later, or at another gateway."""


class BusyError(UnavailableError):
    """Too many requests are waiting."""


class ClosingError(UnavailableError):
    """The gateway is shutting down."""


class OverShareError(UnavailableError):
    """This caller has too much waiting already."""


class OverRateError(UnavailableError):
    """Too many requests in too short a time; `retry_after` says when."""


class OverQuotaError(UnavailableError):
    """The quota of the key is used up; `retry_after` says until when."""


class NotReadyError(UnavailableError):
    """The gateway has not all of its models."""


class ModelUnavailableError(UnavailableError):
    """The model for this call is not loaded."""


class EngineUnavailableError(UnavailableError):
    """The engine that runs the models cannot be reached."""


class EngineFailedError(UnavailableError):
    """The model could not be run on this picture."""


class ServiceTimeoutError(UnavailableError, problem="timeout"):
    """The gateway ran out of the time that it allows."""


class NoSpaceError(UnavailableError):
    """The gateway has no space left for batches."""


class BatchesUnavailableError(UnavailableError):
    """The gateway cannot keep batches now."""


class InternalServiceError(UnavailableError, problem="internal-error"):
    """A fault of the gateway."""
