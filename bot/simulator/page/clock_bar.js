/** The bar that shows the simulated time and skips it. */

import { Refused, skipClock } from "./api.js";
import { button, h, icon } from "./dom.js";
import { cityOf, clockTime, dayKey, shortDay, span } from "./times.js";

const MORNING = "08:00";

/** Fills `frame`; `say(text, {quiet})` is for what a skip has to tell. */
export function createClockBar(frame, say) {
  let state = { now: 0, nextDue: null, at: 0, users: [] };
  const shown = h("p", { class: "times" });
  const next = button({ class: "pill", on: { click: () => (state.nextDue === null ? say("Nothing is planned right now.") : skip({ to: "next" })) } });
  const morning = button({ class: "pill", on: { click: () => skip({ to: "morning" }) } });
  frame.append(shown, h("div", { class: "skips", role: "group", "aria-label": "Skip time" },
    h("span", { class: "skip-sign", title: "Skip time" }, icon("skip")),
    button({ class: "pill", on: { click: () => skip({ seconds: 1200 }) } }, "20 min"),
    button({ class: "pill", on: { click: () => skip({ seconds: 3600 }) } }, "1 h"),
    next, morning));

  const now = () => state.now + (performance.now() - state.at) / 1000;

  async function skip(where) {
    try {
      const clock = await skipClock(where);
      set(clock.now, clock.next_due);
      const [first] = state.users;
      if (first) say(`It is now ${shortDay(clock.now, first.time_zone)}, ${clockTime(clock.now, first.time_zone)} for ${first.first_name}.`, { quiet: true });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(where.to === "next" ? "Nothing is planned right now." : error.message);
    }
  }

  function set(seconds, nextDue) {
    state = { ...state, now: seconds, at: performance.now(), nextDue: nextDue === undefined ? state.nextDue : nextDue };
    draw();
  }

  function draw() {
    const [first] = state.users;
    if (!first) return;
    const moment = now();
    const day = dayKey(moment, first.time_zone);
    const key = [Math.floor(moment / 60), state.nextDue, state.users.map(({ time_zone: zone }) => zone)].join();
    if (frame.dataset.key === key) return;
    frame.dataset.key = key;
    shown.replaceChildren(h("span", { class: "zone-day" }, shortDay(moment, first.time_zone)), ...state.users.map((user) => {
      const own = dayKey(moment, user.time_zone) === day ? "" : ` ${shortDay(moment, user.time_zone)}`;
      return h("span", { class: "zone" }, h("span", {}, `${user.first_name} `), h("strong", {}, clockTime(moment, user.time_zone)),
        h("span", { class: "city" }, `${own} ${cityOf(user.time_zone)}`));
    }));
    const wait = state.nextDue === null ? null : state.nextDue - moment;
    next.replaceChildren("Next event ", h("span", { class: "soft" }, wait === null ? "(none planned)" : wait <= 0 ? "(now)" : `(in ${span(wait)})`));
    next.setAttribute("aria-disabled", String(wait === null));
    morning.textContent = clockTime(moment, first.time_zone) < MORNING ? "This morning" : "Tomorrow morning";
  }

  return {
    now,
    set,
    know(users) {
      state.users = users;
      draw();
    },
    tick: draw,
  };
}
