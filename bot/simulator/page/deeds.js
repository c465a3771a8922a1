/** What a person does on a phone by pressing things: buttons, links, copying, cards. */

import { Refused } from "./api.js";
import { shareSheet } from "./actions.js";
import { h } from "./dom.js";
import { readLink } from "./links.js";

const COPIED_SHOWN = 1600;

/** The deeds of `phone`: see phone.js for what that is. */
export function createDeeds(phone) {
  const { api } = phone;
  const results = new Map();
  let asked = null;
  let pendingPayload = "";

  /** Does one thing; says kindly when the server refuses. Resolves with true when it went through. */
  async function attempt(act) {
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      phone.sheets.toast(error.message);
      return false;
    }
  }

  /** A button under a message. */
  function pressed(message, key, element) {
    if (key.callback_data !== undefined) return press(message, key.callback_data);
    if (key.url) return open(key.url);
    if (key.copy_text) return copy(key.copy_text.text, element);
    const here = key.switch_inline_query_current_chat;
    if (here !== undefined) return phone.composer.insert(`@${phone.bot.username} ${here}`);
    const query = key.switch_inline_query ?? key.switch_inline_query_chosen_chat?.query;
    if (query !== undefined) return shareSheet(phone, { query });
    return phone.sheets.toast("This kind of button has no use in the demo.");
  }

  async function press(message, data) {
    const { waiting } = phone.chat();
    const inline = message.inline_message_id;
    waiting.start(message, data);
    const went = await attempt(async () => {
      const { callback_query_id: id } = await api.press(inline ? { inline_message_id: inline } : { message_id: message.message_id }, data);
      waiting.accepted(message, data, id);
    });
    if (!went) waiting.refused(message, data);
  }

  /** The bot's answer to a press. */
  function answered({ callback_query_id: id, text, show_alert: isAlert, url }) {
    for (const { waiting } of phone.chats()) waiting.answered(id);
    if (url) open(url);
    if (text) (isAlert ? phone.sheets.alert : phone.sheets.toast)(text);
  }

  async function copy(text, element) {
    const copied = await toClipboard(text);
    phone.sheets.toast(copied ? "Copied." : "Copying is not allowed here.");
    if (!copied || !element) return;
    element.classList.add("copied");
    setTimeout(() => element.classList.remove("copied"), COPIED_SHOWN);
  }

  /** Follows a link the way a phone does. */
  function open(address) {
    const link = readLink(address, phone.bot.username);
    if (link.kind === "start") return link.payload || !phone.user.started ? start(link.payload) : phone.openChat("bot");
    if (link.kind === "share") return shareSheet(phone, { text: link.text });
    if (link.kind === "web") return window.open(link.href, "_blank", "noopener,noreferrer");
    return phone.sheets.toast("This link leads nowhere in the demo.");
  }

  /** Opens the bot with a payload: at once for those who talk with it, behind the big button for the others. */
  function start(payload) {
    phone.openChat("bot");
    if (!phone.user.blocked && phone.user.started) return attempt(() => api.start(payload));
    pendingPayload = payload;
    phone.sheets.toast(`The link is open. Press ${phone.user.blocked ? "Unblock" : "Start"}.`);
    return phone.focusBar();
  }

  /** The Start bar was pressed. */
  const begin = () => attempt(async () => {
    const payload = pendingPayload;
    pendingPayload = "";
    await api.start(payload);
  });

  const unblock = () => attempt(async () => {
    await api.unblock();
    if (pendingPayload) await begin();
  });

  /** A link typed as the whole text, if it opens this bot; else null. */
  function invitation(text) {
    if (!/^(?:(?:https?:\/\/)?(?:t\.me|telegram\.me)\/|tg:)\S+$/i.test(text)) return null;
    const link = readLink(text, phone.bot.username);
    return link.kind === "start" ? link : null;
  }

  /** Asks the bot for cards. */
  const ask = (query) => attempt(async () => {
    const { inline_query_id: id } = await api.inlineQuery(query);
    asked = id;
    showCards();
  });

  function offered(change) {
    results.set(change.inline_query_id, change.results);
    showCards();
  }

  function showCards() {
    if (results.has(asked)) phone.composer.results(results.get(asked));
  }

  /** A card goes to the chat with the other user: the open one, or the only one there is. */
  async function choose(result) {
    const to = phone.front === "bot" ? (phone.room.others(phone.userId)[0]?.id ?? null) : Number(phone.front);
    const went = await attempt(() => api.choose(asked, result.id, to));
    if (went && to !== null) phone.openChat(String(to));
  }

  return { attempt, pressed, answered, copy, open, start, begin, unblock, invitation, ask, offered, choose };
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
