// The page, put together. `wire` speaks to the server, `state` knows how things are,
// `view` shows them; each knows only those before it.

import { Transfers } from "./state/transfers.js";
import { Unfinished } from "./state/unfinished.js";
import { explain, language, texts } from "./texts/texts.js";
import { App } from "./view/app.js";
import { continueDrops } from "./view/continuing.js";
import { h } from "./view/dom.js";
import { fetchLater } from "./view/later.js";
import { Shell } from "./view/shell.js";
import { TransfersPanel } from "./view/transfers.js";
import { VIEWS } from "./view/views.js";
import { hashFile } from "./wire/hashes.js";
import { Downloads } from "./wire/downloads.js";
import { Files } from "./wire/files.js";
import { KeptDrops } from "./wire/kept_drops.js";
import { Login, readConfiguration } from "./wire/login.js";
import { Server } from "./wire/server.js";
import { Uploads } from "./wire/uploads.js";

async function start(shell) {
  const announce = (text) => shell.announce(text);
  try {
    const configuration = await readConfiguration();
    if (configuration === null) return showClients(shell, announce);
    const login = new Login(configuration);
    const isDone = await login.finish();
    if (!login.isIn) return showWelcome(shell, login, isDone ? null : texts.signInFailed);
    login.onLost = () => showLost(shell, login, texts.signedOut);
    await enter(shell, login, announce);
  } catch (error) {
    if (error.status !== 401) shell.problem(explain(error), () => start(shell));
  }
}

/** Everything for somebody who is logged in. */
async function enter(shell, login, announce) {
  shell.busy();
  const server = new Server(login);
  const files = new Files(server);
  const user = await files.me();
  const drops = new KeptDrops(user.id);
  const transfers = new Transfers({
    uploads: new Uploads(server),
    files,
    hashFile,
    unfinished: new Unfinished(user.id),
    drops,
    askConflict: async (...given) => (await import("./view/dialogs.js")).askConflict(...given),
    locks: navigator.locks,
  });
  login.onLost = () =>
    showLost(shell, login, transfers.endWithPage ? texts.signedOutAmid : texts.signedOut);
  shell.head(user, () => login.end());
  shell.main.after(new TransfersPanel({ transfers, announce }).element);
  const wire = { server, files, drops, downloads: new Downloads(server) };
  continueDrops({ drops, transfers, shell }).finally(() => transfers.findOld());
  addEventListener("beforeunload", (event) => {
    if (login.isIn && transfers.endWithPage) event.preventDefault();
  });
  await new App({ shell, user, wire, transfers, views: VIEWS }).open();
  fetchLater();
}

function showLost(shell, login, notice) {
  shell.head(null);
  showWelcome(shell, login, notice);
}

function showWelcome(shell, login, notice) {
  const begin = () => login.begin().catch((error) => shell.announce(explain(error)));
  shell.show(
    h("div", { class: "welcome" },
      h("h1", { tabindex: -1 }, texts.title),
      notice ? h("p", { role: "alert", class: "wrong" }, notice) : null,
      h("p", {}, texts.welcome),
      h("button", { type: "button", class: "main", onclick: begin }, texts.signIn)));
}

async function showClients(shell, announce) {
  const { connectCards } = await import("./view/connect.js");
  shell.show(
    h("h1", { tabindex: -1 }, texts.connectTitle),
    h("p", {}, texts.noSignIn),
    connectCards({ announce }));
}

document.documentElement.lang = language;
document.title = texts.title;
const shell = new Shell();
// What fails where nobody waits for it is told all the same.
addEventListener("unhandledrejection", ({ reason }) => shell.announce(explain(reason)));
start(shell);
