// The catalogue in the first of the user's languages that there is one for.

import { de } from "./de.js";
import { en } from "./en.js";

const CATALOGUES = { en, de };

const base = (tag) => tag.split("-")[0].toLowerCase();

/** The user's own tag, with the region that dates and numbers are written for. */
export const language = navigator.languages.find((tag) => base(tag) in CATALOGUES) ?? "en";
export const texts = CATALOGUES[base(language)];

/** What an error says to a person. */
export function explain(error) {
  return texts.refusals[error.status] ?? texts.failed(error.status ?? error.message);
}
