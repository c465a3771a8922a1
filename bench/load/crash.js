'use strict'; // SIGKILL while inputs are in flight: what became of each of them.
const { setTimeout: sleep } = require('timers/promises');

const PEOPLE = 200;
const SPREAD = 5; // ms between two who begin, so that the kill meets them at different steps
const PATIENCE = 10000; // ms for an answer after the restart
const STILL = 1000; // ms in which more may be said than was asked for

/**
 * Everybody goes on at full speed when the bot is killed, so each has an input that is not answered: it waits at Telegram, is in the
 * bot's hands, or its answer is on its way. After the restart everybody only listens, and the words of an answer tell where in the
 * dialog the bot takes them to be. An input is `lost` if nothing is said to it, and `applied` twice, it or the one before, if the
 * bot ends up further than the inputs lead. Answers that had been heard are `said` again; those of them that were not the last
 * before the kill, or come more than once, are `loose`: they cannot have been in flight. Then everybody goes on to the end, and whose input
 * was lost says it once more: who gets there, in step, has `survived`.
 */
async function crash(people, warm, strike, restart) {
  for (let n = 0; n < PEOPLE; n++) {
    people.begin(1);
    await sleep(SPREAD);
  }
  await sleep(warm);
  await strike();
  const open = new Set(people.active);
  await people.drain(0);
  people.measure();

  const heard = new Map([...people.chats.values()].map((person) => [person, []]));
  people.hear = (person, message) => {
    person.latest = message;
    heard.get(person).push(people.place(message.text));
  };
  const isLost = (person) => !heard.get(person).some((place) => place >= person.step);
  const isTwice = (person) => heard.get(person).some((place) => place > person.step);
  await restart();
  for (let waited = 0; waited < PATIENCE && [...open].some(isLost); waited += 50) await sleep(50);
  await sleep(STILL);
  delete people.hear;

  const found = { people: open.size, survived: 0, lost: 0, applied: 0, said: 0, loose: 0, wrong: 0 };
  for (const [person, places] of heard) {
    const before = open.has(person) ? person.step - 1 : people.last;
    const known = places.filter((place) => place >= 0);
    const again = known.filter((place, n) => place <= before || known.indexOf(place) < n).length;
    found.said += again;
    found.loose += again - known.includes(before);
    found.wrong += places.length - known.length;
  }
  people.draining = false;
  const ends = [...open].map((person) => {
    found.lost += isLost(person);
    found.applied += isTwice(person);
    return !isTwice(person) && goesOn(people, person, isLost(person) ? person.step : person.step + 1);
  });
  found.survived = (await Promise.all(ends)).filter(Boolean).length;
  found.wrong += people.answered.wrong;
  return found;
}

/** Whether a person who says what belongs to `step` gets to the end of the dialog. */
function goesOn(people, person, step) {
  if (step > people.last) return true;
  return new Promise((resolve) => {
    person.done = () => resolve(person.step === people.last && people.place(person.latest && person.latest.text) === people.last);
    people.start(person, step);
  });
}

module.exports = { crash };
