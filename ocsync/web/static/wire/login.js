// Logging in by OpenID Connect: authorization code with PKCE (RFC 7636, S256). Where the
// tokens are kept is `session.js`'s.

import { BASE, Refused, send } from "./server.js";
import { Session } from "./session.js";

const PENDING = "ocsync.login";
const EARLY_MS = 60_000;

/** What the server says about logging in; null if that is not possible here. */
export async function readConfiguration() {
  const answer = await send("GET", new URL("config.json", BASE).href);
  if (!answer.ok) throw new Refused(answer.status, "");
  const connect = (await answer.json()).openIdConnect;
  return connect && globalThis.crypto?.subtle ? connect : null;
}

export class Login {
  constructor(configuration) {
    this.configuration = configuration;
    this.session = new Session();
    this.renewal = null;
  }

  get isIn() {
    return this.session.tokens !== null;
  }

  /** What is done when the login is over, here or in another tab. */
  set onLost(deed) {
    this.session.onEnd = deed;
  }

  /** Go to the login page; it comes back here, to the same place. */
  async begin() {
    const { authorization_endpoint: endpoint } = await this.metadata();
    const pending = { state: random(), verifier: random(), hash: location.hash };
    sessionStorage.setItem(PENDING, JSON.stringify(pending));
    const digest = await crypto.subtle.digest("SHA-256", encode(pending.verifier));
    const query = new URLSearchParams({
      response_type: "code",
      client_id: this.configuration.client_id,
      redirect_uri: BASE,
      scope: "openid profile email offline_access",
      state: pending.state,
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
    });
    location.assign(`${endpoint}?${query}`);
  }

  /** Take what the login page sent back, if it did; whether the login succeeded. */
  async finish() {
    const answer = new URLSearchParams(location.search);
    if (!answer.has("state")) return true;
    const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
    sessionStorage.removeItem(PENDING);
    history.replaceState(null, "", location.pathname + (pending?.hash ?? ""));
    const isOurs = pending !== null && pending.state === answer.get("state");
    if (!isOurs || !answer.has("code")) return this.isIn;
    const tokens = await this.exchange({
      grant_type: "authorization_code",
      code: answer.get("code"),
      redirect_uri: BASE,
      code_verifier: pending.verifier,
    });
    if (tokens) this.session.begin(tokens);
    return tokens !== null;
  }

  /** A token that is good for a while; a new one if asked for. */
  async token(isRenewed = false) {
    const { session } = this;
    if (session.tokens && (isRenewed || session.tokens.until < Date.now() + EARLY_MS)) {
      this.renewal ??= this.renew().finally(() => (this.renewal = null));
      await this.renewal;
    }
    if (session.tokens === null) throw new Refused(401, "");
    return session.tokens.access;
  }

  /** Log out here and at the issuer. */
  async end() {
    const metadata = await this.metadata();
    const hint = this.session.tokens?.id;
    this.session.end();
    const query = new URLSearchParams({ post_logout_redirect_uri: BASE });
    if (hint) query.set("id_token_hint", hint);
    location.assign(`${metadata.end_session_endpoint}?${query}`);
  }

  async renew() {
    await this.session.renew((refresh_token) =>
      this.exchange({ grant_type: "refresh_token", refresh_token }));
    if (this.session.tokens === null) this.session.onEnd();
  }

  /** Ask the issuer for tokens; null if it refuses. */
  async exchange(form) {
    const { token_endpoint } = await this.metadata();
    const answer = await send("POST", token_endpoint, {
      body: new URLSearchParams({ client_id: this.configuration.client_id, ...form }),
    });
    if (answer.status >= 500) throw new Refused(answer.status, "");
    if (!answer.ok) return null;
    const tokens = await answer.json();
    const more = tokens.refresh_token ? { refresh: tokens.refresh_token } : {};
    return {
      ...more,
      ...(tokens.id_token ? { id: tokens.id_token } : {}),
      access: tokens.access_token,
      until: Date.now() + (tokens.expires_in ?? 300) * 1000,
    };
  }

  /** The issuer's endpoints. */
  async metadata() {
    if (!this.endpoints) {
      const answer = await send("GET", this.configuration.metadata_url);
      if (!answer.ok) throw new Refused(answer.status, "");
      this.endpoints = await answer.json();
    }
    return this.endpoints;
  }
}

function encode(text) {
  return new TextEncoder().encode(text);
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
