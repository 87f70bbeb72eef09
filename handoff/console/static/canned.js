/* Canned replies in the box: / opens a list that follows what is typed; what is picked stands there to be changed
   before it is sent, with its files. Words that stand in for something unknown are told. */
import { element, icon } from "/static/assets/text.js";
import { t } from "/static/assets/words.js";
import { openMacro } from "./macros.js";
import { call } from "./page.js";

const ASKED = /(?:^|\s)\/([^\s/][^\n/]{0,40})?$/u;
const EXCERPT_CHARS = 140;

const variables = () => ({
  "contact.first_name": t("primeiro nome do contato"),
  "contact.name": t("nome do contato"),
  "company.name": t("nome da empresa"),
  "ticket.number": t("número do chamado"),
  "agent.first_name": t("seu primeiro nome"),
  "queue.name": t("nome da fila"),
  brand: t("nome da marca"),
  greeting: t("saudação"),
});
const scopes = () => ({ personal: t("sua"), team: t("da equipe"), global: t("de todos") });

/** `addFiles(files)` puts files beside the box; `say(words)` tells a problem. */
export function pickReplies({ id, textarea, addFiles, say }) {
  const list = document.getElementById(`replies-${id}`);
  const note = document.getElementById(`gaps-${id}`);
  const opener = textarea.form.querySelector("[data-replies]");
  let shown = [];
  let at = 0;
  let asked = 0; // Only the answer to the newest question counts.
  let dismissed = -1; // Where a slash stands that the writer wants left alone.
  let gaps = [];

  const beforeCaret = () => textarea.value.slice(0, textarea.selectionStart);

  function hide() {
    asked += 1;
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

  async function suggest() {
    const found = ASKED.exec(beforeCaret());
    if (!found) dismissed = -1;
    if (!found || dismissed === beforeCaret().lastIndexOf("/")) return hide();
    const words = found[1] ?? "";
    const mine = (asked += 1);
    let replies;
    try {
      const query = new URLSearchParams({ conversation: id, q: words });
      replies = (await call("GET", `/api/v1/canned-replies?${query}`)).canned_replies;
    } catch {
      return hide();
    }
    if (mine !== asked) return undefined;
    if (replies.length === 0) {
      hide();
      if (!words) tell(t("Nenhuma resposta pronta ainda. Crie as suas em Ajustes."));
      return undefined;
    }
    shown = replies;
    list.replaceChildren(...replies.map(optionOf));
    list.hidden = false;
    textarea.setAttribute("aria-controls", list.id);
    return mark(0);
  }

  function optionOf(reply, index) {
    const words = reply.filled.text.replace(/\s+/g, " ");
    const option = element(
      "li",
      { role: "option", id: `reply-${id}-${reply.id}`, class: "picker__item reply" },
      element("span", { class: "reply__title" }, reply.title, reply.is_macro ? element("span", { class: "reply__macro" }, t("macro")) : null),
      element("span", { class: "reply__shortcut" }, `/${reply.shortcut}`),
      element("span", { class: "reply__scope" }, reply.queue_name ?? scopes()[reply.scope]),
      element("span", { class: "reply__text" }, words.length > EXCERPT_CHARS ? `${words.slice(0, EXCERPT_CHARS)}…` : words),
    );
    if (reply.files.length > 0) option.append(element("span", { class: "reply__files" }, icon("clip"), String(reply.files.length)));
    option.addEventListener("mousedown", (event) => event.preventDefault()); // The box keeps the focus.
    option.addEventListener("click", () => pick(index));
    return option;
  }

  async function pick(index) {
    const reply = shown[index];
    if (!reply.is_macro) return insert(reply);
    const asked = textarea.value.slice(beforeCaret().lastIndexOf("/"), textarea.selectionStart);
    hide();
    try {
      const answer = await openMacro({ id, reply });
      textarea.focus();
      if (answer === "text") insert(reply);
      else if (answer === "applied") forget(asked);
    } catch (error) {
      say(error.message);
    }
    return undefined;
  }

  /** What was typed to find the macro has done its work. */
  function forget(asked) {
    textarea.value = textarea.value.replace(asked, "");
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function insert(reply) {
    const start = beforeCaret().lastIndexOf("/");
    textarea.setRangeText(reply.filled.text, start, textarea.selectionStart, "end");
    dismissed = -1;
    hide();
    gaps = [...gaps, ...reply.filled.gaps.map((gap) => ({ ...gap, words: reply.filled.text.slice(gap.start, gap.end) }))];
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
    textarea.focus();
    call("POST", `/api/v1/canned-replies/${reply.id}/use`, { conversation: id }).catch(() => {}); // It only counts.
    fetchFiles(reply.files);
  }

  async function fetchFiles(files) {
    for (const { url, name, mime } of files) {
      try {
        const response = await fetch(url);
        if (!response.ok) throw new Error(response.statusText);
        addFiles([new File([await response.blob()], name, { type: mime })]);
      } catch {
        say(t("Não foi possível anexar {name}. Anexe à mão.", { name }));
      }
    }
  }

  /** What stands in for something unknown is told until it is changed or sent. */
  function drawGaps() {
    gaps = gaps.filter(({ words }) => textarea.value.includes(words));
    const told = new Map(gaps.map((gap) => [gap.variable, gap]));
    if (told.size === 0) return tell("");
    note.replaceChildren(
      icon("alert"),
      t("Confira antes de enviar:"),
      ...[...told.values()].map(({ variable, words }) => {
        const button = element("button", { type: "button", class: "gap" }, t("{name} → “{words}”", { name: variables()[variable], words }));
        button.addEventListener("click", () => {
          const start = textarea.value.indexOf(words);
          textarea.focus();
          textarea.setSelectionRange(start, start + words.length);
        });
        return button;
      }),
    );
    note.hidden = false;
    return undefined;
  }

  function tell(words) {
    note.replaceChildren(words);
    note.hidden = !words;
  }

  textarea.addEventListener("input", () => {
    drawGaps();
    suggest();
  });
  textarea.addEventListener("blur", hide);
  textarea.form.addEventListener("submit", () => setTimeout(drawGaps));
  opener?.addEventListener("mousedown", (event) => event.preventDefault());
  opener?.addEventListener("click", () => {
    textarea.focus();
    if (!list.hidden) return hide();
    const blank = /(^|\s)$/.test(beforeCaret()) ? "" : " ";
    if (!ASKED.test(beforeCaret())) textarea.setRangeText(`${blank}/`, textarea.selectionStart, textarea.selectionEnd, "end");
    dismissed = -1;
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
    return undefined;
  });
  textarea.form.addEventListener(
    "keydown",
    (event) => {
      if (event.target !== textarea || list.hidden || event.isComposing) return;
      if (event.key === "ArrowDown") mark(at + 1);
      else if (event.key === "ArrowUp") mark(at - 1);
      else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) pick(at);
      else if (event.key === "Escape") {
        dismissed = beforeCaret().lastIndexOf("/");
        hide();
      } else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
}
