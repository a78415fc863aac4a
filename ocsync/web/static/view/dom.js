// Elements. Text only ever becomes text nodes, so no name can become markup.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  folder: "M3 6a1 1 0 0 1 1-1h5l2 2h9a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z",
  file: "M6 3h8l4 4v14H6z M14 3v4h4",
  download: "M12 4v11 M7 10l5 5 5-5 M5 20h14",
  rename: "M4 20l1-4L16 5l3 3L8 19z",
  remove: "M5 7h14 M9 7V4h6v3 M7 7l1 13h8l1-13",
  see: "M2 12s4-6 10-6 10 6 10 6-4 6-10 6-10-6-10-6z M12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z",
  history: "M4 12a8 8 0 1 1 2.5 5.8 M4 19v-5h5 M12 8v4l3 2",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z M2.5 20a6.5 6.5 0 0 1 13 0 M16 4.5a3.5 3.5 0 0 1 0 6 M18 14.5a6.5 6.5 0 0 1 3.5 5.5",
  upload: "M12 16V5 M7 10l5-5 5 5 M5 20h14",
  add: "M12 5v14 M5 12h14",
  pause: "M8 5v14 M16 5v14",
  resume: "M8 5l11 7-11 7z",
  close: "M6 6l12 12 M18 6L6 18",
  more: "M12 5.5v.01 M12 12v.01 M12 18.5v.01",
  move: "M3 6a1 1 0 0 1 1-1h5l2 2h9a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z M9 13h6 M13 10.5l2.5 2.5-2.5 2.5",
  copy: "M9 9h11v11H9z M5 15H4V4h11v1",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1 M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1",
  find: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z M15.5 15.5L20 20",
  up: "M12 19V6 M6 11l6-6 6 6",
  uploadFolder: "M3 6a1 1 0 0 1 1-1h5l2 2h9a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z M12 16v-5 M9.5 13l2.5-2.5 2.5 2.5",
};

/** An element with properties (`on…` listens, others are attributes) and children. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

/** A name, which may run in the other direction than the text around it. */
export function nameOf(text) {
  return h("bdi", {}, text);
}

/** The text with the name in it as an element of its own. */
export function around(text, name) {
  const [before, after] = text("\0").split("\0");
  return [before, nameOf(name), after];
}

/** Put the focus on what has this label in the view, or on the heading. */
export function focusOn(label) {
  const labelled = [...document.querySelectorAll("main [aria-label]")];
  const found = labelled.find((each) => each.getAttribute("aria-label") === label);
  (found ?? document.querySelector("main h1")).focus();
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows an icon, and says in words what it does. */
export function iconButton(name, label, onclick) {
  const properties = { type: "button", class: "quiet", "aria-label": label, title: label };
  return h("button", { ...properties, onclick }, icon(name));
}
