// A menu that opens at a button, and closes when something else is pressed.

import { h, icon } from "./dom.js";

/** `items` are `{label, icon, run}`; the focus goes back to the anchor. */
export function openMenu(anchor, label, items) {
  const close = () => menu.hidePopover();
  const choose = (item) => () => {
    close();
    item.run();
  };
  const menu = h("div",
    { role: "menu", popover: "auto", class: "menu", "aria-label": label },
    items.map((item) =>
      h("button",
        { type: "button", role: "menuitem", tabindex: -1, class: "quiet", onclick: choose(item) },
        icon(item.icon), item.label)));
  menu.addEventListener("keydown", (event) => {
    const all = [...menu.children];
    const at = all.indexOf(document.activeElement);
    const to = {
      ArrowDown: (at + 1) % all.length, ArrowUp: (at || all.length) - 1,
      Home: 0, End: all.length - 1,
    }[event.key];
    if (to !== undefined) all[to].focus();
    else if (event.key === "Tab" || event.key === "Escape") {
      close();
      anchor.focus();
    } else return;
    event.preventDefault();
  });
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    const hadFocus = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    if (hadFocus && anchor.isConnected) anchor.focus();
  });
  document.body.append(menu);
  menu.showPopover();
  const { bottom, top, left, right } = anchor.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = menu;
  const isAbove = bottom + offsetHeight > innerHeight;
  const isRight = getComputedStyle(anchor).direction === "rtl";
  const x = isRight ? left : right - offsetWidth;
  menu.style.top = `${Math.max(0, isAbove ? top - offsetHeight : bottom)}px`;
  menu.style.left = `${Math.max(0, Math.min(x, innerWidth - offsetWidth))}px`;
  menu.children[0].focus();
}
