/** Speaks to the simulator: every request of the page is one of these. */

/** What the server said no to, in words a person can read. */
export class Refused extends Error {}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refused("The demo is not answering. Is it still running?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.error ?? "That did not work. Please try again.");
  return body;
}

function post(path, body = {}) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

export const getState = () => request("/api/state", { cache: "no-store" });

export const fileUrl = (fileId) => `/api/files/${encodeURIComponent(fileId)}`;

/** What one user can do on their phone. */
export function userApi(id) {
  const at = (action) => `/api/users/${id}/${action}`;
  return {
    text: (text, replyTo = null) => post(at("text"), { text, reply_to: replyTo, via_bot: false }),
    edit: (messageId, text) => post(at("edit"), { message_id: messageId, text }),
    press: (target, data) => post(at("press"), { ...target, data }),
    start: (payload) => post(at("start"), { payload }),
    location: (latitude, longitude) => post(at("location"), { latitude, longitude }),
    contact: () => post(at("contact")),
    sticker: (emoji) => post(at("sticker"), { emoji }),
    voice: (duration) => post(at("voice"), { duration }),
    samplePhoto: (caption) => post(at("photo"), caption ? { caption } : {}),
    photo: (file, caption) => {
      const form = new FormData();
      form.append("file", file);
      form.append("caption", caption);
      return request(at("photo"), { method: "POST", body: form });
    },
    react: (messageId, emoji) => post(at("react"), { message_id: messageId, emoji }),
    block: () => post(at("block")),
    unblock: () => post(at("unblock")),
    inlineQuery: (query) => post(at("inline_query"), { query, offset: "" }),
    /** `toUser` null puts the card into the user's own chat with the bot. */
    choose: (inlineQueryId, resultId, toUser) =>
      post(at("choose"), { inline_query_id: inlineQueryId, result_id: resultId, to_user: toUser }),
  };
}

/** Moves the simulated clock: `{seconds}`, `{to: "next"}` or `{to: "morning"}`. */
export const skipClock = (where) => post("/api/clock/skip", where);
