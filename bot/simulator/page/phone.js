/** One user's phone: the conversations they have, kept as the server tells. */

import { attachSheet, headSheet, keySheet, messageSheet, pictureSheet } from "./actions.js";
import { userApi } from "./api.js";
import { author } from "./bubbles.js";
import { createChatLog } from "./chat_log.js";
import { createComposer } from "./composer.js";
import { createDeeds } from "./deeds.js";
import { h } from "./dom.js";
import { createWaiting, layingKeyboard } from "./keyboards.js";
import { createFace } from "./phone_face.js";
import { cityOf } from "./times.js";

const BOT = "bot";
const NO_BOT = { id: 0, first_name: "Bot", username: "", description: "", commands: [] };

/**
 * A phone. `room` is what all phones share: `now()`, `users()`, `others(id)`, `isWatched(id)`, `openOn(id, payload)`, `unread(id, count)`.
 * Chats have keys: "bot", or the id of the other user.
 */
export function createPhone({ userId, index, room }) {
  let user = null;
  let bot = null;
  let front = BOT;
  let typingUntil = 0;
  const chats = new Map();

  const phone = {
    userId,
    room,
    api: userApi(userId),
    get user() { return user; },
    get bot() { return bot; },
    get front() { return front; },
    chat: () => chats.get(front),
    chats: () => [...chats.values()],
    focusBar: () => face.focusBar(),
    openChat,
    state,
    change,
    tick,
    look: () => chats.get(front)?.log.look(),
    leave: () => chats.get(front)?.log.leave(),
    show: () => chats.get(front)?.log.open(),
  };
  const deeds = createDeeds(phone);
  const { attempt } = deeds;

  const scene = {
    userId,
    get zone() { return user.time_zone; },
    get users() { return room.users(); },
    get botUsername() { return bot.username ?? ""; },
    get botName() { return bot.first_name; },
    now: room.now,
    command: (text) => attempt(() => phone.api.text(text.replace(/@\S+$/, ""))),
    open: deeds.open,
    copy: deeds.copy,
    pressed: deeds.pressed,
    mention: (name) => composer.insert(`${name} `),
    enlarge: (url, description) => pictureSheet(phone, url, description),
    jump: (id) => phone.chat().log.jump(id),
    reply: (message) => (front === BOT && user.started && !user.blocked ? composer.reply(message) : undefined),
    menu: (message) => messageSheet(phone, message),
    react: (message, emoji) => attempt(() => phone.api.react(message.message_id, emoji)),
    write: () => composer.focus(),
  };

  const composer = createComposer({ name: room.users().find(({ id }) => id === userId).first_name, ways: {
    send: (text, replyTo) => (front === BOT ? attempt(() => phone.api.text(text, replyTo)) : onlyCards()),
    edit: (message, text) => attempt(() => phone.api.edit(message.message_id, text)),
    attach: () => attachSheet(phone),
    key: (key) => keySheet(phone, key),
    query: deeds.ask,
    choose: deeds.choose,
    invitation: (text) => (bot && front === BOT ? deeds.invitation(text) : null),
    openInvitation: (link) => deeds.start(link.payload),
    author: (message) => author(message, scene),
    back: () => phone.chat().log.focusLast(),
    placeholder: () => (front === BOT ? "Message" : `@${bot?.username ?? ""} to share a card`),
  } });
  const face = createFace({ userId, index, composer, onMore: () => headSheet(phone), onChat: openChat });
  Object.assign(phone, { scene, composer, element: face.element, sheets: face.sheets, attempt, copy: deeds.copy, start: deeds.start });
  return phone;

  function onlyCards() {
    face.sheets.toast(`Here only cards travel. Type @${bot.username} to pick one.`);
    return Promise.resolve(false);
  }

  /** Takes a full state of the server. */
  function state(next) {
    user = next.users.find(({ id }) => id === userId);
    bot = next.bot ?? NO_BOT;
    take(BOT, next.chats[userId] ?? []);
    for (const [key, messages] of Object.entries(next.chats)) {
      const [owner, other] = key.split(":");
      if (other && owner === String(userId)) take(other, messages);
    }
    refresh();
  }

  /** What came while the line was down counts as new; what was there at first does not. */
  function take(key, messages) {
    sync(key, messages, { quiet: !chats.has(key) });
  }

  /** Takes one change that concerns this phone. */
  function change(one) {
    const key = one.chat?.split(":")[1] ?? BOT;
    const known = chats.get(key)?.log.messages ?? [];
    switch (one.type) {
      case "message":
        if (!one.message.out) typingUntil = 0;
        sync(key, upsert(known, one.message));
        if (one.message.reply_markup?.force_reply && !one.message.out) composer.reply(one.message);
        break;
      case "edit":
        sync(key, upsert(known, one.message));
        break;
      case "delete":
        sync(key, known.filter(({ message_id: id }) => !one.message_ids.includes(id)));
        break;
      case "reaction":
        sync(key, known.map((message) => (message.message_id === one.message_id ? { ...message, reactions: one.reactions } : message)));
        break;
      case "typing":
        typingUntil = one.until;
        break;
      case "answer":
        deeds.answered(one);
        break;
      case "inline_results":
        deeds.offered(one);
        break;
      case "user":
        user = one.user;
        break;
      case "bot":
        bot = one.bot ?? NO_BOT;
        user = one.users?.find(({ id }) => id === userId) ?? user;
        break;
      default:
        return;
    }
    refresh();
  }

  function sync(key, messages, options) {
    const { log, waiting } = conversation(key);
    log.sync(messages, options);
    waiting.repaint();
  }

  function conversation(key) {
    if (!chats.has(key)) {
      const name = nameOf(key);
      const log = createChatLog({
        label: `${user.first_name}’s chat with ${name}`,
        scene,
        empty: () => (key === BOT ? welcome() : h("div", { class: "welcome small" }, `Cards shared with ${name} appear here.`)),
        isWatched: () => front === key && room.isWatched(userId),
        onUnread: countUnread,
      });
      log.element.hidden = key !== front;
      face.stage.append(log.element);
      chats.set(key, { log, waiting: createWaiting(log.view) });
    }
    return chats.get(key);
  }

  function nameOf(key) {
    return key === BOT ? bot.first_name : (room.users().find(({ id }) => String(id) === key)?.first_name ?? "Someone");
  }

  function welcome() {
    const hint = user.started ? `Write something as ${user.first_name}.` : `Press Start to talk with the bot as ${user.first_name}.`;
    return h("div", { class: "welcome" }, h("img", { src: "/static/avatar.svg", alt: "", width: "72", height: "72" }),
      bot.description && h("p", { dir: "auto" }, bot.description), h("p", { class: "hint" }, hint));
  }

  function countUnread() {
    const counts = new Map([...chats].map(([key, { log }]) => [key, log.unread]));
    const total = [...counts.values()].reduce((a, b) => a + b, 0);
    face.unread(counts, total);
    room.unread(userId, total);
  }

  function refresh() {
    const isBot = front === BOT;
    const { log } = phone.chat();
    const others = room.others(userId).map(({ id }) => String(id)).filter((key) => chats.has(key));
    face.head({ user, name: nameOf(front), isBot });
    face.chats([BOT, ...others].map((key) => ({ key, name: nameOf(key) })), front);
    const pinned = log.messages.findLast(({ pinned: is }) => is);
    face.pin(pinned, () => log.jump(pinned.message_id));
    if (isBot && user.blocked) face.bar("Unblock", deeds.unblock);
    else face.bar(isBot && !user.started ? "Start" : null, deeds.begin);
    composer.know({ bot, user });
    composer.lay(isBot ? layingKeyboard(log.messages) : null, isBot);
    if (!log.messages.length) log.sync([], { quiet: true });
    tick();
    countUnread();
  }

  function openChat(key) {
    conversation(key);
    front = key;
    for (const [name, { log }] of chats) log.element.hidden = name !== key;
    refresh();
    phone.chat().log.open();
  }

  /** Once a second: the phone's clock and the typing line. */
  function tick() {
    const now = room.now();
    const isTyping = front === BOT && typingUntil > now;
    const other = room.users().find(({ id }) => String(id) === front);
    const rest = other ? cityOf(other.time_zone) : user.blocked ? "blocked" : "bot";
    face.line(now, user.time_zone, isTyping ? "typing…" : rest, isTyping);
  }
}

function upsert(known, message) {
  const at = known.findIndex(({ message_id: id }) => id === message.message_id);
  return at < 0 ? [...known, message] : known.toSpliced(at, 1, message);
}
