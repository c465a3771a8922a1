/** The outside of a phone: its case, the chat's head, the switch between chats, the pinned line and the big bar. */

import { button, freshId, h, icon, unseen } from "./dom.js";
import { createSheets } from "./sheets.js";
import { cityOf, clockTime } from "./times.js";

/** The case of one phone. `onMore()` opens the head's menu, `onChat(key)` goes to another chat. */
export function createFace({ userId, index, composer, onMore, onChat }) {
  const titleId = freshId("phone");
  const owner = h("h2", { id: titleId });
  const place = h("span", { class: "place-name" });
  const badge = h("span", { class: "badge", hidden: true });
  const time = h("time", {});
  const avatar = h("span", { class: "avatar" });
  const chatName = h("h3", { class: "chat-name", dir: "auto" });
  const status = h("p", { class: "chat-status" });
  const more = button({ class: "round", "aria-label": "About this chat", on: { click: onMore } }, icon("more"));
  const switcher = h("nav", { class: "chats", "aria-label": "Chats" });
  const pinned = h("div", { class: "pinned-frame" });
  const stage = h("div", { class: "stage" });
  const bar = h("div", { class: "bar", hidden: true });
  const face = h("div", { class: "face" },
    h("div", { class: "statusbar", "aria-hidden": "true" }, time, h("span", { class: "island" }), h("span", { class: "signs" }, icon("signal"), icon("battery"))),
    h("div", { class: "chat-head" }, avatar, h("div", { class: "rowtext" }, chatName, status), more),
    switcher, pinned, stage, bar, composer.element);
  const sheets = createSheets(face);
  const element = h("section", { class: "phone", "aria-labelledby": titleId, data: { tint: index % 2, user: userId } },
    h("div", { class: "owner" }, owner, place, badge),
    h("div", { class: "case" }, h("div", { class: "screen" }, face, sheets.layer, sheets.toasts)));

  return {
    element,
    stage,
    sheets,
    /** Whose phone it is, and which chat is in front: `name`, its `letter` or null for the bot's picture. */
    head({ user, name, isBot }) {
      owner.textContent = user.first_name;
      place.textContent = cityOf(user.time_zone);
      chatName.textContent = name;
      more.hidden = !isBot;
      if (avatar.dataset.of === name) return;
      avatar.dataset.of = name;
      avatar.replaceChildren(isBot ? h("img", { src: "/static/avatar.svg", alt: "" }) : name.slice(0, 1));
    },
    /** The phone's clock and the line under the chat's name. */
    line(now, zone, words, isTyping) {
      time.textContent = clockTime(now, zone);
      if (status.textContent !== words) status.textContent = words;
      status.classList.toggle("typing", isTyping);
    },
    /** The chats to switch between: `{key, name}` each; one alone needs no switch. */
    chats(list, front) {
      switcher.hidden = list.length < 2;
      if ([...switcher.children].map((tab) => tab.dataset.chat).join() !== list.map(({ key }) => key).join()) {
        switcher.replaceChildren(...list.map(({ key, name }) =>
          button({ class: "chat-tab", data: { chat: key }, on: { click: () => onChat(key) } }, h("span", {}, name), h("span", { class: "badge", hidden: true }))));
      }
      for (const tab of switcher.children) {
        if (tab.dataset.chat === front) tab.setAttribute("aria-current", "true");
        else tab.removeAttribute("aria-current");
      }
    },
    /** Unread messages, by chat and all together. */
    unread(counts, total) {
      badge.hidden = !total;
      badge.textContent = `${total} new`;
      for (const tab of switcher.children) {
        const waiting = counts.get(tab.dataset.chat) ?? 0;
        const mark = tab.lastElementChild;
        mark.hidden = !waiting;
        mark.replaceChildren(...(waiting ? [String(waiting), unseen(" new")] : []));
      }
    },
    /** The pinned message, or none. */
    pin(message, onOpen) {
      if (pinned.message === message) return;
      pinned.message = message;
      pinned.replaceChildren(...(message
        ? [button({ class: "pinned", on: { click: onOpen } }, icon("pinned"),
            h("span", { class: "rowtext" }, h("strong", {}, "Pinned message"), h("span", { dir: "auto" }, (message.text ?? message.caption ?? "Message").slice(0, 80))))]
        : []));
    },
    /** The bar that stands in the composer's place: `kind` is "Start", "Unblock" or null. */
    bar(kind, onPress) {
      bar.hidden = kind === null;
      composer.element.hidden = kind !== null;
      if (bar.dataset.kind === (kind ?? "")) return;
      const hadFocus = bar.contains(document.activeElement);
      bar.dataset.kind = kind ?? "";
      bar.replaceChildren(...(kind ? [
        ...(kind === "Unblock" ? [h("p", {}, "You blocked this bot. It cannot write to you.")] : []),
        button({ class: "big", on: { click: onPress } }, kind)] : []));
      if (hadFocus) (bar.querySelector("button") ?? composer).focus();
    },
    focusBar: () => bar.querySelector("button")?.focus(),
  };
}
