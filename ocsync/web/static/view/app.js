// What every view is given: the parts of the page, the way to other views, and how
// something is done at the server, told, and shown.

import { readRoute } from "../state/route.js";
import { explain, isUnloaded, texts } from "../texts/texts.js";
import { h } from "./dom.js";

export class App {
  /** `views` opens views by their names; `wire` holds what speaks to the server. */
  constructor({ shell, user, wire, transfers, views }) {
    Object.assign(this, { shell, user, wire, transfers, views });
    this.view = null;
    this.turn = 0;
    /** In which order entries are listed, and at which one each view was left, by fragment. */
    this.order = { column: "name", isDescending: false };
    this.left = new Map();
    /** What was cut or copied: `{isCut, text, items}`; see `clipboard.js`. */
    this.clipboard = null;
    addEventListener("hashchange", () => this.open());
  }

  /** Show what the address says; `focus` is what the view shall have the focus on. */
  async open(focus = null) {
    this.turn += 1;
    const { turn, shell } = this;
    shell.busy();
    try {
      const route = readRoute(location.hash);
      const module = await this.views[route.view]();
      const view = await module.open(route, this);
      if (turn !== this.turn || view === null) return view?.close?.();
      this.show(view, focus);
    } catch (error) {
      if (turn !== this.turn || error.status === 401) return;
      this.leave();
      const again = () => (isUnloaded(error) ? location.reload() : this.open());
      shell.problem(explain(error), again);
    }
  }

  show(view, focus) {
    this.leave();
    this.view = view;
    this.shell.show(...view.parts());
    view.shown?.();
    document.title = view.title ? `${view.title} · ${texts.title}` : texts.title;
    const at = focus ?? this.left.get(view.hash);
    if (at && view.focus) view.focus(at);
    else this.shell.main.querySelector("h1").focus();
  }

  leave() {
    if (this.view?.cursor) this.left.set(this.view.hash, this.view.cursor);
    this.view?.close?.();
    this.view = null;
  }

  /**
   * Do something at the server; whether it worked. Then show the view anew, or go to
   * the fragment `to`. `done` is the content of what is said after that, and `undo` a
   * deed that takes it back. `refused(error)` may deal with an error and resolve to true.
   */
  async act(deed, { done = null, undo = null, focus = null, to = null, refused } = {}) {
    try {
      await deed();
    } catch (error) {
      if (!(await refused?.(error))) this.shell.announce(explain(error));
      this.view?.refresh?.();
      return false;
    }
    await this.go(to, focus);
    // Not before: what is typed into a view that is about to be replaced would be lost.
    if (done && undo) this.offerUndo(done, undo);
    else if (done) this.shell.announce(...done);
    return true;
  }

  offerUndo(done, undo) {
    const back = () => this.act(undo, { done: [texts.undone] });
    this.shell.offer(done, { label: texts.undo, act: back });
  }

  /** Go to a fragment; without one, show anew what is shown. */
  async go(to, focus = null) {
    if (to !== null && to !== location.hash) location.hash = to;
    else if (to === null && this.view?.refresh) await this.view.refresh(focus);
    else await this.open(focus);
  }

  /** Let the browser fetch what is at a path below the base, as a file of this name. */
  async download(path, name) {
    try {
      const href = await this.wire.downloads.url(path);
      h("a", { href, download: name }).click();
    } catch (error) {
      this.shell.announce(explain(error));
    }
  }
}
