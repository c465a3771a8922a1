/** Draws what a message carries besides words: pictures, animations, files, stickers, voices, places and people. */

import { fileUrl } from "./api.js";
import { button, h, icon, wantsStillness } from "./dom.js";

/** The elements for the attachments of `message`; `scene.enlarge(url, description)` opens a picture. */
export function renderMedia(message, scene) {
  const { photo, animation, video, document: file, sticker, voice, audio, location, venue, contact, dice, poll } = message;
  const of = message.out ? "your picture" : `picture from ${message.from?.first_name ?? "the bot"}`;
  if (photo?.length) return [picture(photo.reduce((a, b) => (a.width >= b.width ? a : b)), of, scene)];
  if (animation) return [movement(animation)];
  if (video) return [sized(h("video", { class: "picture", src: fileUrl(video.file_id), controls: true, playsinline: true }), video)];
  if (sticker) return [h("div", { class: "sticker", role: "img", "aria-label": `Sticker ${sticker.emoji ?? ""}` }, stickerFace(sticker))];
  if (voice) return [voiceRow(voice)];
  if (audio) return [h("audio", { src: fileUrl(audio.file_id), controls: true })];
  if (venue) return [map(venue.location, venue.title)];
  if (location) return [map(location, "Location")];
  if (contact) return [person(contact)];
  if (file) return [download(file)];
  if (dice) return [h("div", { class: "sticker" }, dice.emoji, h("small", {}, String(dice.value)))];
  if (poll) return [h("div", { class: "poll" }, h("strong", {}, poll.question), h("ul", {}, poll.options.map(({ text }) => h("li", {}, text))))];
  return [];
}

/** One line that stands for a message in a quote: its words, or what it is. */
export function gist(message) {
  const words = message.text ?? message.caption;
  if (words) return words;
  const kinds = {
    photo: "Picture", animation: "Animation", video: "Video", voice: "Voice message", audio: "Audio",
    venue: "Place", location: "Location", contact: "Contact", poll: "Poll",
  };
  if (message.sticker) return `${message.sticker.emoji ?? ""} Sticker`.trim();
  if (message.document && !message.animation) return message.document.file_name ?? "File";
  const kind = Object.keys(kinds).find((name) => message[name]);
  return kind ? kinds[kind] : "Message";
}

/** Room is kept by the picture's own proportions, so that nothing jumps when it arrives. */
function sized(element, { width, height }) {
  if (width && height) {
    element.width = width;
    element.height = height;
    element.style.aspectRatio = `${width} / ${height}`;
  }
  return element;
}

function picture(size, description, scene) {
  const url = fileUrl(size.file_id);
  const image = sized(h("img", { class: "picture", src: url, alt: description }), size);
  return button({ class: "bare", "aria-label": `Open ${description}`, on: { click: () => scene.enlarge(url, description) } }, image);
}

function movement(animation) {
  const isImage = (animation.mime_type ?? "").startsWith("image/");
  const frame = h("div", { class: "movement" });
  const moving = isImage ? gif(animation, frame) : loop(animation);
  let playing = !wantsStillness();
  const control = button({ class: "play" });
  const show = () => {
    moving.play(playing);
    control.replaceChildren(icon(playing ? "pause" : "play"));
    control.setAttribute("aria-label", playing ? "Pause the animation" : "Play the animation");
    frame.classList.toggle("paused", !playing);
  };
  control.addEventListener("click", () => {
    playing = !playing;
    show();
  });
  frame.append(moving.element, control);
  show();
  return frame;
}

/** Loaded whole, so that it can begin again without asking the server for a part of it. */
function loop(animation) {
  const video = sized(h("video", { class: "picture", loop: true, playsinline: true, "aria-label": "Animation" }), animation);
  video.muted = true;
  fetch(fileUrl(animation.file_id)).then((response) => response.blob()).then((blob) => {
    const playing = !video.paused;
    video.src = URL.createObjectURL(blob);
    if (playing) video.play().catch(() => {});
  }, () => {});
  return { element: video, play: (yes) => (yes ? video.play().catch(() => {}) : video.pause()) };
}

/** A gif cannot be paused: its first picture is drawn on a canvas that covers it. */
function gif(animation, frame) {
  const image = sized(h("img", { class: "picture", alt: "Animation", src: fileUrl(animation.file_id) }), animation);
  const still = sized(h("canvas", { class: "picture still", "aria-hidden": "true" }), animation);
  const draw = () => {
    if (!image.naturalWidth) return;
    still.width = image.naturalWidth;
    still.height = image.naturalHeight;
    still.getContext("2d").drawImage(image, 0, 0);
  };
  image.addEventListener("load", draw);
  frame.append(still);
  return { element: image, play: (yes) => (yes ? undefined : draw()) };
}

function stickerFace(sticker) {
  if (sticker.emoji) return sticker.emoji;
  return sized(h("img", { src: fileUrl(sticker.file_id), alt: "" }), sticker);
}

function voiceRow({ duration = 0 }) {
  const length = `${Math.floor(duration / 60)}:${String(duration % 60).padStart(2, "0")}`;
  return h("div", { class: "voice", role: "img", "aria-label": `Voice message, ${duration} seconds` },
    h("span", { class: "disc" }, icon("play")), h("span", { class: "rowtext" }, h("span", { class: "wave" }), h("small", {}, length)));
}

function map({ latitude, longitude }, title) {
  const where = `${latitude.toFixed(3)}, ${longitude.toFixed(3)}`;
  return h("div", { class: "place" },
    h("div", { class: "map" }, icon("pin")), h("div", { class: "rowtext" }, h("strong", {}, title), h("small", {}, where)));
}

function person({ first_name: first, last_name: last, phone_number: phone }) {
  const name = [first, last].filter(Boolean).join(" ");
  return h("div", { class: "filerow" },
    h("span", { class: "disc" }, icon("person")), h("span", { class: "rowtext" }, h("strong", {}, name), h("small", {}, phone)));
}

function download({ file_id: id, file_name: name = "file", file_size: size }) {
  return h("a", { class: "filerow", href: fileUrl(id), download: name },
    h("span", { class: "disc" }, icon("download")), h("span", { class: "rowtext" }, h("strong", {}, name), h("small", {}, bytes(size))));
}

function bytes(size) {
  if (!size) return "File";
  if (size < 1024) return `${size} B`;
  if (size < 1024 * 1024) return `${Math.round(size / 1024)} KB`;
  return `${(size / 1024 / 1024).toFixed(1)} MB`;
}
