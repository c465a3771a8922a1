/** Keeps one conversation on the screen: its bubbles, days, new marks and place. */

import { renderMessage } from "./bubbles.js";
import { button, h, icon } from "./dom.js";
import { dayKey, dayName } from "./times.js";

const NEAR_END = 48;
const GROUP_SECONDS = 300;
const SHOWN = 200;
const LONG_PRESS = 500;
const FINGER = 8;

/**
 * A conversation's log.
 * `isWatched()` says whether the person looks at this phone; `onUnread(count)` hears how many messages wait.
 */
export function createChatLog({ label, scene, empty, isWatched, onUnread }) {
  const drawn = new Map();
  const unread = new Set();
  let messages = [];
  let dividerAt = null;
  let stick = true;
  let seenAt = { top: 0, height: 0, room: 0 };
  let shown = SHOWN;

  const list = h("div", { class: "list" });
  const view = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": label, tabindex: "0" }, list);
  const count = h("span", { class: "count" });
  const toEnd = button({ class: "to-end", hidden: true, on: { click: () => goToEnd() } }, icon("down"), count);
  const element = h("div", { class: "log-frame" }, view, toEnd);

  /** Shows `next`; new ones of the bot count as unread unless they are seen arriving (`quiet` for a first load). */
  function sync(next, { quiet = false } = {}) {
    const known = new Set(messages.map(({ message_id: id }) => id));
    messages = next;
    const arrived = quiet ? [] : next.filter(({ message_id: id }) => !known.has(id));
    const wrote = arrived.some(({ out }) => out);
    if (wrote) {
      dividerAt = null;
      stick = true;
    }
    const seen = stick && isWatched() && !element.hidden;
    for (const { message_id: id, out } of arrived) {
      if (out || seen) continue;
      unread.add(id);
      dividerAt ??= id;
    }
    const here = new Set(next.map(({ message_id: id }) => id));
    for (const id of unread) if (!here.has(id)) unread.delete(id);
    draw(quiet);
    settle();
    tell();
  }

  function draw(quiet) {
    const focused = view.contains(document.activeElement) ? document.activeElement.closest("[data-id]")?.dataset.id : null;
    const nodes = [];
    const visible = messages.slice(-shown);
    if (visible.length < messages.length) nodes.push(button({ class: "pill", on: { click: earlier } }, "Earlier messages"));
    if (!messages.length) nodes.push(empty());
    visible.forEach((message, index) => {
      const before = visible[index - 1];
      const day = dayKey(message.date, scene.zone);
      if (!before || dayKey(before.date, scene.zone) !== day) nodes.push(mark("day", dayName(message.date, scene.zone, scene.now()), day));
      if (message.message_id === dividerAt) nodes.push(mark("new", "New", "new"));
      const node = bubble(message, quiet);
      node.classList.toggle("first", !joined(before, message) || message.message_id === dividerAt);
      node.classList.toggle("last", !joined(message, visible[index + 1]));
      nodes.push(node);
    });
    place(nodes);
    if (focused && !view.contains(document.activeElement)) drawn.get(Number(focused))?.node.focus({ preventScroll: true });
  }

  /** The message's element: the drawn one while nothing about it changed. */
  function bubble(message, quiet) {
    const old = drawn.get(message.message_id);
    if (old?.message === message) return old.node;
    const text = JSON.stringify(message);
    if (old?.text === text) {
      old.message = message;
      return old.node;
    }
    const node = renderMessage(message, scene);
    if (old) {
      keepMedia(old, message, node);
      node.classList.add("edited");
    } else if (!quiet) {
      node.classList.add("arrived");
    }
    drawn.set(message.message_id, { message, text, node });
    return node;
  }

  /** Puts `nodes` in order without moving the ones that stand right, so that the screen reader hears only what is new. */
  function place(nodes) {
    const wanted = new Set(nodes);
    for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
    nodes.forEach((node, index) => {
      if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
    });
    const ids = new Set(messages.map(({ message_id: id }) => id));
    for (const id of drawn.keys()) if (!ids.has(id)) drawn.delete(id);
  }

  const marks = new Map();
  function mark(kind, words, key) {
    const old = marks.get(key);
    if (old && old.textContent === words) return old;
    const made = h("div", { class: `mark ${kind}` }, h("span", {}, words));
    marks.set(key, made);
    return made;
  }

  function earlier() {
    const height = list.offsetHeight;
    shown += SHOWN;
    stick = false;
    draw(true);
    view.scrollTop += list.offsetHeight - height;
  }

  /** Keeps the end in sight, but never scrolls the first unread message away. */
  function settle() {
    if (!stick || !view.clientHeight) return;
    view.scrollTop = view.scrollHeight;
    const divider = marks.get("new");
    if (unread.size && divider?.isConnected) {
      const above = view.getBoundingClientRect().top + 8 - divider.getBoundingClientRect().top;
      if (above > 0) {
        view.scrollTop -= above;
        stick = false;
      }
    }
    remember();
  }

  function remember() {
    seenAt = { top: view.scrollTop, height: view.scrollHeight, room: view.clientHeight };
  }

  function atEnd() {
    return view.scrollHeight - view.scrollTop - view.clientHeight < NEAR_END;
  }

  function goToEnd() {
    stick = true;
    view.scrollTop = view.scrollHeight;
    look();
    tell();
    view.focus({ preventScroll: true });
  }

  /** The person looks here: what is in sight counts as read. */
  function look() {
    if (element.hidden || !stick || !isWatched()) return;
    unread.clear();
    tell();
  }

  function tell() {
    toEnd.hidden = stick;
    count.textContent = unread.size ? String(unread.size) : "";
    toEnd.setAttribute("aria-label", unread.size ? `${unread.size} new, go to the newest message` : "Go to the newest message");
    onUnread(unread.size);
  }

  // Only a person scrolls up while nothing changes its size: all else is the page's own doing.
  view.addEventListener("scroll", () => {
    if (!view.clientHeight) return;
    const sameShape = view.scrollHeight === seenAt.height && view.clientHeight === seenAt.room;
    if (atEnd()) stick = true;
    else if (sameShape && view.scrollTop < seenAt.top) stick = false;
    remember();
    if (stick) look();
    tell();
  }, { passive: true });
  new ResizeObserver(settle).observe(list);
  new ResizeObserver(settle).observe(view);
  walkByKeys(view, drawn, scene);
  pressLong(view, drawn, scene);

  return {
    element,
    view,
    sync,
    look,
    get unread() {
      return unread.size;
    },
    get messages() {
      return messages;
    },
    /** The conversation comes to the front: it starts where the person left off. */
    open() {
      settle();
      look();
    },
    /** The person went to another phone: what they read needs no divider any more. */
    leave() {
      if (unread.size || dividerAt === null) return;
      dividerAt = null;
      draw(true);
    },
    jump(id) {
      const target = drawn.get(id)?.node;
      if (!target) return;
      stick = false;
      target.scrollIntoView({ block: "center" });
      target.focus({ preventScroll: true });
      target.classList.remove("sought");
      requestAnimationFrame(() => target.classList.add("sought"));
    },
    focusLast() {
      drawn.get(messages.at(-1)?.message_id)?.node.focus();
    },
  };
}

