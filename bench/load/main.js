'use strict';
/* Puts one bot under load and prints a JSON line for each level, or for the crash test.
 *   node main.js [--levels 1,16,128] [--warm 1] [--seconds 3] [--delay MS] [--tls CERT,KEY] [--crash] --work DIR -- COMMAND…
 * The bot finds TELEGRAM_BASE_URL, BOT_TOKEN and BENCH_DIR in its environment. It is pinned to core 1, this program to core 0.
 * With --hooks PORT,PORT there is a bot a port (BENCH_LISTEN), updates are brought to them in turn, and nothing is pinned;
 * --beside PID: whose CPU is told, too. */
const { execFileSync, spawn } = require('child_process');
const fs = require('fs');
const path = require('path');
const { crash } = require('./crash');
const { People, CLOCK } = require('./people');
const { Telegram, TOKEN } = require('./telegram');

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const share = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

const options = { levels: '1,16,128', warm: 1, seconds: 3, delay: 0, work: '.' };
const split = process.argv.indexOf('--');
const command = process.argv.slice(split + 1);
for (let n = 2; n < split; n++) {
  const name = process.argv[n].slice(2);
  options[name] = name === 'crash' ? true : process.argv[++n];
}

const people = new People(JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'dialog-script.json'))));
let ready = () => {};
const [cert, key] = (options.tls || '').split(',').map((file) => file && fs.readFileSync(file));
const hooks = (options.hooks || '').split(',').filter(Boolean).map(Number);
const telegram = new Telegram({
  hooks,
  chats: people.chats,
  onMessage: (person, message) => people.hear(person, message),
  onPoll: () => ready(),
  delay: Number(options.delay),
  certificate: cert && { cert, key },
});
people.telegram = telegram;
let bots = [];

async function startBots() {
  bots = [];
  if (!hooks.length) await startBot(['taskset', '-c', '1', ...command], {});
  for (const port of hooks) await startBot(command, { BENCH_LISTEN: `127.0.0.1:${port}` });
}

function startBot([first, ...others], more) {
  const base = `${cert ? 'https' : 'http'}://127.0.0.1:${telegram.server.address().port}`;
  const env = { ...process.env, TELEGRAM_BASE_URL: base, BOT_TOKEN: TOKEN, BENCH_DIR: options.work, ...more };
  const log = fs.openSync(path.join(options.work, 'bot.log'), 'a');
  const started = spawn(first, others, { env, stdio: ['ignore', log, log] });
  bots.push(started);
  started.on('exit', () => {
    started.gone = true;
    if (!started.expected) fail('the bot ended early');
  });
  return new Promise((resolve) => {
    const late = setTimeout(() => fail('the bot never asked for updates'), 60000);
    ready = () => {
      clearTimeout(late);
      ready = () => {};
      setTimeout(resolve, 150);
    };
  });
}

async function stopBots(signal) {
  for (const bot of bots) {
    bot.expected = true;
    for (const pid of tree(bot.pid).reverse()) kill(pid, signal);
    for (let n = 0; n < 200 && !bot.gone; n++) await sleep(50);
    for (const pid of tree(bot.pid)) kill(pid, 'SIGKILL');
  }
}

/** SIGKILL, and a moment in which what had left the bot arrives, and whoever is answered says the next. */
async function strike() {
  await stopBots('SIGKILL');
  await sleep(200 + Number(options.delay));
}

function fail(why) {
  const log = fs.readFileSync(path.join(options.work, 'bot.log'), 'utf8').slice(-1000);
  console.error(`${why}\n${log}`);
  for (const bot of bots) kill(bot.pid, 'SIGKILL');
  process.exit(3);
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {} // it has ended
}

function tree(root) {
  const found = [root];
  for (const pid of found) for (const task of threads(pid)) found.push(...read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number));
  return found;
}

const read = (file) => {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
};
const threads = (pid) => {
  try {
    return fs.readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
};
const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

/** CPU time of a process and its children so far, in ms. */
const cpu = (root) => sum(tree(root).flatMap((pid) => threads(pid).map((task) => Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0]) / 1e6)));
const memory = () => sum(bots.flatMap((bot) => tree(bot.pid)).map((pid) => Number((/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`)) || [0, 0])[1]) / 1024));

/** The same of each bot, of the process beside them, and of this one. */
const costs = () => [...bots.map((bot) => cpu(bot.pid)), ...(options.beside ? [cpu(Number(options.beside))] : []), sum(Object.values(process.cpuUsage())) / 1e3];

async function level(count) {
  people.begin(count);
  await sleep(options.warm * 1000);
  people.measure();
  telegram.calls = {};
  const [begun, before] = [CLOCK(), costs()];
  await sleep(options.seconds * 1000);
  const [wall, after, { times }, calls] = [CLOCK() - begun, costs(), people.answered, sum(Object.values(telegram.calls))];
  const each = after.map((spent, n) => (spent - before[n]) / times.length);
  const used = sum(each.slice(0, bots.length)) * times.length;
  const sorted = [...times].sort((a, b) => a - b);
  const size = Math.round(memory());
  await people.drain(10000);
  const { wrong, lost } = people.answered;
  print({ people: count, rate: (sorted.length / wall) * 1000, cpu: used / sorted.length, busy: used / wall, p50: share(sorted, 0.5), p99: share(sorted, 0.99), memory: size, calls: calls / sorted.length, each, lost, wrong, doubled: telegram.doubled });
}

const print = (row) => console.log(JSON.stringify(row, (_, value) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value)));

telegram.server.listen(0, '127.0.0.1', async () => {
  if (!hooks.length) execFileSync('taskset', ['-acp', '0', String(process.pid)], { stdio: 'ignore' });
  await startBots();
  if (options.crash) print({ ...(await crash(people, options.warm * 1000, strike, startBots)), redelivered: telegram.doubled });
  else for (const count of options.levels.split(',')) await level(Number(count));
  await stopBots('SIGTERM');
  process.exit(0);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => fail('stopped'));
