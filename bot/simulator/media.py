"""Answers the calls that send files: new ones, ones sent before, whole albums."""

from typing import Any

from bot.simulator.calls import Call, answers
from bot.simulator.chats import Json
from bot.simulator.destinations import chat_for_writing
from bot.simulator.errors import bad_request
from bot.simulator.files import StoredFile, Upload, media_fields
from bot.simulator.sending import caption_fields, deliver

ALBUM = (2, 10)
_KINDS = {
    "sendPhoto": "photo",
    "sendAnimation": "animation",
    "sendDocument": "document",
    "sendVideo": "video",
    "sendAudio": "audio",
    "sendVoice": "voice",
    "sendVideoNote": "video_note",
    "sendSticker": "sticker",
}
_NAMES = {
    "photo": "Photo",
    "animation": "Animation",
    "document": "Document",
    "video": "Video",
    "audio": "Audio",
    "voice": "VoiceNote",
    "video_note": "VideoNote",
    "sticker": "Sticker",
}
_SHOWN = {"photo", "animation", "video"}


@answers(*_KINDS)
def send_file(call: Call) -> Json:
    """A file of the method's kind, with its caption."""
    kind = _KINDS[call.method]
    chat = chat_for_writing(call)
    stored = find_file(call, kind, call[kind])
    content = media_content(stored, call.parameters)
    if kind not in {"sticker", "video_note"}:
        content |= caption_fields(call)
    return deliver(call, content, chat).body


@answers("sendMediaGroup")
def send_media_group(call: Call) -> list[Json]:
    """An album: its messages stand together and share a media_group_id."""
    chat = chat_for_writing(call)
    items = call["media"]
    if len(items) < ALBUM[0]:
        raise bad_request("there are not enough messages to send as an album: expected at least 2")
    if len(items) > ALBUM[1]:
        raise bad_request("too many messages to send as an album")
    contents = [input_media(call, item) for item in items]
    group = str(call.simulator.next_number())
    return [deliver(call, {"media_group_id": group} | content, chat).body for content in contents]


def input_media(call: Call, item: Json) -> Json:
    """The message fields of an InputMedia.

    Raises:
        ApiError: 400.
    """
    kind = item["type"]
    if kind not in _NAMES:
        raise bad_request("can't parse InputMedia: type must be one of photo, video, animation, audio, document")
    return media_content(find_file(call, kind, item["media"]), item) | caption_fields(call, item)


def media_content(stored: StoredFile, given: dict[str, Any]) -> Json:
    """A file as message fields, with what the call says about it."""
    fields = media_fields(stored, given)
    if given.get("has_spoiler") and stored.kind in _SHOWN:
        fields["has_media_spoiler"] = True
    return fields


def find_file(call: Call, kind: str, given: Upload | str) -> StoredFile:
    """The file a call means: a part of the request, attach://<part>, or the id of a file sent before.

    Raises:
        ApiError: 400.
    """
    cabinet = call.simulator.cabinet
    if isinstance(given, Upload):
        return cabinet.keep(kind, given, call.account.id)
    if given.startswith("attach://"):
        part = call.files.get(given.removeprefix("attach://"))
        if part is None:
            raise bad_request(f"there is no {kind} in the request")
        return cabinet.keep(kind, part, call.account.id)
    if given.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    stored = cabinet.files.get(given)
    if stored is None or (stored.owner in call.simulator.world.accounts and stored.owner != call.account.id):
        raise bad_request("wrong file identifier/HTTP URL specified")
    if stored.kind != kind:
        raise bad_request(f"can't use file of type {_NAMES[stored.kind]} as {_NAMES[kind]}")
    return stored


@answers("getFile")
def get_file(call: Call) -> Json:
    """Where a file can be downloaded."""
    stored = call.simulator.cabinet.files.get(call["file_id"])
    if stored is None:
        raise bad_request("invalid file_id")
    return stored.as_file()


@answers("uploadStickerFile")
def upload_sticker_file(call: Call) -> Json:
    """A file for a later sticker set."""
    return find_file(call, "sticker", call["sticker"]).as_file()
