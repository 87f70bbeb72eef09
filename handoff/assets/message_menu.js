/* What can be done with a message, by mouse, finger and keyboard, for the customer's page and the console alike.
   In the list, the arrows choose a message, Enter opens its menu, R answers it, Escape leaves. */
import { element, icon } from "./text.js";

const EDGE_PX = 8;
const FLASH_MS = 1600;
let open = null;

/** The buttons beside a bubble; the keyboard has its own way, so they are no stops of the Tab key. */
export function messageTools(labels) {
  const tool = (name, action, label) => {
    const button = element("button", { type: "button", class: "message__tool", "data-message-tool": action, tabindex: "-1", "aria-label": label, title: label });
    button.append(icon(name));
    return button;
  };
  return element("span", { class: "message__tools" }, tool("reply", "reply", labels.reply), tool("more", "menu", labels.menu));
}

function close() {
  const menu = open;
  open = null;
  menu?.remove();
}

function place(menu, anchor) {
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.min(Math.max(EDGE_PX, box.right - width), innerWidth - width - EDGE_PX);
  const below = box.bottom + height + EDGE_PX < innerHeight;
  menu.style.left = `${left}px`;
  menu.style.top = `${below ? box.bottom : Math.max(EDGE_PX, box.top - height)}px`;
}

/** The message as it is now: it may have been drawn anew while its menu was open. */
const nowOf = (message) => (message.isConnected ? message : (document.querySelector(`.message[data-id="${message.dataset.id}"]`) ?? message));
const focusOn = (message) => nowOf(message).focus({ preventScroll: true });

function showMenu(message, anchor, actions, label) {
  close();
  const items = actions.map(({ label: words, name, danger, run }) => {
    const item = element("button", { type: "button", role: "menuitem", class: danger ? "menu__item menu__item--danger" : "menu__item" });
    item.append(icon(name), words);
    item.addEventListener("click", () => {
      close();
      focusOn(message);
      run(nowOf(message));
    });
    return item;
  });
  const menu = element("div", { class: "menu", role: "menu", popover: "auto", "aria-label": label }, ...items);
  document.body.append(menu);
  open = menu;
  menu.showPopover();
  place(menu, anchor);
  items[0]?.focus();
  menu.addEventListener("toggle", (event) => event.newState === "closed" && open === menu && close());
  menu.addEventListener("keydown", (event) => moveInMenu(event, items, message));
}

function moveInMenu(event, items, message) {
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to !== undefined) items.at(to % items.length).focus();
  else if (event.key === "Escape" || event.key === "Tab") {
    close();
    focusOn(message);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** `list`: selector of the scrolling region; `actionsOf(message)`: [{ key, label, name, danger, run }]; `leave()`: where
    Escape leads; `label`: what the menu is called. */
export function listenToMessages({ list, actionsOf, leave, label }) {
  const messagesOf = (area) => [...area.querySelectorAll(".message[data-id]")];
  const openFor = (message, anchor) => {
    const actions = actionsOf(message);
    if (actions.length > 0) showMenu(message, anchor, actions, label);
  };
  const reply = (message) => actionsOf(message).find((action) => action.key === "reply")?.run(message);

  document.addEventListener("click", (event) => {
    const tool = event.target.closest?.("[data-message-tool]");
    const message = tool?.closest(".message[data-id]");
    if (!message) return;
    if (tool.dataset.messageTool === "reply") reply(message);
    else openFor(message, tool);
  });
  const key = (event) => {
    const area = event.target.closest?.(list);
    if (!area || event.altKey || event.ctrlKey || event.metaKey) return;
    const message = event.target.closest(".message[data-id]");
    if (event.target !== area && event.target !== message) return;
    const all = messagesOf(area);
    const at = all.indexOf(message);
    const choose = (to) => {
      const next = all[Math.max(0, Math.min(all.length - 1, to))];
      next?.focus({ preventScroll: true });
      if (next) bring(next);
    };
    if (event.key === "ArrowUp") choose(at < 0 ? all.length - 1 : at - 1);
    else if (event.key === "ArrowDown" && message) choose(at + 1);
    else if (event.key === "Enter" && message) openFor(message, message.querySelector(".bubble"));
    else if (event.key.toLowerCase() === "r" && message && !event.shiftKey) reply(message);
    else if (event.key === "Escape" && message) leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener("keydown", key, true); // Before the page's own shortcuts of one key.
}

/** Scrolls the message's own region and nothing around it: a page that fills the window must not move. */
function bring(message, { centred = false } = {}) {
  const area = message.closest("[role=region]");
  const room = area.getBoundingClientRect();
  const box = message.getBoundingClientRect();
  if (centred) area.scrollTop += box.top - room.top - (room.height - box.height) / 2;
  else if (box.top < room.top) area.scrollTop += box.top - room.top - EDGE_PX;
  else if (box.bottom > room.bottom) area.scrollTop += box.bottom - room.bottom + EDGE_PX;
}

/** Shows a message and lets it light up for a moment. */
export function flash(message) {
  bring(message, { centred: true });
  message.focus({ preventScroll: true });
  message.dataset.flash = "";
  setTimeout(() => delete message.dataset.flash, FLASH_MS);
}
