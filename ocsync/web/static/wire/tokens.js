// App tokens: passwords for one program each.

const TOKENS = "auth-app/tokens";

export class Tokens {
  constructor(server) {
    this.server = server;
  }

  /** The user's tokens, the latest first; `id` is what revokes one. */
  async list() {
    const tokens = await this.server.document(TOKENS);
    return tokens
      .map((token) => ({
        id: token.token,
        label: token.label,
        created: new Date(token.created_date),
        expires: token.expiration_date ? new Date(token.expiration_date) : null,
      }))
      .sort((a, b) => b.created - a.created);
  }

  /** Make a token and return its secret, which is never shown again. */
  async create(label, days) {
    const query = new URLSearchParams({ label, expiry: `${days}d` });
    const answer = await this.server.ask("POST", `${TOKENS}?${query}`);
    return (await answer.json()).token;
  }

  revoke(id) {
    return this.server.ask("DELETE", `${TOKENS}?${new URLSearchParams({ token: id })}`);
  }
}
