/** Starts the page: two phones, one clock, one stream of changes. */

import { createClockBar } from "./clock_bar.js";
import { button, h, icon, unseen } from "./dom.js";
import { follow } from "./live.js";
import { createPhone } from "./phone.js";
import { entityTime } from "./times.js";

const NOTICE_SHOWN = 4000;
const at = (id) => document.getElementById(id);
const narrow = window.matchMedia("(max-width: 859px)");

const phones = new Map();
const unread = new Map();
let users = [];
let bot = null;
let watched = null;
let noticeTimer = null;

const clock = createClockBar(at("clock"), notice);

const room = {
  now: clock.now,
  users: () => users,
  others: (id) => users.filter((user) => user.id !== id),
  isWatched: (id) => watched === id && document.visibilityState === "visible",
  openOn(id, payload) {
    watch(id);
    phones.get(id).start(payload);
  },
  unread(id, count) {
    unread.set(id, count);
    countUnread();
  },
};

follow({
  onState(state) {
    ({ users, bot } = state);
    clock.know(users);
    clock.set(state.now, state.next_due);
    for (const [index, { id }] of users.entries()) {
      if (!phones.has(id)) add(id, index);
      phones.get(id).state(state);
    }
    for (const [id, phone] of phones) {
      if (users.some((user) => user.id === id)) continue;
      phone.element.remove();
      phones.delete(id);
    }
    if (!phones.has(watched) && narrow.matches) watched = users[0]?.id ?? null;
    name();
    drawTabs();
  },
  onChange(change) {
    if (change.type === "clock") clock.set(change.now, change.next_due);
    else if (change.now !== undefined) clock.set(change.now, change.next_due);
    if (change.type === "bot") {
      ({ bot } = change);
      users = change.users ?? users;
    }
    if (change.type === "user") users = users.map((user) => (user.id === change.user.id ? change.user : user));
    if (change.type === "bot" || change.type === "user") {
      clock.know(users);
      name();
    }
    for (const [id, phone] of phones) {
      if (change.type === "bot" || (change.user_id ?? change.user?.id) === id) phone.change(change);
    }
  },
  onConnection(isUp) {
    at("connection").textContent = isUp ? "" : "Reconnecting…";
    document.documentElement.classList.toggle("offline", !isUp);
  },
});

function add(id, index) {
  const phone = createPhone({ userId: id, index, room });
  phones.set(id, phone);
  at("phones").append(phone.element);
  for (const event of ["pointerdown", "focusin"]) phone.element.addEventListener(event, () => watch(id));
}

/** The person turned to this phone. */
function watch(id) {
  if (watched !== id) {
    const before = phones.get(watched);
    watched = id;
    before?.leave();
    drawTabs();
    if (narrow.matches) phones.get(id)?.show();
  }
  phones.get(id)?.look();
}

function name() {
  if (bot) at("brand").textContent = bot.first_name;
  countUnread();
}

function countUnread() {
  const total = [...unread.values()].reduce((a, b) => a + b, 0);
  const name = bot ? `${bot.first_name} – demo` : "Demo";
  document.title = total ? `(${total}) ${name}` : name;
  drawTabs();
}

/** On a narrow screen one phone shows at a time, chosen by tabs. */
function drawTabs() {
  const tabs = at("tabs");
  if (tabs.children.length !== users.length) {
    tabs.replaceChildren(...users.map(({ id }) => button({ class: "tab", data: { user: id }, on: { click: () => watch(id) } })));
  }
  const front = phones.has(watched) ? watched : users[0]?.id;
  for (const tab of tabs.children) {
    const user = users.find(({ id }) => String(id) === tab.dataset.user);
    if (!user) return tabs.replaceChildren();
    const waiting = unread.get(user.id) ?? 0;
    const key = `${user.first_name} ${waiting} ${user.id === front}`;
    if (tab.dataset.key === key) continue;
    tab.dataset.key = key;
    tab.replaceChildren(user.first_name, ...(waiting ? [h("span", { class: "badge" }, String(waiting), unseen(" new"))] : []));
    if (user.id === front) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  for (const [id, phone] of phones) phone.element.classList.toggle("front", id === front);
}

/** A line for the whole page; `quiet` ones are only read out, as the eye sees them anyway. */
function notice(text, { quiet = false } = {}) {
  at("notice").textContent = text;
  at("notice").classList.toggle("unseen", quiet);
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => at("notice").replaceChildren(), NOTICE_SHOWN);
}

function theme() {
  const dark = window.demoTheme.current() === "dark";
  at("theme").replaceChildren(icon(dark ? "sun" : "moon"));
  at("theme").setAttribute("aria-pressed", String(dark));
}

document.addEventListener("themechange", theme);
document.addEventListener("visibilitychange", () => phones.get(watched)?.look());
narrow.addEventListener("change", () => phones.forEach((phone) => phone.show()));
theme();

setInterval(() => {
  clock.tick();
  for (const phone of phones.values()) phone.tick();
  for (const moment of document.querySelectorAll("time.moment[data-unix]")) {
    moment.textContent = entityTime(Number(moment.dataset.unix), "r", "UTC", clock.now());
  }
}, 1000);
