// Requests to our server: where it is, who asks, and what a refusal looks like.
// Knows no protocol; `login.js` says how tokens come about.

/** The server's base URL, with a slash at the end: this file is web/<revision>/wire/. */
export const BASE = new URL("../../../", import.meta.url).href;

/** An answer that says no. Status 0: there was no answer. */
export class Refused extends Error {
  constructor(status, message, retryMs = null) {
    super(message);
    this.status = status;
    this.retryMs = retryMs;
  }
}

/** The refusal in an answer's body, in whichever form it has. */
export async function refusal(answer) {
  const text = await answer.text().catch(() => "");
  const message =
    text.match(/<s:message>([^<]*)</)?.[1] ??
    text.match(/"message"\s*:\s*"([^"]*)"/)?.[1] ??
    "";
  return new Refused(answer.status, message, retryMs(answer.headers.get("Retry-After")));
}

/** How long a server asks to wait (RFC 9110 §10.2.3); null if it does not. */
export function retryMs(value, now = Date.now()) {
  if (!value) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

/** Sends requests as whoever is logged in. */
export class Server {
  constructor(login) {
    this.login = login;
  }

  /** The answer to a request; a token that ran out is renewed once. */
  async ask(method, path, { headers = {}, body, accepts = [], signal } = {}) {
    for (const isRenewed of [false, true]) {
      const answer = await send(method, new URL(path, BASE).href, {
        body,
        signal,
        headers: {
          ...headers,
          Authorization: `Bearer ${await this.login.token(isRenewed)}`,
        },
      });
      if (answer.status === 401 && !isRenewed) continue;
      if (answer.ok || accepts.includes(answer.status)) return answer;
      throw await refusal(answer);
    }
  }

  /** The JSON document at a path. */
  async document(path) {
    return (await this.ask("GET", path)).json();
  }
}

/** A plain request without cookies. The header keeps the browser's password box away. */
export async function send(method, url, { headers = {}, body, signal } = {}) {
  try {
    return await fetch(url, {
      method,
      body,
      signal,
      headers: { ...headers, "X-Requested-With": "XMLHttpRequest" },
      credentials: "omit",
      cache: "no-store",
    });
  } catch {
    signal?.throwIfAborted();
    throw new Refused(0, "");
  }
}
