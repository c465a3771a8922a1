/** Turns a text and its entities into elements. Offsets are UTF-16 units, which are JavaScript's string indices. */

import { button, h, icon } from "./dom.js";
import { readLink } from "./links.js";
import { entityTime, everyZone } from "./times.js";

const PLAIN = { bold: "strong", italic: "em", underline: "u", strikethrough: "s" };
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

/**
 * A fragment for `text`.
 * `scene` gives `zone`, `users`, `now()`, `botUsername` and the ways out: `command(text)`, `open(address)`, `copy(text)`, `mention(name)`.
 */
export function renderText(text, entities, scene) {
  const sorted = (entities ?? [])
    .filter(({ offset, length }) => offset >= 0 && length > 0 && offset + length <= text.length)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  const fragment = document.createDocumentFragment();
  fragment.append(...pieces(text, 0, text.length, sorted, scene));
  return fragment;
}

function pieces(text, from, to, entities, scene) {
  const made = [];
  let at = from;
  let afterBlock = false;
  for (let index = 0; index < entities.length; index += 1) {
    const entity = entities[index];
    if (entity.offset < at) continue;
    const end = Math.min(entity.offset + entity.length, to);
    const isBlock = BLOCKS.has(entity.type);
    made.push(between(text.slice(at, entity.offset), afterBlock, isBlock));
    const inside = entities.slice(index + 1).filter(({ offset, length }) => offset < end && offset + length <= end);
    made.push(element(entity, text.slice(entity.offset, end), pieces(text, entity.offset, end, inside, scene), scene));
    at = end;
    afterBlock = isBlock;
  }
  made.push(between(text.slice(at, to), afterBlock, false));
  return made.filter((piece) => piece !== "");
}

/** A quote stands on lines of its own: the line break beside it would be one too many. */
function between(text, afterBlock, beforeBlock) {
  let words = text;
  if (afterBlock && words.startsWith("\n")) words = words.slice(1);
  if (beforeBlock && words.endsWith("\n")) words = words.slice(0, -1);
  return words;
}

function element(entity, words, children, scene) {
  const { type } = entity;
  if (PLAIN[type]) return h(PLAIN[type], {}, children);
  switch (type) {
    case "spoiler":
      return spoiler(children);
    case "code":
      return clickable("code", { class: "code", title: "Copy" }, children, () => scene.copy(words));
    case "pre":
      return h(
        "div",
        { class: "pre" },
        h("pre", { tabindex: "0" }, h("code", {}, children)),
        button({ class: "round small", "aria-label": "Copy this block", on: { click: () => scene.copy(words) } }, icon("copy")),
      );
    case "blockquote":
      return h("blockquote", {}, children);
    case "expandable_blockquote":
      return longQuote(children);
    case "url":
      return link(words, children, scene);
    case "text_link":
      return link(entity.url, children, scene);
    case "email":
      return link(`mailto:${words}`, children, scene);
    case "phone_number":
      return link(`tel:${words.replace(/[^+\d]/g, "")}`, children, scene);
    case "bot_command":
      return button({ class: "link", on: { click: () => scene.command(words) } }, children);
    case "mention":
      return button({ class: "link", on: { click: () => scene.mention(words) } }, children);
    case "date_time":
      return moment(entity, words, scene);
    default:
      return h("span", { class: type === "text_mention" || type === "hashtag" ? "tag" : null }, children);
  }
}

/** An inline element that acts like a button (a real one cannot break over lines). */
function clickable(tag, props, children, act) {
  const press = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act(event.currentTarget);
  };
  return h(tag, { role: "button", tabindex: "0", ...props, on: { click: press, keydown: press } }, children);
}

function spoiler(children) {
  return clickable("span", { class: "spoiler", "aria-label": "Hidden words. Show them." }, [h("span", {}, children)], (shown) => {
    shown.classList.add("open");
    for (const name of ["role", "tabindex", "aria-label"]) shown.removeAttribute(name);
  });
}

/** A quote of which three lines show until somebody wants all of it. */
function longQuote(children) {
  const quote = h("blockquote", { class: "long" }, h("div", {}, children));
  const more = button({ class: "link", on: { click: () => {
    quote.classList.remove("long");
    more.remove();
  } } }, "Show all");
  quote.append(more);
  return quote;
}

function link(address, children, scene) {
  const target = readLink(address, scene.botUsername);
  if (target.kind === "nothing") return h("span", {}, children);
  const away = target.kind === "web";
  const open = (event) => {
    if (away) return;
    event.preventDefault();
    scene.open(address);
  };
  const href = away ? target.href : `#${target.kind}`;
  return h("a", { href, target: away && "_blank", rel: away && "noopener noreferrer", title: away ? target.href : address, on: { click: open } }, children);
}

function moment({ unix_time: unix, date_time_format: format = "" }, words, scene) {
  const text = format ? entityTime(unix, format, scene.zone, scene.now()) : words;
  return h(
    "time",
    { class: "moment", datetime: new Date(unix * 1000).toISOString(), title: everyZone(unix, scene.users), data: format === "r" ? { unix } : {} },
    text || words,
  );
}
