// The tokens of a login. They live in this tab's sessionStorage, so they end with it.
//
// A duplicated tab begins with a copy of them. A refresh token is good only once, so the
// tabs of one login renew one after the other (a Web Lock), ask each other first, and
// tell each other what they got (a BroadcastChannel).

const KEY = "ocsync.tokens";
const PATIENCE_MS = 1000;

export class Session {
  constructor() {
    this.onEnd = () => {};
    this.tokens = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (this.tokens) this.join();
  }

  /** Take the tokens of a new login. */
  begin(tokens) {
    this.keep({ ...tokens, login: crypto.randomUUID(), serial: 0 });
    this.join();
  }

  /** End it, here and in the other tabs. */
  end() {
    this.channel?.postMessage({ isOver: true });
    this.leave();
  }

  /** Renew the tokens: `exchange(refresh token)` resolves to new ones, or to null. */
  async renew(exchange) {
    const { login, serial } = this.tokens;
    await navigator.locks.request(`ocsync.renewal.${login}`, async () => {
      await this.ask();
      if (!this.tokens || this.tokens.serial > serial) return;
      const renewed = this.tokens.refresh && (await exchange(this.tokens.refresh));
      if (!renewed) return this.end();
      this.keep({ ...this.tokens, ...renewed, serial: serial + 1 });
      this.channel.postMessage({ tokens: this.tokens });
    });
  }

  /** Hear from the other tabs what they have. */
  async ask() {
    const { held } = await navigator.locks.query();
    this.awaited = held.filter((lock) => lock.name === this.name).length - 1;
    if (this.awaited < 1) return;
    await new Promise((resolve) => {
      this.onAnswer = resolve;
      setTimeout(resolve, PATIENCE_MS);
      this.channel.postMessage({ isQuestion: true });
    });
  }

  hear({ isQuestion, isOver, tokens }) {
    if (isOver) {
      this.leave();
      return this.onEnd();
    }
    if (isQuestion) return this.channel.postMessage({ tokens: this.tokens });
    if (tokens.serial > this.tokens.serial) this.keep(tokens);
    this.awaited -= 1;
    if (this.awaited < 1) this.onAnswer?.();
  }

  join() {
    this.name = `ocsync.login.${this.tokens.login}`;
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => this.hear(data);
    // Held as long as the tab is there, so that others know of it.
    navigator.locks.request(this.name, { mode: "shared" }, () =>
      new Promise((resolve) => (this.release = resolve)));
  }

  leave() {
    this.channel?.close();
    this.channel = null;
    this.release?.();
    this.tokens = null;
    sessionStorage.removeItem(KEY);
  }

  keep(tokens) {
    this.tokens = tokens;
    sessionStorage.setItem(KEY, JSON.stringify(tokens));
  }
}
