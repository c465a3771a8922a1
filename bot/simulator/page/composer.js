/** The place to write: text, replies, edits, commands, inline queries and the bot's own keyboard. */

import { button, h, icon } from "./dom.js";
import { renderReplyKeyboard } from "./keyboards.js";
import { gist } from "./media.js";
import { createSuggestions } from "./suggestions.js";

const QUERY_PAUSE = 200;

/**
 * A composer. `ways` are its ways out: `send(text, replyTo)`, `edit(message, text)`, `attach()`, `key(key)`, `query(text)`,
 * `choose(result)`, `invitation(text)` (a link typed as the whole text, or null), `openInvitation(link)`, `back()`.
 */
export function createComposer({ name, ways }) {
  const field = h("textarea", { rows: "1", maxlength: "4096", autocomplete: "off", dir: "auto", placeholder: "Message", "aria-label": `Message as ${name}` });
  const suggestions = createSuggestions(field, (value) => value.act());
  const menu = button({ class: "menu", "aria-expanded": "false", hidden: true, on: { click: toggleMenu } }, icon("menu"), h("span", {}, "Menu"));
  const attach = button({ class: "round", "aria-label": "Attach", title: "Attach", on: { click: ways.attach } }, icon("attach"));
  const keys = button({ class: "round", "aria-label": "Keyboard of the bot", "aria-expanded": "true", hidden: true, on: { click: toggleKeys } }, icon("keys"));
  const send = button({ class: "round send", "aria-label": "Send", title: "Send", on: { click: submit } }, icon("send"));
  const strip = h("div", { class: "strip", hidden: true });
  const keyboard = h("div", { class: "keyboard", hidden: true });
  const row = h("div", { class: "writing" }, menu, h("div", { class: "field" }, field, keys, attach), send);
  const element = h("footer", { class: "composer" }, suggestions.element, strip, row, keyboard);

  let commands = [];
  let botUsername = "";
  let mode = { kind: "write" };
  let laid = null;
  let keysOpen = true;
  let menuOpen = false;
  let inline = { query: null, results: [] };
  let pause = null;

  function submit() {
    const text = field.value.trim();
    if (!text) return field.focus();
    if (inlineQuery() !== null) return field.focus();
    const was = mode;
    write("");
    setMode({ kind: "write" });
    const sent = was.kind === "edit" ? ways.edit(was.message, text) : ways.send(text, was.message?.message_id ?? null);
    sent.then((ok) => {
      if (ok || field.value) return;
      write(text);
      setMode(was);
    });
  }

  function write(text) {
    field.value = text;
    menuOpen = false;
    typed();
  }

  function typed() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 140)}px`;
    send.classList.toggle("ready", Boolean(field.value.trim()));
    suggest();
    showStrip();
    ask();
  }

  /** The query after "@bot ", or null. */
  function inlineQuery() {
    const match = field.value.match(/^@(\S+)\s([\s\S]*)$/);
    return match && match[1].toLowerCase() === botUsername.toLowerCase() ? match[2] : null;
  }

  function ask() {
    clearTimeout(pause);
    const query = inlineQuery();
    if (query === null) inline = { query: null, results: [] };
    else if (query !== inline.query) {
      pause = setTimeout(() => {
        inline.query = query;
        ways.query(query);
      }, QUERY_PAUSE);
    }
  }

  function suggest() {
    menu.setAttribute("aria-expanded", String(menuOpen));
    if (inlineQuery() !== null) {
      return suggestions.show(inline.results.map((result) =>
        ({ title: result.title ?? "Card", note: result.description ?? result.text, value: { act: () => choose(result) } })), "Cards");
    }
    const typedWord = field.value.match(/^\/(\S*)$/)?.[1];
    const fitting = typedWord === undefined ? (menuOpen ? commands : []) : commands.filter(({ command }) => command.startsWith(typedWord.toLowerCase()));
    suggestions.show(fitting.map(({ command, description }) =>
      ({ title: `/${command}`, note: description, fill: `/${command} `, value: { act: () => give(command) } })), "Commands");
  }

  function give(command) {
    write("");
    ways.send(`/${command}`, null);
    field.focus();
  }

  function choose(result) {
    write("");
    ways.choose(result);
  }

  function toggleMenu() {
    menuOpen = !menuOpen;
    suggest();
    field.focus();
  }

  function setMode(next) {
    mode = next;
    showStrip();
  }

  function showStrip() {
    const invitation = mode.kind === "write" ? ways.invitation(field.value.trim()) : null;
    strip.hidden = mode.kind === "write" && !invitation;
    if (invitation) {
      strip.replaceChildren(icon("link"), h("div", { class: "rowtext" }, h("strong", {}, "A link to this bot"), h("span", {}, "Open it, as if you had tapped it.")),
        button({ class: "pill", on: { click: () => { write(""); ways.openInvitation(invitation); } } }, "Open"));
      return;
    }
    if (strip.hidden) return strip.replaceChildren();
    const title = mode.kind === "edit" ? "Edit message" : `Reply to ${ways.author(mode.message)}`;
    strip.replaceChildren(icon(mode.kind === "edit" ? "edit" : "reply"),
      h("div", { class: "rowtext" }, h("strong", {}, title), h("span", { dir: "auto" }, gist(mode.message))),
      button({ class: "round small", "aria-label": mode.kind === "edit" ? "Cancel the edit" : "Cancel the reply", on: { click: cancel } }, icon("close")));
  }

  function cancel() {
    if (mode.kind === "edit") write("");
    setMode({ kind: "write" });
    field.focus();
  }

  function toggleKeys() {
    keysOpen = !keysOpen;
    showKeys();
  }

  function showKeys() {
    const usable = laid !== null;
    keys.hidden = !usable;
    keys.setAttribute("aria-expanded", String(usable && keysOpen));
    keyboard.hidden = !usable || !keysOpen;
    const drawn = keyboard.hidden ? "" : JSON.stringify([laid.message.message_id, laid.markup]);
    if (keyboard.dataset.drawn !== drawn) {
      keyboard.dataset.drawn = drawn;
      keyboard.replaceChildren(...(drawn ? [renderReplyKeyboard(laid.markup, ways.key)] : []));
    }
    placeholder();
  }

  function placeholder() {
    field.placeholder = (keysOpen && laid?.markup.input_field_placeholder) || ways.placeholder();
  }

  field.addEventListener("input", () => {
    menuOpen = false;
    typed();
  });
  field.addEventListener("blur", () => setTimeout(() => {
    if (element.contains(document.activeElement) || !menuOpen) return;
    menuOpen = false;
    suggest();
  }));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || suggestions.handle(event)) {
      if (event.key === "Escape") menuOpen = false;
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && mode.kind !== "write") {
      cancel();
    } else if (event.key === "ArrowUp" && !field.value) {
      event.preventDefault();
      ways.back();
    }
  });

  return {
    element,
    focus: () => field.focus(),
    insert(text) {
      write(text);
      field.focus();
    },
    reply(message) {
      setMode({ kind: "reply", message });
      field.focus();
    },
    edit(message) {
      setMode({ kind: "edit", message });
      write(message.text);
      setMode({ kind: "edit", message });
      field.focus();
    },
    /** The caption for what is attached now; the field is emptied. */
    take() {
      const text = field.value.trim();
      write("");
      return text;
    },
    know({ bot, user }) {
      const next = user.commands?.length ? user.commands : (bot.commands ?? []);
      botUsername = bot.username ?? "";
      if (JSON.stringify(next) === JSON.stringify(commands)) return;
      commands = next;
      suggest();
    },
    results(results) {
      inline.results = results;
      suggest();
    },
    /** `allowed` is false in a chat of two users, where the bot's menu and keyboard have no place. */
    lay(keyboardNow, allowed) {
      const isNew = keyboardNow && keyboardNow.message.message_id !== laid?.message.message_id;
      if (isNew || keyboardNow?.used !== laid?.used) keysOpen = Boolean(keyboardNow) && !keyboardNow.used;
      laid = keyboardNow;
      menu.hidden = !allowed || !commands.length;
      attach.hidden = !allowed;
      showKeys();
      if (!allowed) keys.hidden = keyboard.hidden = true;
    },
  };
}
