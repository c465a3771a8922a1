'use strict'; // grammY 1 with its runner, its session in better-sqlite3 (WAL, synchronous=NORMAL), a commit a write.
const path = require('path');
const { Bot, session } = require('grammy');
const { run, sequentialize } = require('@grammyjs/runner');
const Database = require('better-sqlite3');
const words = require('../dialog.json');

const db = new Database(path.join(process.env.BENCH_DIR, 'bot.db'));
db.pragma('journal_mode=WAL');
db.pragma('synchronous=NORMAL');
db.exec('CREATE TABLE IF NOT EXISTS sessions (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID');
const select = db.prepare('SELECT value FROM sessions WHERE key = ?').pluck();
const upsert = db.prepare('INSERT INTO sessions VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value');
const remove = db.prepare('DELETE FROM sessions WHERE key = ?');
const storage = {
  read: (key) => {
    const value = select.get(key);
    return value === undefined ? undefined : JSON.parse(value);
  },
  write: (key, value) => void upsert.run(key, JSON.stringify(value)),
  delete: (key) => void remove.run(key),
};

const keyboard = (rows) => rows && { inline_keyboard: rows.map((row) => row.map(([text, callback_data]) => ({ text, callback_data }))) };
const next = [[[words.next, 'n']]];
const person = (ctx) => ctx.from && String(ctx.from.id);
const bot = new Bot(process.env.BOT_TOKEN, { client: { apiRoot: process.env.TELEGRAM_BASE_URL } });
bot.use(sequentialize(person)); // as its documentation asks of who runs sessions with the runner
bot.use(session({ storage, getSessionKey: person, initial: () => ({ state: 'idle' }) }));
bot.command('soothe', async (ctx) => {
  ctx.session = { state: 'intensity' };
  await ctx.reply(words.intensity.text, { reply_markup: keyboard(words.intensity.buttons) });
});

/** In `state`, a press that fits `pattern` keeps what `keep` makes of it, and shows what that returns. */
function on(state, pattern, keep) {
  bot.callbackQuery(pattern, async (ctx, pass) => {
    if (ctx.session.state !== state) return pass();
    const [text, buttons] = keep(ctx.session, ctx.match[1]);
    await ctx.answerCallbackQuery();
    await ctx.editMessageText(text, { reply_markup: keyboard(buttons) });
  });
}
on('intensity', /^i:(\d)/, (session, before) => {
  Object.assign(session, { before, state: 'technique' });
  return [words.technique.text, words.technique.buttons];
});
on('technique', /^t:(\w+)/, (session, technique) => {
  Object.assign(session, { technique, step: 0, state: 'step' });
  return [words.steps[technique][0], next];
});
on('step', /^n$/, (session) => {
  if (++session.step < 3) return [words.steps[session.technique][session.step], next];
  session.state = 'rating';
  return [words.rating.text, words.rating.buttons];
});
on('rating', /^r:(\d)/, (session, after) => {
  Object.assign(session, { after, state: 'done' });
  return [words.end.text];
});
bot.catch((error) => console.error(error.message));
run(bot);
