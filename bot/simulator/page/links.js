/** Reads links: some open in the phone, the others in a new tab. */

const SAFE = new Set(["http:", "https:", "mailto:", "tel:"]);

/**
 * What a link means on a phone whose bot is `bot`:
 * `{kind: "start", payload}` · `{kind: "share", text}` · `{kind: "web", href}` · `{kind: "nothing"}`.
 */
export function readLink(address, bot) {
  let url;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `https://${address}`);
  } catch {
    return { kind: "nothing" };
  }
  const query = url.searchParams;
  if (url.protocol === "tg:") {
    const action = url.hostname || url.pathname.replace(/^\/+/, "");
    if (action === "resolve" && same(query.get("domain"), bot)) return { kind: "start", payload: query.get("start") ?? "" };
    if (action === "msg_url" || action === "share") return shared(query);
    return { kind: "nothing" };
  }
  if (/^(www\.)?(t|telegram)\.(me|dog)$/i.test(url.hostname)) {
    const path = url.pathname.replaceAll("/", "");
    if (same(path, bot)) return { kind: "start", payload: query.get("start") ?? "" };
    if (url.pathname.startsWith("/share")) return shared(query);
  }
  return SAFE.has(url.protocol) ? { kind: "web", href: url.href } : { kind: "nothing" };
}

/** The first link in a message (its text, entities or buttons) that opens the bot with a payload, or null. */
export function invitationIn(message, bot) {
  const found = [];
  const text = message.text ?? message.caption ?? "";
  for (const { type, offset, length, url } of message.entities ?? message.caption_entities ?? []) {
    if (type === "url") found.push(text.slice(offset, offset + length));
    if (type === "text_link") found.push(url);
  }
  for (const row of message.reply_markup?.inline_keyboard ?? []) {
    for (const { url, copy_text: copy } of row) found.push(url, copy?.text);
  }
  found.push(...(text.match(/\S*(?:t\.me|tg:)\S*/g) ?? []));
  for (const address of found.filter(Boolean)) {
    const link = readLink(address, bot);
    if (link.kind === "start" && link.payload) return link;
    const inner = link.kind === "share" ? link.text.match(/\S*(?:t\.me|tg:)\S*/)?.[0] : null;
    const innerLink = inner ? readLink(inner, bot) : null;
    if (innerLink?.kind === "start" && innerLink.payload) return innerLink;
  }
  return null;
}

const same = (a, b) => Boolean(a && b) && a.toLowerCase() === b.toLowerCase();

const shared = (query) => ({ kind: "share", text: [query.get("text"), query.get("url")].filter(Boolean).join("\n") });
