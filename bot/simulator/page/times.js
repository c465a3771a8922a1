/** Words for times, always in the zone of the phone that shows them. */

const DAY = 86400;
const formats = new Map();

function parts(unix, zone, options) {
  const key = JSON.stringify([zone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options }));
  return Object.fromEntries(formats.get(key).formatToParts(new Date(unix * 1000)).map(({ type, value }) => [type, value]));
}

/** "20:24" */
export function clockTime(unix, zone) {
  const { hour, minute } = parts(unix, zone, { hour: "2-digit", minute: "2-digit" });
  return `${hour}:${minute}`;
}

/** "Sun 22 Nov" */
export function shortDay(unix, zone) {
  const { weekday, day, month } = parts(unix, zone, { weekday: "short", day: "numeric", month: "short" });
  return `${weekday} ${day} ${month}`;
}

/** "Sunday 22 November", or Today and Yesterday seen from `now`. */
export function dayName(unix, zone, now) {
  if (dayKey(unix, zone) === dayKey(now, zone)) return "Today";
  if (dayKey(unix, zone) === dayKey(now - DAY, zone)) return "Yesterday";
  const { weekday, day, month } = parts(unix, zone, { weekday: "long", day: "numeric", month: "long" });
  return `${weekday} ${day} ${month}`;
}

/** "2026-11-22": equal for moments of the same local day. */
export function dayKey(unix, zone) {
  const { year, month, day } = parts(unix, zone, { year: "numeric", month: "2-digit", day: "2-digit" });
  return `${year}-${month}-${day}`;
}

/** "New York" of "America/New_York" */
export function cityOf(zone) {
  return zone.split("/").pop().replaceAll("_", " ");
}

/** "36 min", "2 h 5 min", "3 days": a length of time in seconds, rounded up to minutes. */
export function span(seconds) {
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return [`${Math.floor(minutes / 60)} h`, minutes % 60 ? `${minutes % 60} min` : ""].join(" ").trim();
  return `${Math.round(minutes / 1440)} days`;
}

/** The text of a date_time entity; formats are `r` or `w?[dD]?[tT]?`, "" leaves the message's own words. */
export function entityTime(unix, format, zone, now) {
  if (format === "r") return unix >= now ? `in ${span(unix - now)}` : `${span(now - unix)} ago`;
  const words = [];
  if (format.includes("w")) words.push(parts(unix, zone, { weekday: "long" }).weekday);
  if (format.includes("d")) {
    const { day, month, year } = parts(unix, zone, { day: "2-digit", month: "2-digit", year: "2-digit" });
    words.push(`${day}.${month}.${year}`);
  } else if (format.includes("D")) {
    const { day, month, year } = parts(unix, zone, { day: "numeric", month: "long", year: "numeric" });
    words.push(`${day} ${month} ${year}`);
  }
  if (format.includes("t")) words.push(clockTime(unix, zone));
  if (format.includes("T")) {
    const { hour, minute, second } = parts(unix, zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    words.push(`${hour}:${minute}:${second}`);
  }
  return words.join(", ");
}

/** "Ann 20:24 Berlin · Ben 14:24 New York", with the day where it differs from the first user's. */
export function everyZone(unix, users) {
  const first = users[0] && dayKey(unix, users[0].time_zone);
  return users
    .map(({ first_name: name, time_zone: zone }) => {
      const day = dayKey(unix, zone) === first ? "" : ` ${shortDay(unix, zone)}`;
      return `${name} ${clockTime(unix, zone)}${day} ${cityOf(zone)}`;
    })
    .join(" · ");
}
