/** The list above the composer: commands that begin as typed, or the bot's inline results. */

import { freshId, h } from "./dom.js";

/** A listbox steered from `field`; `onPick(value)` gets the chosen one's value. */
export function createSuggestions(field, onPick) {
  const id = freshId("suggestions");
  const list = h("ul", { class: "suggestions", id, role: "listbox", hidden: true });
  const told = h("span", { class: "unseen", role: "status" });
  const element = h("div", { class: "suggestions-frame" }, list, told);
  let items = [];
  let at = 0;
  field.setAttribute("aria-autocomplete", "list");

  /** Shows `next`: `{title, note, value}` each; an empty list closes. */
  function show(next, label) {
    const same = JSON.stringify(next.map(({ title }) => title)) === JSON.stringify(items.map(({ title }) => title));
    items = next;
    if (!same) at = 0;
    list.hidden = !items.length;
    list.setAttribute("aria-label", label);
    list.replaceChildren(...items.map(({ title, note }, index) =>
      h("li", { role: "option", id: `${id}-${index}`, on: { mousedown: (event) => event.preventDefault(), mousemove: () => point(index), click: () => pick(index) } },
        h("strong", { dir: "auto" }, title), note && h("span", { dir: "auto" }, note))));
    if (!same) told.textContent = items.length ? `${items.length} ${label.toLowerCase()}. Use the arrow keys.` : "";
    if (items.length) field.setAttribute("aria-controls", id);
    else field.removeAttribute("aria-controls");
    mark();
  }

  function mark() {
    [...list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    if (items.length) {
      field.setAttribute("aria-activedescendant", `${id}-${at}`);
      list.children[at].scrollIntoView({ block: "nearest" });
    } else {
      field.removeAttribute("aria-activedescendant");
    }
  }

  function point(index) {
    if (at === index) return;
    at = index;
    mark();
  }

  function pick(index) {
    const { value } = items[index];
    show([], "");
    onPick(value);
  }

  return {
    element,
    show,
    get isOpen() {
      return items.length > 0;
    },
    /** True when the key was for the list. */
    handle(event) {
      if (!items.length) return false;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        at = (at + step + items.length) % items.length;
        mark();
      } else if (event.key === "Tab" && !event.shiftKey && items[at].fill) {
        field.value = items[at].fill;
        show([], "");
      } else if (event.key === "Enter" && !event.shiftKey) {
        pick(at);
      } else if (event.key === "Escape") {
        show([], "");
      } else {
        return false;
      }
      event.preventDefault();
      return true;
    },
  };
}
