// The catalogue in the first of the user's languages that there is one for.

import { de } from "./de.js";
import { en } from "./en.js";

const CATALOGUES = { en, de };

const wanted = navigator.languages.map((tag) => tag.split("-")[0].toLowerCase());

export const language = wanted.find((tag) => tag in CATALOGUES) ?? "en";
export const texts = CATALOGUES[language];

/** What an error says to a person. */
export function explain(error) {
  return texts.refusals[error.status] ?? texts.failed(error.status ?? error.message);
}
