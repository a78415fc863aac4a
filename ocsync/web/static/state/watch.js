// Asks again and again whether something has changed: soon while it does, ever more
// rarely while it does not, and not at all while nobody looks.

const SOON_MS = 2000;
const LATE_MS = 30_000;

export class Watch {
  /**
   * `look()` resolves to whether something had changed. `clock` has setTimeout and
   * clearTimeout; `page` is the document, which knows whether it is seen.
   */
  constructor({ look, page = document, clock = globalThis }) {
    Object.assign(this, { look, page, clock });
    this.wait = SOON_MS;
    this.timer = null;
    this.isLooking = false;
    this.isOver = false;
    this.onSeen = () => this.soon();
    page.addEventListener("visibilitychange", this.onSeen);
    this.rest();
  }

  /** Look at once, and more often from now on. */
  soon() {
    this.wait = SOON_MS;
    this.clock.clearTimeout(this.timer);
    if (!this.isLooking) return this.turn();
  }

  end() {
    this.isOver = true;
    this.clock.clearTimeout(this.timer);
    this.page.removeEventListener("visibilitychange", this.onSeen);
  }

  rest() {
    if (!this.isOver) this.timer = this.clock.setTimeout(() => this.turn(), this.wait);
  }

  async turn() {
    if (this.isOver || this.page.hidden) return;
    this.isLooking = true;
    let hasChanged = false;
    try {
      hasChanged = await this.look();
    } catch {
      // It is asked again, later.
    }
    this.isLooking = false;
    this.wait = hasChanged ? SOON_MS : Math.min(this.wait * 1.5, LATE_MS);
    this.rest();
  }
}
