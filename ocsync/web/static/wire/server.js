// Requests to our server: where it is, who asks, and what a refusal looks like.
// Knows no protocol; `login.js` says how tokens come about.

/** The server's base URL, with a slash at the end: this file is web/<revision>/wire/. */
export const BASE = new URL("../../../", import.meta.url).href;

/** An answer that says no. Status 0: there was no answer. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The refusal in an answer's body, in whichever form it has. */
async function refusal(answer) {
  const text = await answer.text().catch(() => "");
  const message =
    text.match(/<s:message>([^<]*)</)?.[1] ??
    text.match(/"message"\s*:\s*"([^"]*)"/)?.[1] ??
    "";
  return new Refused(answer.status, message);
}

/** Sends requests as whoever is logged in. */
export class Server {
  constructor(login) {
    this.login = login;
  }

  /** The answer to a request; a token that ran out is renewed once. */
  async ask(method, path, { headers = {}, body, accepts = [] } = {}) {
    for (const isRenewed of [false, true]) {
      const answer = await send(method, new URL(path, BASE).href, {
        body,
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
export async function send(method, url, { headers = {}, body } = {}) {
  try {
    return await fetch(url, {
      method,
      body,
      headers: { ...headers, "X-Requested-With": "XMLHttpRequest" },
      credentials: "omit",
      cache: "no-store",
    });
  } catch {
    throw new Refused(0, "");
  }
}
