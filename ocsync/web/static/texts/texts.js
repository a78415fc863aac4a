// The catalogue in the first of the user's languages that there is one for.

const CATALOGUES = {
  en: async () => (await import("./en.js")).en,
  de: async () => (await import("./de.js")).de,
};

const base = (tag) => tag.split("-")[0].toLowerCase();

/** The user's own tag, with the region that dates and numbers are written for. */
export const language = navigator.languages.find((tag) => base(tag) in CATALOGUES) ?? "en";
export const texts = await CATALOGUES[base(language)]();

/** Whether a part of the page itself could not be loaded, as each browser calls it. */
export function isUnloaded({ message }) {
  return /dynamically imported|Importing a module/.test(message);
}

/** What an error says to a person. */
export function explain(error) {
  const status = error.status ?? (isUnloaded(error) ? "unloaded" : null);
  return texts.refusals[status] ?? texts.failed(status ?? error.message);
}
