/* Naming a colleague in a note: @ opens a list of those who may see the conversation. */
import { element } from "/static/assets/text.js";
import { t } from "/static/assets/words.js";
import { call } from "./page.js";

const MOST_SHOWN = 8;
const CALLED = /(?:^|\s)@([\p{L}\p{M}.'-]*(?: [\p{L}\p{M}.'-]*)?)$/u;
const people = new Map(); // Conversation → colleagues; asked for once a page.

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

async function colleagues(id) {
  if (!people.has(id)) {
    const asked = call("GET", `/api/v1/conversations/${id}/mentionable`);
    people.set(id, asked);
    asked.catch(() => people.delete(id));
  }
  return people.get(id);
}

/** The first name alone where that says who is meant. */
function calledName(person, all) {
  const [first] = person.name.split(" ");
  return all.filter((each) => plain(each.name.split(" ")[0]) === plain(first)).length > 1 ? person.name : first;
}

/** Ids of the colleagues whom these words name; fails when nobody can tell, so that nobody is forgotten. */
export async function mentionsIn(id, words) {
  if (!words.includes("@")) return [];
  const { users: all } = await colleagues(id);
  const text = ` ${plain(words)} `;
  return all
    .filter((person) => [person.name, calledName(person, all)].some((name) => text.includes(`@${plain(name)}`) && !continues(text, plain(name))))
    .map((person) => person.id);
}

/** "@ana" is not named by "@anabela". */
function continues(text, name) {
  return [...text.matchAll(/@/g)].every(({ index }) => {
    const rest = text.slice(index + 1);
    return !rest.startsWith(name) || /^[\p{L}\p{N}]/u.test(rest.slice(name.length));
  });
}

/** `isNote()`: only notes name colleagues. */
export function pickMentions({ id, textarea, isNote }) {
  const list = document.getElementById(`mentions-${id}`);
  let shown = [];
  let at = 0;

  function hide() {
    shown = [];
    list.hidden = true;
    list.replaceChildren();
    if (textarea.getAttribute("aria-controls") !== list.id) return;
    textarea.removeAttribute("aria-activedescendant");
    textarea.removeAttribute("aria-controls");
  }

  function mark(to) {
    at = (to + shown.length) % shown.length;
    [...list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    textarea.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function pick(index) {
    const { name } = shown[index];
    const before = textarea.value.slice(0, textarea.selectionStart);
    const start = before.lastIndexOf("@");
    textarea.setRangeText(`@${name} `, start, textarea.selectionStart, "end");
    hide();
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Who does not see the conversation cannot be called to it; better said now than wondered about later. */
  function showMissing({ name }) {
    hide();
    const words = t("{name} não tem acesso a esta conversa.", { name });
    list.replaceChildren(element("li", { class: "picker__item", role: "option", "aria-disabled": "true" }, words));
    list.hidden = false;
  }

  async function suggest() {
    const called = isNote() && CALLED.exec(textarea.value.slice(0, textarea.selectionStart));
    if (!called) return hide();
    const { users: all, without_access: others } = await colleagues(id).catch(() => ({ users: [], without_access: [] }));
    if (!CALLED.test(textarea.value.slice(0, textarea.selectionStart))) return hide();
    const wanted = plain(called[1]);
    const fits = (person) => plain(person.name).startsWith(wanted) || plain(person.name).includes(` ${wanted}`);
    shown = all.filter(fits).slice(0, MOST_SHOWN).map((person) => ({ ...person, full: person.name, name: calledName(person, all) }));
    const named = called[1].endsWith(" ") && shown.some((person) => plain(person.name) === wanted.trim());
    const missing = wanted && shown.length === 0 ? others.find(fits) : null;
    if (missing) return showMissing(missing);
    if (shown.length === 0 || named) return hide();
    list.replaceChildren(
      ...shown.map((person, index) => {
        const option = element("li", { role: "option", id: `mention-${id}-${person.id}`, class: "picker__item" }, person.full);
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          pick(index);
        });
        return option;
      }),
    );
    list.hidden = false;
    textarea.setAttribute("aria-controls", list.id);
    return mark(0);
  }

  textarea.addEventListener("input", suggest);
  textarea.addEventListener("blur", hide);
  textarea.form.addEventListener(
    "keydown",
    (event) => {
      if (event.target !== textarea || list.hidden || event.isComposing || shown.length === 0) return;
      if (event.key === "ArrowDown") mark(at + 1);
      else if (event.key === "ArrowUp") mark(at - 1);
      else if (event.key === "Enter" || event.key === "Tab") pick(at);
      else if (event.key === "Escape") hide();
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
}
