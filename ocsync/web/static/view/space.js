// A project space itself: its name, how full it is, its members, and its end.

import { folderHash } from "../state/route.js";
import { texts } from "../texts/texts.js";
import { Spaces } from "../wire/spaces.js";
import { askSure } from "./dialogs.js";
import { around, focusOn, h, iconButton, nameOf } from "./dom.js";
import { memberSearch } from "./member_search.js";
import { quotaBar } from "./quota.js";
import { roleChoice } from "./roles.js";

export async function open({ spaceId }, app) {
  const spaces = new Spaces(app.wire.server);
  return new SpaceView({ space: await spaces.get(spaceId), spaces, app });
}

class SpaceView {
  constructor({ space, spaces, app }) {
    Object.assign(this, { space, spaces, app });
    this.title = space.name;
  }

  parts() {
    const { space } = this;
    return [
      h("p", {},
        space.isDisabled
          ? h("a", { href: "#/" }, texts.spaces)
          : h("a", { href: folderHash(space.id) }, texts.backTo(space.name))),
      h("h1", { tabindex: -1 }, nameOf(space.name)),
      space.description && !space.mayManage ? h("p", {}, nameOf(space.description)) : null,
      quotaBar(space),
      space.mayManage && !space.isDisabled ? this.details() : null,
      this.members(),
      space.mayManage ? this.end() : null,
    ].filter(Boolean);
  }

  focus(label) {
    focusOn(label);
  }

  details() {
    const { space } = this;
    const name = h("input",
      { id: "space-name", value: space.name, required: true, maxlength: 255, autocomplete: "off" });
    const description = h("input",
      { id: "space-description", value: space.description, maxlength: 1000, autocomplete: "off" });
    const save = (event) => {
      event.preventDefault();
      const changes = { name: name.value.trim(), description: description.value.trim() };
      this.app.act(() => this.spaces.update(space.id, changes), { done: [texts.saved] });
    };
    return h("section", { class: "card" },
      h("h2", {}, texts.details),
      h("form", { onsubmit: save },
        h("label", { for: "space-name" }, texts.name), name,
        h("label", { for: "space-description" }, texts.description), description,
        h("div", { class: "buttons" }, h("button", { class: "main" }, texts.keepChanges))));
  }

  members() {
    const { space } = this;
    const isOpen = space.mayManage && !space.isDisabled;
    return h("section", { class: "card" },
      h("h2", {}, texts.members),
      h("ul", { class: "rows" }, space.members.map((member) => this.member(member, isOpen))),
      isOpen
        ? memberSearch({
          spaces: this.spaces,
          known: new Set(space.members.map((member) => member.userId)),
          add: (found, role) =>
            this.app.act(() => this.spaces.invite(space.id, found.id, role), {
              done: around(texts.added, found.name),
            }),
        })
        : null);
  }

  member(member, isOpen) {
    const { space } = this;
    const isSelf = member.userId === this.app.user.id;
    const label = isSelf ? texts.you(member.name) : member.name;
    const choice = texts.roleOf(member.name);
    const change = (event) =>
      this.app.act(() => this.spaces.changeRole(space.id, member, event.target.value), {
        done: [texts.saved],
        focus: choice,
        refused: (error) => this.isLastManager(error),
      });
    return h("li", {},
      h("span", { class: "what" }, nameOf(label)),
      h("span", { class: "actions" },
        isOpen
          ? roleChoice(choice, member.role, change)
          : texts.roles[member.role],
        isOpen || (isSelf && !space.isDisabled)
          ? iconButton("close", isSelf ? texts.quit(space.name) : texts.removeMember(member.name),
            () => this.remove(member, isSelf))
          : null));
  }

  async remove(member, isSelf) {
    const { space } = this;
    const sure = await askSure({
      title: isSelf ? texts.quitTitle : texts.removeMemberTitle,
      text: around(isSelf ? texts.quitText : texts.removeMemberText, isSelf ? space.name : member.name),
      action: isSelf ? texts.quitAction : texts.removeAction,
    });
    if (!sure) return;
    await this.app.act(() => this.spaces.removeMember(space.id, member), {
      refused: (error) => this.isLastManager(error),
      done: around(texts.memberRemoved, member.name),
      to: isSelf ? "#/" : null,
    });
  }

  /** Say that the only manager has to stay, if that is the error; whether it is. */
  isLastManager(error) {
    if (error.status === 409) this.app.shell.announce(texts.lastManager);
    return error.status === 409;
  }

  end() {
    const { space, spaces } = this;
    if (!space.isDisabled) {
      return h("section", { class: "card" },
        h("h2", {}, texts.disableTitle),
        h("p", {}, texts.disableText),
        h("button", { type: "button", class: "bad", onclick: () => this.disable() },
          texts.disable));
    }
    const enable = () =>
      this.app.act(() => spaces.enable(space.id), { done: around(texts.enabled, space.name) });
    return h("section", { class: "card" },
      h("h2", {}, texts.isDisabled),
      h("p", {}, texts.isDisabledText),
      h("div", { class: "tools" },
        h("button", { type: "button", class: "main", onclick: enable }, texts.enable),
        h("button", { type: "button", class: "bad", onclick: () => this.purge() },
          texts.purgeAction)));
  }

  async disable() {
    const { space } = this;
    const sure = await askSure({
      title: texts.disableTitle, text: [texts.disableText], action: texts.disable,
    });
    if (!sure) return;
    await this.app.act(() => this.spaces.disable(space.id), {
      done: around(texts.disabled, space.name),
    });
  }

  async purge() {
    const { space } = this;
    const sure = await askSure({
      title: texts.purgeTitle, text: around(texts.purgeSpaceText, space.name),
      action: texts.purgeAction,
    });
    if (!sure) return;
    await this.app.act(() => this.spaces.purge(space.id), {
      done: around(texts.purged, space.name), to: "#/",
    });
  }
}
