// App tokens: make one, see it once, list them, make one void.

import { explain, texts } from "../texts/texts.js";
import { Tokens } from "../wire/tokens.js";
import { ask, askSure, cancelButton } from "./dialogs.js";
import { copyButton } from "./copy.js";
import { around, h, iconButton, nameOf } from "./dom.js";
import { date } from "./format.js";

const DAYS = [30, 90, 365, 3650];
const USUAL_DAYS = 365;

export async function open(_route, app) {
  const tokens = new Tokens(app.wire.server);
  return new TokensView({ all: await tokens.list(), tokens, app });
}

class TokensView {
  constructor({ all, tokens, app }) {
    Object.assign(this, { all, tokens, app });
    this.title = texts.tokens;
  }

  parts() {
    const make = async () => {
      await makeToken(this.app);
      await this.app.open();
    };
    return [
      h("h1", { tabindex: -1 }, texts.tokens),
      h("p", {}, texts.tokensText),
      h("div", { class: "tools" },
        h("button", { type: "button", class: "main", onclick: make }, texts.newToken)),
      this.all.length
        ? h("ul", { class: "rows", "aria-label": texts.tokens },
          this.all.map((token) => this.row(token)))
        : h("p", { class: "empty" }, texts.noTokens),
    ];
  }

  row(token) {
    const label = token.label || texts.unnamed;
    const expires = token.expires ? texts.until(date(token.expires)) : texts.forEver;
    return h("li", {},
      h("span", { class: "what" },
        h("strong", {}, nameOf(label)),
        h("small", {}, `${texts.made(date(token.created))} · ${expires}`)),
      h("span", { class: "actions" },
        iconButton("remove", texts.revoke(label), () => this.revoke(token, label))));
  }

  async revoke(token, label) {
    const sure = await askSure({
      title: texts.revokeTitle, text: around(texts.revokeText, label),
      action: texts.revokeAction,
    });
    if (!sure) return;
    await this.app.act(() => this.tokens.revoke(token.id), { done: around(texts.revoked, label) });
  }
}

/** Ask for the particulars of a new token, make it, and show it this once. */
export async function makeToken(app, label = "") {
  const announce = (text) => app.shell.announce(text);
  const wanted = await askToken(label);
  if (wanted === null) return;
  try {
    const secret = await new Tokens(app.wire.server).create(wanted.label, wanted.days);
    await showToken(secret, announce);
  } catch (error) {
    announce(explain(error));
  }
}

function askToken(label) {
  return ask(texts.newToken, (close) => {
    const name = h("input", {
      id: "token-label", value: label, required: true, maxlength: 100,
      autocomplete: "off", autofocus: true,
    });
    const days = h("select", { id: "token-days" },
      DAYS.map((count) =>
        h("option", { value: count, selected: count === USUAL_DAYS }, texts.lasting(count))));
    const submit = (event) => {
      event.preventDefault();
      const text = name.value.trim();
      if (text) close({ label: text, days: Number(days.value) });
    };
    return [
      h("form", { onsubmit: submit },
        h("label", { for: "token-label" }, texts.tokenLabel), name,
        h("label", { for: "token-days" }, texts.tokenDays), days,
        h("div", { class: "buttons" },
          cancelButton(close), h("button", { class: "main" }, texts.create))),
    ];
  });
}

function showToken(secret, announce) {
  return ask(texts.tokenMade, (close) => [
    h("p", {}, texts.tokenOnce),
    h("pre", { tabindex: 0, class: "secret", "aria-label": texts.token, dir: "ltr" }, secret),
    h("div", { class: "buttons" },
      copyButton(secret, texts.copyToken, announce),
      h("button", { type: "button", class: "main", onclick: () => close(null) }, texts.close)),
  ]);
}
