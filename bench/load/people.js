'use strict'; // People in a closed loop: each sends the next input as soon as the last one was answered.

const CLOCK = () => performance.now();

/** `script`: inputs such as {"text": "/soothe"} or {"press": 0 | "rand"}, each with the `expect`ed answer. */
class People {
  constructor(script, { count = 2000, think = 0, patience = 10000 } = {}) {
    this.script = script.map((step) => ({ ...step, expect: new RegExp(step.expect) }));
    this.think = think;
    this.resting = [];
    this.active = new Set();
    this.chats = new Map();
    this.last = this.script.length - 1;
    this.measure();
    for (let n = 0; n < count; n++) {
      const id = 1000001 + n;
      const name = { first_name: `User${n}`, username: `user_${n}` };
      const person = { id, step: 0, messages: 100, luck: (n * 2654435761) >>> 0, from: { id, is_bot: false, ...name, language_code: 'en' }, chat: { id, ...name, type: 'private' } };
      this.chats.set(id, person);
      this.resting.push(person);
    }
    setInterval(() => this.giveUp(patience), 500).unref();
  }

  /** Count from here on. */
  measure() {
    this.answered = { times: [], wrong: 0, lost: 0 };
  }

  /** Let `count` people begin; whoever ends makes room for the next, until `drain`. */
  begin(count) {
    this.draining = false;
    for (let n = 0; n < count; n++) this.next();
  }

  next() {
    if (this.draining) {
      if (!this.active.size && this.drained) this.drained();
      return;
    }
    const person = this.resting.shift();
    person.done = () => {
      this.resting.push(person);
      this.next();
    };
    this.start(person, 0);
  }

  /** Let everybody have their answer and then stop. */
  drain(within) {
    this.draining = true;
    return new Promise((resolve) => {
      this.drained = resolve;
      setTimeout(resolve, within);
      if (!this.active.size) resolve();
    }).then(() => {
      for (const person of [...this.active]) this.leave(person, true);
    });
  }

  /** Somebody goes on at `step`, and stops for good after the answer to `last`. */
  start(person, step) {
    person.step = step;
    this.active.add(person);
    this.send(person);
  }

  send(person) {
    const step = this.script[person.step];
    const date = (Date.now() / 1000) | 0;
    person.waiting = true;
    person.sent = CLOCK();
    if (step.text) {
      const entities = [{ offset: 0, length: step.text.length, type: 'bot_command' }];
      const message = { message_id: ++person.messages, from: person.from, chat: person.chat, date, text: step.text, entities };
      return this.telegram.deliver(person, { update_id: 0, message });
    }
    const buttons = ((person.latest || {}).reply_markup || { inline_keyboard: [] }).inline_keyboard.flat();
    if (!buttons.length) return this.leave(person, true);
    const data = buttons[step.press === 'rand' ? this.chance(person, buttons.length) : step.press].callback_data;
    const id = `${person.id}${this.telegram.nextUpdate}`;
    this.telegram.deliver(person, { update_id: 0, callback_query: { id, from: person.from, message: person.latest, chat_instance: `-${person.id}77`, data } });
  }

  /** What a bot said to a person. */
  hear(person, message) {
    person.latest = message;
    if (!person.waiting) return;
    if (!this.script[person.step].expect.test(message.text)) {
      this.answered.wrong++;
      return;
    }
    person.waiting = false;
    this.answered.times.push(CLOCK() - person.sent);
    const pause = this.telegram.delay + this.think; // nobody reads a message before it has arrived
    if (pause) setTimeout(() => this.goOn(person), pause);
    else setImmediate(() => this.goOn(person));
  }

  /** Which step's answer this is; -1 if it is none. */
  place(text) {
    return this.script.findIndex((step) => step.expect.test(text));
  }

  goOn(person) {
    if (!this.active.has(person)) return;
    if (this.draining || person.step >= this.last) return this.leave(person, false);
    person.step++;
    this.send(person);
  }

  leave(person, lost) {
    if (lost) this.answered.lost++;
    this.active.delete(person);
    person.waiting = false;
    person.done();
  }

  giveUp(patience) {
    const before = CLOCK() - patience;
    for (const person of this.active) if (person.waiting && person.sent < before) this.leave(person, true);
  }

  chance(person, sides) {
    person.luck = (Math.imul(person.luck, 1664525) + 1013904223) >>> 0;
    return Math.floor((person.luck / 4294967296) * sides);
  }
}

module.exports = { People, CLOCK };
