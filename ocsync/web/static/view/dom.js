// Elements. Text only ever becomes text nodes, so no name can become markup.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  folder: "M3 6a1 1 0 0 1 1-1h5l2 2h9a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z",
  file: "M6 3h8l4 4v14H6z M14 3v4h4",
  download: "M12 4v11 M7 10l5 5 5-5 M5 20h14",
  rename: "M4 20l1-4L16 5l3 3L8 19z",
  remove: "M5 7h14 M9 7V4h6v3 M7 7l1 13h8l1-13",
  upload: "M12 16V5 M7 10l5-5 5 5 M5 20h14",
  add: "M12 5v14 M5 12h14",
  pause: "M8 5v14 M16 5v14",
  resume: "M8 5l11 7-11 7z",
  close: "M6 6l12 12 M18 6L6 18",
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
