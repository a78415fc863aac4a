// How other programs get at the same files: cards with this user's own URLs, whose lines
// work as they stand, pasted into a shell.

import { texts } from "../texts/texts.js";
import { davPath } from "../wire/files.js";
import { BASE } from "../wire/server.js";
import { copyButton } from "./copy.js";
import { h } from "./dom.js";
import { makeToken } from "./tokens.js";

/** rclone reads what it shall obscure from a pipe only, not from a terminal. */
const PROMPT = `"$(printf 'App token: ' >&2; head -n 1 | rclone obscure -)"`;

export async function open(_route, app) {
  const space = (await app.wire.files.spaces()).find((each) => each.isPersonal) ?? null;
  return {
    title: texts.connectTitle,
    parts: () => [
      h("h1", { tabindex: -1 }, texts.connectTitle),
      h("p", {}, texts.connectText),
      connectCards({
        user: app.user,
        space,
        announce: (text) => app.shell.announce(text),
        makeToken: (label) => makeToken(app, label),
      }),
    ],
  };
}

/**
 * The cards; without a user, words in capitals stand for what is not known.
 * `makeToken(label)` makes an app token for a card's program.
 */
export function connectCards({ user = null, space = null, announce, makeToken = null }) {
  const home = `${BASE}dav/files/${user ? encodeURIComponent(user.name) : "USER"}/`;
  const name = user ? quoted(user.name) : "USER";
  const remote = quoted(BASE + (space ? davPath(space.id) : "remote.php/webdav"));
  const lines = {
    desktop: [BASE.replace(/\/$/, "")],
    rclone: [
      `rclone config create files webdav vendor=owncloud url=${remote} \\`,
      `  pacer_min_sleep=0s user=${name} pass=${PROMPT} > /dev/null \\`,
      "  && rclone lsf files:",
    ],
    davfs2: [
      "mkdir -p ~/files",
      `sudo mount -t davfs ${quoted(home)} ~/files \\`,
      `  -o "uid=$(id -u)",username=${name}`,
    ],
    curl: [
      "date > uploaded.txt",
      `curl -u ${name} -T uploaded.txt ${quoted(home)}`,
    ],
  };
  return h("div", { class: "cards" },
    Object.keys(lines).map((client) =>
      card(client, lines[client].join("\n"), { announce, makeToken })));
}

function card(client, content, { announce, makeToken }) {
  const { title, text } = texts.clients[client];
  const make = () => makeToken(title);
  return h("section", { class: "card", "aria-label": title },
    h("h2", {}, title),
    h("p", {}, text),
    h("pre", { tabindex: 0, "aria-label": title, dir: "ltr" }, h("code", {}, content)),
    h("div", { class: "tools" },
      copyButton(content, `${texts.copy}: ${title}`, announce),
      makeToken && client !== "desktop"
        ? h("button", { type: "button", "aria-label": texts.tokenFor(title), onclick: make },
          texts.newToken)
        : null));
}

/** The text as one word of a shell. */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
