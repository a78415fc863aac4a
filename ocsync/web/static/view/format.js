// Numbers and times as people read them.

import { language, texts } from "../texts/texts.js";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];
const number = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

const instant = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

export function size(bytes) {
  let unit = 0;
  while (bytes >= 999.5 && unit < UNITS.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${number.format(bytes)} ${UNITS[unit]}`;
}

export function date(value) {
  return Number.isNaN(value.getTime()) ? "" : moment.format(value);
}

/** With the second, where that tells two things apart. */
export function exactDate(value) {
  return instant.format(value);
}

export function duration(seconds) {
  if (seconds < 90) return texts.seconds(Math.ceil(seconds));
  if (seconds < 5400) return texts.minutes(Math.round(seconds / 60));
  return texts.hours(Math.round(seconds / 3600));
}
