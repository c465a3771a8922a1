"""The facts of the Bot API: complete, and every call is measured against them."""

from typing import Any

import pytest

from bot.simulator import Person, Simulator
from bot.simulator.calls import ANSWERS
from bot.simulator.facts import Field, facts, read_parameters
from bot.simulator.files import Upload

from .conftest import Caller


def test_every_method_of_the_reference_is_known_and_nothing_else_is_answered() -> None:
    assert len(facts().methods) == 185
    assert set(ANSWERS) <= set(facts().methods)


def test_every_type_a_parameter_names_is_known_or_a_plain_value() -> None:
    plain = {"Integer", "Integer or String", "String", "Boolean", "Float", "True", "InputFile", "InputFile or String"}
    unread = {"InputStoryContent", "StoryArea", "PassportElementError", "InputPollMedia", "InputPollOptionMedia"}
    for method, fields in facts().methods.items():
        for field in fields.values():
            kinds = field.type.removeprefix("Array of ").replace(" and ", ", ").replace(" or ", ", ").split(", ")
            known = set(facts().types) | set(facts().unions) | plain | unread
            assert field.type in plain or set(kinds) <= known, (method, field)


def _sample(field: Field) -> Any:
    """A value of about the right kind."""
    samples = {"Integer": 1, "Integer or String": 1001, "Boolean": True, "Float": 1.0, "String": "1"}
    return samples.get(field.type, "[]" if field.type.startswith("Array") else "{}")


@pytest.mark.parametrize("with_all", [False, True])
async def test_every_method_answers_something_sensible_to_any_call(
    call: Caller, sim: Simulator, ann: Person, with_all: bool
) -> None:
    ann.starts()
    for method, fields in facts().methods.items():
        if method in {"getUpdates", "setWebhook"}:
            continue
        wanted = [each for each in fields.values() if with_all or each.required]
        body = await call(method, **{each.name: _sample(each) for each in wanted})
        assert body["ok"] or body["error_code"] in {400, 403}, (method, body)
    assert all(each.response is not None for each in sim.journal)


def test_values_come_as_json_or_as_form_strings() -> None:
    typed = {"chat_id": 5, "text": "x", "disable_notification": True, "reply_parameters": {"message_id": 3}}
    strings = {"chat_id": "5", "text": "x", "disable_notification": "true", "reply_parameters": '{"message_id":"3"}'}
    assert read_parameters("sendMessage", typed, {}) == read_parameters("sendMessage", strings, {}) == typed


def test_a_file_stands_for_its_parameter() -> None:
    upload = Upload("x.png", b"x", "image/png")
    read = read_parameters("sendPhoto", {"chat_id": "5"}, {"photo": upload, "attached": upload})
    assert read == {"chat_id": 5, "photo": upload}
