// What is around every view: header, the place for the view, announcements.

import { texts } from "../texts/texts.js";
import { h, icon, nameOf } from "./dom.js";

const ANNOUNCED_MS = 6000;

export class Shell {
  constructor() {
    this.main = h("main", { id: "content", tabindex: -1 });
    this.status = h("div", { class: "status", role: "status" });
    this.whispers = h("div", { class: "unseen", role: "status" });
    this.header = h("header", { class: "top" });
    const skip = (event) => {
      event.preventDefault();
      this.main.focus();
    };
    document.body.replaceChildren(
      h("a", { class: "skip", href: "#content", onclick: skip }, texts.skip),
      this.header, this.main, this.status, this.whispers);
    this.head(null);
  }

  /** Show who is logged in and the ways to go; nothing but the name for nobody. */
  head(user, signOut) {
    this.header.replaceChildren(
      h("a", { class: "brand", href: "#/" }, icon("folder"), texts.title),
      ...(user
        ? [
          h("nav", { "aria-label": texts.menu },
            h("a", { href: "#/connect" }, texts.connect)),
          h("span", { class: "user" }, nameOf(user.displayName)),
          h("button", { type: "button", onclick: signOut }, texts.signOut),
        ]
        : []));
  }

  show(...parts) {
    this.main.replaceChildren(...parts);
    this.main.removeAttribute("aria-busy");
  }

  /** Say that something is on its way; what was there stays until it has come. */
  busy() {
    this.main.setAttribute("aria-busy", "true");
    if (!this.main.firstChild) this.show(h("p", { class: "faint" }, texts.loading));
  }

  /** Say something in passing. */
  announce(...content) {
    this.say(this.status, content);
  }

  /** Say something that can be seen elsewhere to those who do not see. */
  whisper(...content) {
    this.say(this.whispers, content);
  }

  say(place, content) {
    const message = h("p", {}, ...content);
    place.append(message);
    setTimeout(() => message.remove(), ANNOUNCED_MS);
  }

  problem(text, retry) {
    const again = h("button", { type: "button", onclick: retry }, texts.retry);
    this.show(
      h("h1", { tabindex: -1 }, texts.title),
      h("p", { role: "alert", class: "wrong" }, text), again);
  }
}
