// The catalogue in the first of the user's languages that there is one for.

const CATALOGUES = {
  en: async () => (await import("./en.js")).en,
  de: async () => (await import("./de.js")).de,
};

const base = (tag) => tag.split("-")[0].toLowerCase();

/** The user's own tag, with the region that dates and numbers are written for. */
export const language = navigator.languages.find((tag) => base(tag) in CATALOGUES) ?? "en";
export const texts = await CATALOGUES[base(language)]();

/** What an error says to a person. */
export function explain(error) {
  return texts.refusals[error.status] ?? texts.failed(error.status ?? error.message);
}
