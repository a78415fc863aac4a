// The question where something shall go: one goes through spaces and folders.

import { may } from "../state/order.js";
import { explain, texts } from "../texts/texts.js";
import { cancelButton, openDialog } from "./dialogs.js";
import { h, icon, nameOf } from "./dom.js";

/** Resolves to `{spaceId, names}`, or to null. `isBarred(place)`: not there, or below. */
export function askFolder({ title, start, files, isBarred }) {
  return openDialog({
    title,
    style: "target",
    content: (close) => {
      const place = h("div", { class: "target" });
      const choose = h("button", { type: "button", class: "main" }, texts.hereIt);
      const chooser = new Chooser({ place, choose, files, isBarred });
      choose.addEventListener("click", () => close(chooser.answer));
      chooser.open(start.space, start.names);
      return [place, h("div", { class: "buttons" }, cancelButton(close), choose)];
    },
  });
}

class Chooser {
  constructor({ place, choose, files, isBarred }) {
    Object.assign(this, { place, choose, files, isBarred });
    this.answer = null;
  }

  async open(space, names) {
    await this.load(async () => {
      const { folder, entries } = await this.files.list(space.id, names);
      this.answer = { spaceId: space.id, names };
      const up = names.length
        ? () => this.open(space, names.slice(0, -1))
        : () => this.showSpaces();
      const below = entries
        .filter((entry) => entry.isFolder)
        .filter(({ name }) => !this.isBarred({ spaceId: space.id, names: [...names, name] }))
        .map(({ name }) => ({ name, go: () => this.open(space, [...names, name]) }));
      this.draw([space.name, ...names].join(" / "), up, below);
      this.choose.disabled = !may(folder, "fill");
    });
  }

  async showSpaces() {
    await this.load(async () => {
      const spaces = await this.files.spaces();
      this.answer = null;
      this.choose.disabled = true;
      const below = spaces.map((space) => ({ name: space.name, go: () => this.open(space, []) }));
      this.draw(texts.spaces, null, below);
    });
  }

  async load(deed) {
    this.place.setAttribute("aria-busy", "true");
    try {
      await deed();
    } catch (error) {
      this.choose.disabled = true;
      this.place.replaceChildren(h("p", { role: "alert", class: "wrong" }, explain(error)));
    }
    this.place.removeAttribute("aria-busy");
  }

  draw(path, up, below) {
    const row = (content, onclick) =>
      h("li", {}, h("button", { type: "button", class: "quiet", onclick }, content));
    const rows = below.map(({ name, go }) => row([icon("folder"), nameOf(name)], go));
    if (up) rows.unshift(row([icon("up"), texts.folderAbove], up));
    const hadFocus = this.place.contains(document.activeElement);
    this.place.replaceChildren(
      h("p", { role: "status" }, nameOf(path)),
      h("ul", { class: "folders", "aria-label": path }, rows));
    if (hadFocus || !this.place.closest("dialog")?.contains(document.activeElement)) {
      (this.place.querySelector("button") ?? this.choose).focus();
    }
  }
}
