/** The sheets a person opens on purpose: what to do with a message, what to attach, whom to share with. */

import { button, h } from "./dom.js";
import { gist } from "./media.js";
import { invitationIn } from "./links.js";
import { cityOf } from "./times.js";

const FEELINGS = ["❤️", "👍", "🙏", "😢", "🤔", "👎"];
const STICKERS = ["🙂", "😍", "😢", "😴", "🤗", "💛", "👍", "🙏", "🌱", "☕️", "🎉", "🌧️"];
const VOICES = [3, 10, 30];
const PLACES = [
  ["Europe/Berlin", 52.52, 13.405],
  ["America/New_York", 40.713, -74.006],
  ["Europe/London", 51.507, -0.128],
  ["Europe/Madrid", 40.417, -3.704],
  ["Asia/Kolkata", 22.573, 88.364],
  ["Asia/Tokyo", 35.682, 139.692],
  ["America/Sao_Paulo", -23.551, -46.633],
];

/** What can be done with one message. */
export async function messageSheet(phone, message) {
  const { sheets, scene, room, bot, user, userId, front } = phone;
  const words = message.text ?? message.caption;
  const own = front === "bot";
  const mine = message.reactions?.find(({ from }) => from === "user")?.emoji;
  const invitation = invitationIn(message, bot.username);
  const options = [
    own && user.started && { text: "Reply", sign: "reply", value: () => scene.reply(message) },
    words && !message.has_protected_content && { text: "Copy text", sign: "copy", value: () => phone.copy(words) },
    message.out && message.text && own && { text: "Edit", sign: "edit", value: () => phone.composer.edit(message) },
    ...(invitation ? room.others(userId).map((other) => ({
      text: `Open its link as ${other.first_name}`, sign: "link", value: () => room.openOn(other.id, invitation.payload),
    })) : []),
  ].filter(Boolean);
  const act = await sheets.choose({ text: `Message: ${gist(message).slice(0, 60)}`, hidden: true }, options, {
    above: own && ((done) => h("div", { class: "faces", role: "group", "aria-label": "React" }, FEELINGS.map((emoji) =>
      button({ class: "face-key", "aria-label": `React with ${emoji}`, "aria-pressed": String(same(emoji, mine)),
        on: { click: () => done(() => scene.react(message, same(emoji, mine) ? null : emoji)) } }, emoji)))),
  });
  act?.();
}

/** What can be sent besides words. */
export async function attachSheet(phone) {
  const act = await phone.sheets.choose("Send", [
    { text: "Picture", sign: "picture", value: () => photoSheet(phone) },
    { text: "Sticker", sign: "sticker", value: () => stickerSheet(phone) },
    { text: "Voice message", sign: "voice", value: () => voiceSheet(phone) },
    { text: "Location", sign: "pin", value: () => locationSheet(phone) },
    { text: "My contact", sign: "person", value: () => contactSheet(phone) },
  ]);
  act?.();
}

/** A key of the bot's own keyboard: its words, or what it asks for. */
export function keySheet(phone, key) {
  if (key.request_location) return locationSheet(phone);
  if (key.request_contact) return contactSheet(phone);
  return phone.attempt(() => phone.api.text(key.text));
}

/** Hands an inline query or words to another user. */
export async function shareSheet(phone, { query, text }) {
  const { sheets, room, userId, bot } = phone;
  const others = room.others(userId).map((other) => ({ text: other.first_name, sign: "person", note: cityOf(other.time_zone), value: other }));
  const other = await sheets.choose("Share with", query === undefined ? [...others, { text: "Copy the words", sign: "copy", value: "copy" }] : others);
  if (!other) return;
  if (query !== undefined) {
    phone.openChat(String(other.id));
    phone.composer.insert(`@${bot.username} ${query}`);
    return;
  }
  const link = other === "copy" ? null : invitationIn({ text }, bot.username);
  if (link) room.openOn(other.id, link.payload);
  else phone.copy(text);
}

/** The ⋮ of the chat's head. */
export async function headSheet(phone) {
  const { sheets, bot, user, api } = phone;
  const act = await sheets.choose(bot.first_name, [
    user.blocked
      ? { text: "Unblock the bot", sign: "block", value: api.unblock }
      : { text: "Block the bot", note: "It cannot write to you any more.", sign: "block", tone: "danger", value: api.block },
  ], { above: () => bot.short_description && h("p", { class: "about", dir: "auto" }, bot.short_description) });
  if (act) phone.attempt(act);
}

/** A picture as large as the phone. */
export function pictureSheet(phone, url, description) {
  return phone.sheets.open({
    title: { text: description, hidden: true },
    kind: "large",
    build: (done) => button({ class: "bare", "aria-label": "Close the picture", on: { click: () => done(null) } }, h("img", { src: url, alt: description })),
  });
}

async function photoSheet(phone) {
  const { sheets, api, composer } = phone;
  const choice = await sheets.choose("Send a picture", [
    { text: "A sample picture", sign: "picture", value: "sample" },
    { text: "From this computer…", sign: "download", note: "It stays in the demo.", value: "file" },
  ]);
  if (choice === "sample") phone.attempt(() => api.samplePhoto(composer.take()));
  if (choice !== "file") return;
  const input = h("input", { type: "file", accept: "image/*" });
  input.addEventListener("change", () => {
    if (input.files?.[0]) phone.attempt(() => api.photo(input.files[0], composer.take()));
  });
  input.click();
}

async function stickerSheet(phone) {
  const emoji = await phone.sheets.open({
    title: "Send a sticker",
    build: (done) => h("div", { class: "faces wide" }, STICKERS.map((one) =>
      button({ class: "face-key", "aria-label": `Sticker ${one}`, on: { click: () => done(one) } }, one))),
  });
  if (emoji) phone.attempt(() => phone.api.sticker(emoji));
}

async function voiceSheet(phone) {
  const seconds = await phone.sheets.choose("Send a voice message", VOICES.map((value) => ({ text: `${value} seconds`, sign: "voice", value })));
  if (seconds) phone.attempt(() => phone.api.voice(seconds));
}

async function locationSheet(phone) {
  const home = ([zone]) => zone === phone.user.time_zone;
  const places = [...PLACES.filter(home), ...PLACES.filter((place) => !home(place))];
  const place = await phone.sheets.choose("Send a location", places.map((value) => ({ text: cityOf(value[0]), sign: "pin", value })));
  if (place) phone.attempt(() => phone.api.location(place[1], place[2]));
}

async function contactSheet(phone) {
  const { sheets, user, api } = phone;
  const yes = await sheets.choose("Share your phone number?", [
    { text: "Share it", note: `${user.first_name} and a number that nobody has.`, sign: "person", value: true },
  ]);
  if (yes) phone.attempt(() => api.contact());
}

const same = (a, b) => Boolean(a && b) && a.replaceAll("\ufe0f", "") === b.replaceAll("\ufe0f", "");
