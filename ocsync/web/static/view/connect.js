// How other programs get at the same files: cards with this user's own URLs.

import { texts } from "../texts/texts.js";
import { davPath } from "../wire/files.js";
import { BASE } from "../wire/server.js";
import { h } from "./dom.js";

export async function open(_route, app) {
  const spaces = await app.wire.files.spaces();
  const space = spaces.find((each) => each.isPersonal) ?? null;
  const announce = (text) => app.shell.announce(text);
  return {
    title: texts.connectTitle,
    parts: () => [
      h("h1", { tabindex: -1 }, texts.connectTitle),
      h("p", {}, texts.connectText),
      connectCards({ user: app.user, space, announce }),
    ],
  };
}

/** The cards; without a user, words in capitals stand for what is not known. */
export function connectCards({ user = null, space = null, announce }) {
  const home = `${BASE}dav/files/${user ? encodeURIComponent(user.name) : "USER"}/`;
  const name = user ? quoted(user.name) : "USER";
  const remote = space
    ? `url=${quoted(BASE + davPath(space.id))} vendor=infinitescale`
    : `url=${quoted(`${BASE}remote.php/webdav`)} vendor=owncloud`;
  const { clients } = texts;
  return h("div", { class: "cards" },
    card(clients.desktop, clients.desktopText, [BASE.replace(/\/$/, "")], announce),
    card(clients.rclone, clients.rcloneText, [
      `rclone config create files webdav ${remote} user=${name} pass="$(rclone obscure -)" \\`,
      "  && rclone lsf files:",
    ], announce),
    card(clients.davfs2, clients.davfs2Text, [
      `sudo mount -t davfs ${quoted(home)} /mnt -o "uid=$(id -u)"`,
    ], announce),
    card(clients.curl, clients.curlText, [`curl -u ${name} -T FILE ${quoted(home)}`], announce),
  );
}

function card(title, text, lines, announce) {
  const content = lines.join("\n");
  const copy = async () => {
    await navigator.clipboard.writeText(content);
    announce(texts.copied);
  };
  const label = `${texts.copy}: ${title}`;
  return h("section", { class: "card", "aria-label": title },
    h("h2", {}, title),
    h("p", {}, text),
    h("pre", { tabindex: 0, "aria-label": title }, h("code", {}, content)),
    navigator.clipboard
      ? h("button", { type: "button", "aria-label": label, onclick: copy }, texts.copy)
      : null);
}

/** The text as one word of a shell. */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
