'use strict'; // Just enough HTTP/1.1 over raw sockets: Node's own server would use more of the machine than most bots.

/** Feeds chunks of one connection to `onMessage(head, lowerHead, body)`, once a whole request has come. */
function parser(onMessage) {
  let waiting = null;
  return (chunk) => {
    waiting = waiting ? Buffer.concat([waiting, chunk]) : chunk;
    while (waiting) {
      const split = waiting.indexOf('\r\n\r\n');
      if (split < 0) return;
      const head = waiting.latin1Slice(0, split);
      const low = head.toLowerCase();
      const found = body(waiting, low, split + 4);
      if (!found) return;
      waiting = found.end < waiting.length ? waiting.subarray(found.end) : null;
      onMessage(head, low, found.text);
    }
  };
}

function body(buffer, low, start) {
  const length = /\r\ncontent-length: *(\d+)/.exec(low);
  if (length) {
    const end = start + Number(length[1]);
    return buffer.length < end ? null : { text: buffer.utf8Slice(start, end), end };
  }
  if (!low.includes('\r\ntransfer-encoding: chunked')) return { text: '', end: start };
  const parts = [];
  for (let at = start; ; ) {
    const line = buffer.indexOf('\r\n', at);
    if (line < 0) return null;
    const size = parseInt(buffer.latin1Slice(at, line), 16);
    const next = line + 2 + size + 2;
    if (buffer.length < next) return null;
    if (!size) return { text: Buffer.concat(parts).toString('utf8'), end: next };
    parts.push(buffer.subarray(line + 2, line + 2 + size));
    at = next;
  }
}

/** The parameters of a call, however its client writes them: JSON, form or multipart. */
function parameters(head, low, text) {
  const kind = (/\r\ncontent-type: *([^\r]*)/.exec(low) || ['', ''])[1];
  if (!text) return {};
  if (kind.includes('json')) return JSON.parse(text);
  if (!kind.includes('multipart')) return Object.fromEntries(new URLSearchParams(text));
  const boundary = /boundary="?([^"\r\n;]+)/i.exec(head)[1];
  const found = {};
  for (const part of text.split(`--${boundary}`)) {
    const split = part.indexOf('\r\n\r\n');
    const name = /name="?([^";\r\n]+)"?/i.exec(part.slice(0, split));
    if (split >= 0 && name) found[name[1]] = part.slice(split + 4, -2);
  }
  return found;
}

/** What api.telegram.org answers, header by header. */
function reply(socket, status, json) {
  if (socket.destroyed) return;
  socket.write(
    `HTTP/1.1 ${status} OK\r\nServer: nginx/1.18.0\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(json)}\r\nConnection: keep-alive\r\n` +
      'Strict-Transport-Security: max-age=31536000; includeSubDomains; preload\r\n' +
      `Access-Control-Allow-Origin: *\r\n\r\n${json}`,
  );
}

module.exports = { parser, parameters, reply };
