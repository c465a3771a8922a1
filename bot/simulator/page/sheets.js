/** Lays sheets, dialogs and toasts over one phone. */

import { button, freshId, h, icon } from "./dom.js";

const TOAST_SHORT = 2500;
const TOAST_PER_CHARACTER = 60;

/** The layer above `face`: while a sheet is open the phone below it rests. */
export function createSheets(face) {
  const layer = h("div", { class: "sheet-layer", hidden: true });
  const toasts = h("div", { class: "toasts", role: "status" });
  let close = null;

  /**
   * Opens a sheet and resolves with what `build(done)` chose, or null.
   * `kind` is "sheet" (from below) or "dialog" (in the middle); a dialog's words are read out at once.
   */
  function open({ title, kind = "sheet", role = "dialog", build }) {
    close?.(null);
    const back = document.activeElement;
    return new Promise((resolve) => {
      const id = freshId("sheet");
      const done = (value) => {
        if (close !== done) return;
        close = null;
        layer.hidden = true;
        face.inert = false;
        layer.replaceChildren();
        if (back instanceof HTMLElement && back.isConnected && face.contains(back)) back.focus({ preventScroll: true });
        resolve(value);
      };
      close = done;
      const panel = h("div", { class: `panel ${kind}`, role, "aria-labelledby": id, tabindex: "-1" },
        h("h3", { id, dir: "auto", class: title.hidden ? "unseen" : null }, title.text ?? title), build(done));
      layer.replaceChildren(h("div", { class: "shade", on: { click: () => done(null) } }), panel);
      layer.hidden = false;
      face.inert = true;
      (panel.querySelector("[autofocus], button, input") ?? panel).focus({ preventScroll: true });
    });
  }

  layer.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close?.(null);
    }
    walk(event, layer);
  });

  return {
    layer,
    toasts,
    open,
    toast(text) {
      const toast = h("div", { class: "toast", dir: "auto" }, text);
      toasts.replaceChildren(toast);
      setTimeout(() => toast.remove(), TOAST_SHORT + text.length * TOAST_PER_CHARACTER);
    },
    /** A bot's alert: words and one button. */
    alert(text) {
      return open({
        title: text,
        kind: "dialog",
        role: "alertdialog",
        build: (done) => h("div", { class: "choices" }, button({ class: "choice main", on: { click: () => done(true) } }, "OK")),
      });
    },
    /** A list of `{text, sign, value, note}`; resolves with the chosen value. */
    choose(title, options, { above = null } = {}) {
      return open({
        title,
        build: (done) => h("div", { class: "choices" },
          above?.(done),
          options.map(({ text, note, sign, value, tone }) =>
            button({ class: "choice", data: tone ? { tone } : {}, on: { click: () => done(value) } },
              sign && icon(sign), h("span", { class: "rowtext" }, h("span", {}, text), note && h("small", {}, note)))),
          button({ class: "choice quiet", on: { click: () => done(null) } }, "Cancel")),
      });
    },
  };
}

function walk(event, layer) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const all = [...layer.querySelectorAll("button")];
  const here = all.indexOf(document.activeElement);
  if (!step || here < 0) return;
  event.preventDefault();
  all[(here + step + all.length) % all.length].focus();
}
