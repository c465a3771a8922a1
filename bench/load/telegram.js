'use strict'; // A Bot API with one bot: fast, and as much of it as the bots that are compared use.
const http = require('http');
const net = require('net');
const tls = require('tls');
const { parser, parameters, reply } = require('./wire');

const SECRET = 'bench';
const TOKEN = '123456789:AAbenchBenchBenchBenchBenchBench0123';
const BOT = { id: 123456789, is_bot: true, first_name: 'Bench', username: 'bench_bot' };
const now = () => (Date.now() / 1000) | 0;

/**
 * `chats` finds a person by id; `onMessage(person, message)` hears what a bot said to one; `delay` holds every answer back
 * for so many ms, as a network would. `onPoll` is called at every getUpdates, or when a webhook is set: with `hooks`, ports,
 * updates are brought to these in turn.
 */
class Telegram {
  constructor({ chats, onMessage, onPoll, delay, certificate, hooks = [] }) {
    Object.assign(this, { chats, onMessage, onPoll, delay, hooks });
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 100 });
    this.turn = 0;
    this.calls = {};
    this.doubled = 0;
    this.nextUpdate = 500000001;
    this.queue = [];
    this.first = 0;
    this.poll = null;
    this.server = certificate ? tls.createServer(certificate, (s) => this.serve(s)) : net.createServer((s) => this.serve(s));
  }

  deliver(person, update) {
    update.update_id = this.nextUpdate++;
    if (this.hooks.length) return this.bring(JSON.stringify(update));
    this.queue.push({ id: update.update_id, person, json: JSON.stringify(update) });
    if (!this.poll || this.flushing) return;
    this.flushing = true;
    setImmediate(() => {
      this.flushing = false;
      if (this.poll && this.first < this.queue.length) this.answerPoll();
    });
  }

  /** Bring an update to the next hook, until it is taken. */
  bring(json) {
    const again = () => setTimeout(() => this.bring(json), 50);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(json), 'X-Telegram-Bot-Api-Secret-Token': SECRET };
    const port = this.hooks[this.turn++ % this.hooks.length];
    const request = http.request({ agent: this.agent, host: '127.0.0.1', port, path: '/hook', method: 'POST', headers }, (answer) => {
      answer.resume();
      if (answer.statusCode !== 200) again();
    });
    request.on('error', again);
    request.end(json);
  }

  serve(socket) {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => this.poll && this.poll.socket === socket && this.endPoll());
    socket.on('data', parser((head, low, text) => this.called(socket, head, low, text)));
  }

  called(socket, head, low, text) {
    const url = new URL(head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/')), 'http://telegram');
    const prefix = `/bot${TOKEN}/`;
    if (!url.pathname.startsWith(prefix)) return reply(socket, 404, '{"ok":false,"error_code":404,"description":"Not Found"}');
    const method = url.pathname.slice(prefix.length).toLowerCase();
    const given = { ...Object.fromEntries(url.searchParams), ...parameters(head, low, text) };
    if (method === 'getupdates') return this.getUpdates(socket, given);
    this.calls[method] = (this.calls[method] || 0) + 1;
    const result = this.result(method, given);
    const answer = () =>
      result === null
        ? reply(socket, 400, '{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}')
        : reply(socket, 200, `{"ok":true,"result":${JSON.stringify(result)}}`);
    if (this.delay) setTimeout(answer, this.delay);
    else answer();
  }

  getUpdates(socket, given) {
    const offset = Number(given.offset) || 0;
    while (this.first < this.queue.length && this.queue[this.first].id < offset) this.first++;
    if (this.first > 4096) {
      this.queue = this.queue.slice(this.first);
      this.first = 0;
    }
    this.onPoll();
    this.endPoll(409, '{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request"}');
    this.poll = { socket, limit: Math.min(100, Number(given.limit) || 100) };
    const wait = Math.min(50, Number(given.timeout) || 0);
    if (!wait || this.first < this.queue.length) this.answerPoll();
    else this.poll.timer = setTimeout(() => this.answerPoll(), wait * 1000);
  }

  answerPoll() {
    const some = this.queue.slice(this.first, this.first + this.poll.limit);
    for (const update of some) {
      if (update.sent) this.doubled++;
      update.sent = true;
    }
    this.endPoll(200, `{"ok":true,"result":[${some.map((update) => update.json).join()}]}`);
  }

  endPoll(status, json) {
    const poll = this.poll;
    if (!poll) return;
    this.poll = null;
    clearTimeout(poll.timer);
    if (json) reply(poll.socket, status, json);
  }

  result(method, given) {
    switch (method) {
      case 'sendmessage':
        return this.said(given, null);
      case 'editmessagetext':
        return this.said(given, Number(given.message_id));
      case 'setwebhook':
        this.onPoll();
        return true;
      case 'getme':
        return { ...BOT, can_join_groups: true, can_read_all_group_messages: false, supports_inline_queries: false, can_connect_to_business: false, has_main_web_app: false };
      case 'getwebhookinfo':
        return { url: '', has_custom_certificate: false, pending_update_count: this.queue.length - this.first };
      case 'getmycommands':
        return [];
      case 'getmydescription':
        return { description: '' };
      case 'getmyshortdescription':
        return { short_description: '' };
      case 'getchatmenubutton':
        return { type: 'commands' };
      default:
        return true;
    }
  }

  said(given, edited) {
    const person = this.chats.get(Number(given.chat_id));
    if (!person) return null;
    const message = { message_id: edited || ++person.messages, from: BOT, chat: person.chat, date: now(), text: String(given.text) };
    if (edited) message.edit_date = now();
    const markup = typeof given.reply_markup === 'string' && given.reply_markup ? JSON.parse(given.reply_markup) : given.reply_markup;
    if (markup && markup.inline_keyboard) message.reply_markup = markup;
    this.onMessage(person, message);
    return message;
  }
}

module.exports = { Telegram, TOKEN };
