/** Draws one message as a bubble. */

import { button, h, icon, unseen } from "./dom.js";
import { renderText } from "./entities.js";
import { renderInlineKeyboard } from "./keyboards.js";
import { gist, renderMedia } from "./media.js";
import { clockTime, everyZone } from "./times.js";

/** The element for `message`; `scene` is what the phone offers: see phone.js. */
export function renderMessage(message, scene) {
  if (message.pinned_message) return service(message, `${author(message, scene)} pinned “${gist(message.pinned_message).slice(0, 40)}”`);
  const media = renderMedia(message, scene);
  const words = message.text ?? message.caption;
  const bare = Boolean(message.sticker || message.dice);
  const bubble = h("div", { class: bare ? "bubble bare" : "bubble" },
    unseen(`${author(message, scene)}: `),
    viaLine(message),
    quoted(message, scene),
    !message.show_caption_above_media && media,
    words !== undefined && text(message, words, scene),
    message.show_caption_above_media && media,
    words === undefined && meta(message, scene),
    reactions(message, scene),
    tools(message, scene));
  if (media.length && (message.photo || message.animation || message.video)) bubble.classList.add("pictured");
  const element = h("article", { class: message.out ? "message out" : "message in", tabindex: "-1", data: { id: message.message_id } },
    bubble, renderInlineKeyboard(message, scene));
  element.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, img") || window.getSelection()?.toString()) return;
    event.preventDefault();
    scene.menu(message);
  });
  return element;
}

/** "Ann" or the bot's name, as the screen reader says it. */
export function author(message, scene) {
  if (message.out) return "You";
  return message.from?.first_name ?? scene.botName;
}

/** A line of the chat itself. */
function service(message, words) {
  return h("article", { class: "message note", tabindex: "-1", data: { id: message.message_id } }, h("span", { dir: "auto" }, words));
}

function text(message, words, scene) {
  const entities = message.text === undefined ? message.caption_entities : message.entities;
  return h("div", { class: "text", dir: "auto" }, renderText(words, entities, scene), meta(message, scene));
}

function meta(message, scene) {
  const time = clockTime(message.date, scene.zone);
  return h("span", { class: "meta" },
    message.pinned && [icon("pinned"), unseen("pinned ")],
    message.silent && !message.out && [icon("silent"), unseen("without sound ")],
    message.edit_date && message.out && "edited",
    h("time", { datetime: new Date(message.date * 1000).toISOString(), title: everyZone(message.date, scene.users) }, time),
    message.out && icon("sent"));
}

function viaLine(message) {
  if (message.forward_origin) return h("div", { class: "via" }, "Forwarded");
  return message.via_bot ? h("div", { class: "via" }, `via @${message.via_bot.username}`) : null;
}

function quoted(message, scene) {
  const to = message.reply_to_message;
  if (!to) return null;
  const who = to.out ?? to.from?.id === scene.userId ? "You" : (to.from?.first_name ?? scene.botName);
  return button({ class: "quote", "aria-label": `Answer to ${who}: ${gist(to)}`, on: { click: () => scene.jump(to.message_id) } },
    h("strong", {}, who), h("span", { dir: "auto" }, message.quote?.text ?? gist(to)));
}

function reactions(message, scene) {
  if (!message.reactions?.length) return null;
  return h("div", { class: "reactions" }, message.reactions.map(({ emoji, from }) =>
    from === "user"
      ? button({ class: "reaction mine", "aria-label": `Take back ${emoji}`, on: { click: () => scene.react(message, null) } }, emoji)
      : h("span", { class: "reaction" }, emoji)));
}

function tools(message, scene) {
  return h("div", { class: "tools" },
    button({ class: "round small", tabindex: "-1", "aria-label": "Reply", title: "Reply", on: { click: () => scene.reply(message) } }, icon("reply")),
    button({ class: "round small", tabindex: "-1", "aria-label": "More", title: "More", on: { click: () => scene.menu(message) } }, icon("more")));
}
