"""Answers the calls that concern the stream of updates and the answers to presses: polling, webhooks, callbacks."""

import re
from typing import Any
from urllib.parse import urlsplit

from bot.simulator.calls import Call, answers
from bot.simulator.cards import TOO_OLD
from bot.simulator.chats import Json
from bot.simulator.errors import bad_request, conflict
from bot.simulator.updates import LIFETIMES

MAX_WAIT = 50
MAX_CONNECTIONS = 100
WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


@answers("getUpdates")
async def get_updates(call: Call) -> list[Json]:
    """Long polling: waits in real seconds, wakes at once."""
    if call.simulator.webhook(call.account).url:
        raise conflict(WEBHOOK_ACTIVE)
    queue = call.simulator.queue(call.account)
    queue.allow(call.get("allowed_updates"))
    limit = max(1, min(call.get("limit", 100), 100))
    return await queue.poll(call.get("offset", 0), limit, max(0, min(call.get("timeout", 0), MAX_WAIT)))


@answers("setWebhook")
def set_webhook(call: Call) -> bool:
    """Updates are delivered to a URL from now on; plain http is taken, as a local Bot API server takes it."""
    url = call.get("url", "")
    if not url:
        return _no_webhook(call)
    address = urlsplit(url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise bad_request("invalid webhook URL specified")
    secret = call.get("secret_token", "")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters")
    queue = call.simulator.queue(call.account)
    queue.interrupt_for_webhook()
    if call.get("drop_pending_updates"):
        queue.drop()
    queue.allow(call.get("allowed_updates"))
    connections = max(1, min(call.get("max_connections", 40), MAX_CONNECTIONS))
    call.simulator.webhook(call.account).set(url, secret, connections)
    return True


@answers("deleteWebhook")
def delete_webhook(call: Call) -> bool:
    """Back to polling."""
    return _no_webhook(call)


@answers("getWebhookInfo")
def get_webhook_info(call: Call) -> Json:
    """How deliveries go."""
    webhook, queue = call.simulator.webhook(call.account), call.simulator.queue(call.account)
    info: Json = {
        "url": webhook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(queue.waiting()),
    }
    if webhook.url:
        info |= {"max_connections": webhook.max_connections, "ip_address": "127.0.0.1"}
    if webhook.last_error:
        info |= {"last_error_date": webhook.last_error_date, "last_error_message": webhook.last_error}
    if queue.allowed is not None:
        info["allowed_updates"] = queue.allowed
    return info


@answers("answerCallbackQuery")
def answer_callback_query(call: Call) -> bool:
    """The press's spinner ends; an answer is taken once, and only while the press lives."""
    press = call.account.presses.get(call["callback_query_id"])
    if press is None or press.answered or call.now - press.at > LIFETIMES["callback_query"]:
        raise bad_request(TOO_OLD)
    press.answered = True
    shown: dict[str, Any] = {"text": call.get("text", ""), "show_alert": bool(call.get("show_alert"))}
    call.simulator.changes.tell(
        "answer", user_id=press.user_id, callback_query_id=press.id, url=call.get("url"), **shown
    )
    return True


def _no_webhook(call: Call) -> bool:
    call.simulator.webhook(call.account).remove()
    if call.get("drop_pending_updates"):
        call.simulator.queue(call.account).drop()
    return True
