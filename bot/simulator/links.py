"""What Telegram takes for a link, and what it says of one it does not take."""

import re
from urllib.parse import urlsplit


def link_fault(url: str) -> str | None:
    """Why Telegram refuses `url` in a button or entity, in its words; None if it takes it."""
    if not url.strip():
        return "URL host is empty"
    scheme, separator, _ = url.partition("://")
    if separator and scheme.lower() in {"tg", "ton", "tonsite", "mailto", "tel"}:
        return None
    if separator and scheme.lower() not in {"http", "https"}:
        return "Unsupported URL protocol"
    try:
        host = urlsplit(url if separator else f"http://{url}").hostname or ""
    except ValueError:
        return "Wrong HTTP URL"
    if not host:
        return "URL host is empty"
    is_address = re.fullmatch(r"[\d.]+|[0-9a-f:]+", host) is not None
    return None if (is_address or "." in host) and " " not in host else "Wrong HTTP URL"


def checked_link(url: str) -> str | None:
    """The link as an entity shows it (a bare host gets http://), or None if Telegram would drop it silently."""
    url = url.strip()
    if link_fault(url) is not None:
        return None
    return url if "://" in url else f"http://{url}/" if "/" not in url else f"http://{url}"


def linked_user(url: str) -> int | None:
    """The user of a tg://user?id=… link."""
    found = re.fullmatch(r"tg:(?://)?user/?\?id=(\d{1,19})", url.strip(), re.IGNORECASE)
    return int(found[1]) if found else None
