// What is around every view: header, the place for the view, announcements.

import { texts } from "../texts/texts.js";
import { h, icon, nameOf } from "./dom.js";

const ANNOUNCED_MS = 6000;
const OFFERED_MS = 15_000;
/** Where the header leads, and the words of `texts` for it. */
const LINKS = [["tokens", "#/tokens"], ["connect", "#/connect"]];

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
            LINKS.map(([name, href]) => h("a", { href }, texts[name]))),
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

  /** Say what is done, with a button for what may be done next: `{label, act}`. */
  offer(content, { label, act, isLasting = false }) {
    const run = () => {
      message.remove();
      act();
    };
    const button = h("button", { type: "button", onclick: run }, label);
    // Only the last can be taken back by a button; more would be confused.
    if (!isLasting) this.offered?.remove();
    const message = this.say(this.status, [h("span", {}, ...content), button], isLasting ? null : OFFERED_MS);
    if (!isLasting) this.offered = message;
  }

  say(place, content, ms = ANNOUNCED_MS) {
    const message = h("p", {}, ...content);
    place.append(message);
    if (ms !== null) setTimeout(() => message.remove(), ms);
    return message;
  }

  problem(text, retry) {
    const again = h("button", { type: "button", onclick: retry }, texts.retry);
    this.show(
      h("h1", { tabindex: -1 }, texts.title),
      h("p", { role: "alert", class: "wrong" }, text), again);
  }
}
