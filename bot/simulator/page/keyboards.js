/** Draws the buttons under a message and the keyboard a bot lays over the composer. */

import { button, h, icon } from "./dom.js";

const SPINNER_LIMIT = 3000;
const KINDS = [
  ["url", "link"],
  ["copy_text", "copy"],
  ["switch_inline_query", "share"],
  ["switch_inline_query_chosen_chat", "share"],
  ["switch_inline_query_current_chat", "share"],
];

/** The inline keyboard of a message, or null; `scene.pressed(message, key)` does what a button says. */
export function renderInlineKeyboard(message, scene) {
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (!rows.length) return null;
  const widest = Math.max(...rows.map((row) => row.length));
  return h("div", { class: "keys", role: "group", "aria-label": "Buttons", data: { widest: widest > 3 ? "many" : "few" } },
    rows.map((row) => h("div", { class: "row" }, row.map((key) => inlineKey(message, key, scene)))));
}

function inlineKey(message, key, scene) {
  const kind = KINDS.find(([name]) => key[name] !== undefined);
  return button(
    {
      class: "key",
      disabled: Boolean(key.disabled),
      data: { ...(key.callback_data && { press: key.callback_data }), ...(key.style && { tone: key.style }) },
      on: { click: (event) => scene.pressed(message, key, event.currentTarget) },
    },
    h("span", { class: "label", dir: "auto" }, key.text),
    kind && icon(kind[1]),
  );
}

/**
 * Pressed buttons that wait for their answer.
 * A press may be answered before its own request returns, so answers that are not known yet are kept too.
 */
export function createWaiting(log) {
  const waiting = new Map();
  const early = new Set();
  const name = (message, data) => `${message.message_id} ${data}`;

  function paint(message, data) {
    const spinning = waiting.has(name(message, data));
    for (const key of log.querySelectorAll(`[data-id="${message.message_id}"] [data-press="${CSS.escape(data)}"]`)) {
      key.classList.toggle("waiting", spinning);
      if (spinning) key.setAttribute("aria-busy", "true");
      else key.removeAttribute("aria-busy");
    }
  }

  function stop(message, data) {
    if (waiting.delete(name(message, data))) paint(message, data);
  }

  return {
    start(message, data) {
      waiting.set(name(message, data), { message, data, id: null });
      paint(message, data);
      setTimeout(() => stop(message, data), SPINNER_LIMIT);
    },
    accepted(message, data, id) {
      const entry = waiting.get(name(message, data));
      if (early.delete(id)) stop(message, data);
      else if (entry) entry.id = id;
    },
    refused: stop,
    answered(id) {
      const entry = [...waiting.values()].find((one) => one.id === id);
      if (entry) stop(entry.message, entry.data);
      else early.add(id);
    },
    /** After the log was drawn anew. */
    repaint() {
      for (const { message, data } of waiting.values()) paint(message, data);
    },
  };
}

/** The keyboard the bot laid last, with `used` once the user wrote after a one-time one; null after it was removed. */
export function layingKeyboard(messages) {
  let used = false;
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const { out, reply_markup: markup } = messages[index];
    if (out) used = true;
    else if (markup?.remove_keyboard) return null;
    else if (markup?.keyboard) return { markup, message: messages[index], used: used && Boolean(markup.one_time_keyboard) };
  }
  return null;
}

/** The keys of a reply keyboard; `onKey(key)` gets `{text, request_location?, request_contact?}`. */
export function renderReplyKeyboard(markup, onKey) {
  return h("div", { class: markup.resize_keyboard ? "replykeys snug" : "replykeys", role: "group", "aria-label": "Keyboard of the bot" },
    markup.keyboard.map((row) =>
      h("div", { class: "row" }, row.map((raw) => {
        const key = typeof raw === "string" ? { text: raw } : raw;
        const sign = key.request_location ? "pin" : key.request_contact ? "person" : null;
        return button({ class: "key", data: key.style ? { tone: key.style } : {}, on: { click: () => onKey(key) } },
          sign && icon(sign), h("span", { class: "label", dir: "auto" }, key.text));
      }))));
}
