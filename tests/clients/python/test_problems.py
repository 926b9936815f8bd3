from __future__ import annotations

import pytest

import celmood
from celmood._refusals import KINDS, PREFIX
from serving import problems


def kinds_of_the_gateway() -> dict[str, int]:
    named = [value for value in vars(problems).values() if isinstance(value, problems.Kind)]
    raised = [kind for _, kind in problems._KINDS]
    return {kind.slug: kind.status for kind in (*named, *raised)}


def test_every_problem_of_the_gateway_has_its_class_and_no_class_is_idle() -> None:
    assert problems.PREFIX == PREFIX
    assert set(KINDS) == {PREFIX + slug for slug in kinds_of_the_gateway()}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.__name__)
def test_every_class_is_public_and_drawn_in_the_tree(kind: type[celmood.ServiceError]) -> None:
    from celmood import _errors

    assert getattr(celmood, kind.__name__) is kind
    assert kind.__name__ in celmood.__all__
    assert f"── {kind.__name__}" in (_errors.__doc__ or "")


def test_a_class_is_named_after_its_problem_and_a_group_has_none() -> None:
    assert celmood.TooManyBytesError.problem == "too-many-bytes"
    assert celmood.NotAPictureError.problem == "not-a-picture"
    assert celmood.ServiceTimeoutError.problem == "timeout"
    assert celmood.RejectedPictureError.problem is celmood.ServiceError.problem is None


def test_a_class_of_the_callers_own_keeps_the_problem() -> None:
    class StillBusyError(celmood.BusyError):
        pass

    assert StillBusyError.problem == "busy"