const joined = (a, b) =>
  Boolean(a && b) && Boolean(a.out) === Boolean(b.out) && b.date - a.date < GROUP_SECONDS && a.from?.id === b.from?.id;

/** An animation that did not change goes on without a jump. */
function keepMedia(old, message, node) {
  const id = message.animation?.file_id;
  if (!id || old.message.animation?.file_id !== id) return;
  const moving = old.node.querySelector(".movement");
  if (moving) node.querySelector(".movement")?.replaceWith(moving);
}

/** Arrow keys walk over the messages; Enter opens the menu of one, R answers it. */
function walkByKeys(view, drawn, scene) {
  view.addEventListener("keydown", (event) => {
    const here = document.activeElement;
    const onMessage = here.classList.contains("message");
    if (here !== view && !onMessage) return;
    const all = [...view.querySelectorAll(".message")];
    const index = onMessage ? all.indexOf(here) : all.length;
    const steps = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: all.length - 1 };
    if (event.key in steps) {
      event.preventDefault();
      const target = all[Math.max(steps[event.key], 0)];
      if (target) {
        target.focus({ preventScroll: true });
        target.scrollIntoView({ block: "nearest" });
      } else {
        scene.write();
      }
    } else if (onMessage && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const message = drawn.get(Number(here.dataset.id))?.message;
      const acts = { Enter: scene.menu, r: scene.reply, R: scene.reply };
      if (message && acts[event.key]) {
        event.preventDefault();
        acts[event.key](message);
      }
    }
    if (event.key === "Escape") scene.write();
  });
}

function pressLong(view, drawn, scene) {
  let timer = null;
  let from = null;
  const stop = () => clearTimeout(timer);
  view.addEventListener("pointerdown", (event) => {
    stop();
    from = event;
    const node = event.target.closest(".message");
    if (event.pointerType === "mouse" || !node || event.target.closest("button, a")) return;
    timer = setTimeout(() => scene.menu(drawn.get(Number(node.dataset.id)).message), LONG_PRESS);
  });
  view.addEventListener("pointermove", (event) => {
    if (from && Math.hypot(event.x - from.x, event.y - from.y) > FINGER) stop();
  }, { passive: true });
  for (const end of ["pointerup", "pointercancel", "scroll"]) view.addEventListener(end, stop, { passive: true });
}
