"""Telegram counts text in UTF-16 code units; these functions go between them and Python's characters."""


def units(text: str) -> int:
    """How many UTF-16 code units `text` takes."""
    return len(text) + sum(character > "\uffff" for character in text)


def part(text: str, offset: int, length: int) -> str:
    """The part of `text` an entity names; half a surrogate pair comes back as a replacement character."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return raw[offset * 2 : (offset + length) * 2].decode("utf-16-le", "replace")


def is_boundary(text: str, offset: int) -> bool:
    """Whether `offset` lies between two characters and not inside a surrogate pair."""
    position = 0
    for character in text:
        if position >= offset:
            break
        position += 2 if character > "\uffff" else 1
    return position == offset
