/* Shortcuts of one key, from one table: it moves, it acts, and it is the `?` sheet. Never while somebody types, never
   over a key of the browser or of assistive technology; they can be switched off in the preferences. */
import { element, icon } from "/static/assets/text.js";
import { t } from "/static/assets/words.js";

const SEQUENCE_MS = 1500;
const find = (selector) => [...document.querySelectorAll(selector)].find((part) => part.checkVisibility());
const press = (selector) => find(selector)?.click();
const go = (path) => find(`.rail__place[href="${path}"]`)?.click();

function write(mode) {
  const choice = document.querySelector(`.composer__mode [value="${mode}"]:enabled`);
  const text = document.querySelector(".composer__text");
  if (!text || !choice) return;
  choice.click();
  text.focus();
}

/** Moves among the rows of the list; Enter opens the one in focus, as for any link. */
function move(step) {
  const rows = [...document.querySelectorAll("#rows .row__link, [data-row]")];
  const at = rows.findIndex((row) => row === document.activeElement);
  const start = at >= 0 ? at : rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = rows[start < 0 ? (step > 0 ? 0 : rows.length - 1) : start + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function openNeighbour(step) {
  const rows = [...document.querySelectorAll("#rows .row__link")];
  const at = rows.findIndex((row) => row.hasAttribute("aria-current"));
  rows[at < 0 ? 0 : at + step]?.click();
}

function search() {
  const field = find("input[type=search]");
  field?.focus();
  field?.select();
}

const TABLE = [
  {
    group: () => t("Na lista"),
    keys: [
      { keys: ["j"], also: ["ArrowDown"], shown: ["j", "↓"], what: () => t("Próxima conversa da lista"), run: () => move(1) },
      { keys: ["k"], also: ["ArrowUp"], shown: ["k", "↑"], what: () => t("Conversa anterior da lista"), run: () => move(-1) },
      { keys: [], shown: ["Enter"], what: () => t("Abrir a conversa escolhida") },
      { keys: ["]"], what: () => t("Abrir a próxima"), run: () => openNeighbour(1) },
      { keys: ["["], what: () => t("Abrir a anterior"), run: () => openNeighbour(-1) },
      { keys: ["/"], what: () => t("Buscar"), run: search },
    ],
  },
  {
    group: () => t("Na conversa"),
    keys: [
      { keys: ["r"], what: () => t("Responder ao cliente"), run: () => write("messages") },
      { keys: ["n"], what: () => t("Escrever uma nota interna"), run: () => write("notes") },
      { keys: ["c"], what: () => t("Assumir a conversa"), run: () => press("#action-claim") },
      { keys: ["e"], what: () => t("Resolver a conversa"), run: () => press("#action-resolve") },
    ],
  },
  {
    group: () => t("Na revisão"),
    keys: [
      ...["1", "2", "3"].map((key) => ({
        keys: [key],
        what: () => t("Escolher a sugestão {place}").replace("{place}", key),
        run: () => press(`[data-suggested="${key}"]`),
      })),
      { keys: ["t"], what: () => t("Ensinar a intenção escolhida"), run: () => press('[data-key="t"]') },
      { keys: ["x"], what: () => t("Descartar"), run: () => press('[data-key="x"]') },
      { keys: ["z"], what: () => t("Desfazer"), run: () => press('[data-key="z"]') },
    ],
  },
  {
    group: () => t("Escrevendo"),
    keys: [
      { keys: [], shown: ["Enter"], what: () => t("Enviar (também Ctrl + Enter)") },
      { keys: [], shown: ["Shift", "Enter"], what: () => t("Nova linha") },
      { keys: [], shown: ["Esc"], what: () => t("Sair da caixa de texto; o rascunho fica") },
    ],
  },
  {
    group: () => t("Ir para"),
    keys: [
      { keys: ["g", "i"], what: () => t("Atendimento"), run: () => go("/console") },
      { keys: ["g", "t"], what: () => t("Tickets"), run: () => go("/console/tickets") },
      { keys: ["g", "b"], what: () => t("Painel"), run: () => go("/console/board") },
      { keys: ["g", "r"], what: () => t("Revisão"), run: () => go("/console/review") },
      { keys: ["g", "s"], what: () => t("Ajustes"), run: () => go("/console/settings") },
      { keys: ["?"], what: () => t("Esta lista de atalhos"), run: showSheet },
    ],
  },
];
const SHORTCUTS = TABLE.flatMap((group) => group.keys).filter((each) => each.run);

let begun = "";
let begunAt = 0;

/** Listens for the table's keys; `enabled` is the reader's preference, the sheet's button works anyway. */
export function listen(enabled) {
  document.addEventListener("click", (event) => event.target.closest("[data-shortcut-sheet]") && showSheet());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leaveText(event);
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send(event);
    else if (enabled && isFree(event)) take(event);
  });
}

function take(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const first = event.timeStamp - begunAt < SEQUENCE_MS ? begun : "";
  begun = "";
  const chosen = SHORTCUTS.find(
    ({ keys, also = [] }) => keys.join(" ") === (first ? `${first} ${key}` : key) || (!first && also.includes(key) && inList(event)),
  );
  if (chosen) {
    event.preventDefault();
    chosen.run();
  } else if (SHORTCUTS.some(({ keys }) => keys.length > 1 && keys[0] === key)) {
    [begun, begunAt] = [key, event.timeStamp];
  }
}

/** Arrows scroll everywhere but in the list. */
const inList = (event) => event.target.closest(".inbox") !== null;

function isFree(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return false;
  const typing = "input, textarea, select, [contenteditable], [role=textbox], [role=listbox], [role=menu], [role=grid], audio, video";
  return !event.target.closest(typing) && !document.querySelector("dialog[open], :popover-open");
}

/** Esc leaves the text as it is and gives the keys back to the conversation. */
function leaveText(event) {
  if (event.defaultPrevented || event.isComposing || !event.target.matches(".composer__text, input[type=search]")) return;
  event.target.blur();
  document.getElementById(event.target.matches(".composer__text") ? "conversation" : "rows")?.focus({ preventScroll: true });
}

function send(event) {
  if (event.defaultPrevented || event.isComposing || !event.target.matches(".composer__text")) return;
  event.preventDefault();
  event.target.form.requestSubmit();
}

function showSheet() {
  const sheet = document.getElementById("shortcut-sheet") ?? makeSheet();
  if (!sheet.open) sheet.showModal();
}

function makeSheet() {
  const close = element("button", { type: "button", class: "icon-button", "aria-label": t("Fechar") }, icon("close"));
  const head = element("div", { class: "sheet__head" }, element("h2", { id: "sheet-title" }, t("Atalhos do teclado")), close);
  const groups = element("div", { class: "sheet__groups" }, ...TABLE.map(groupOf));
  const off = element("p", { class: "sheet__off" }, t("Para desligar os atalhos de uma tecla: "), linkToPreferences());
  const sheet = element("dialog", { class: "sheet", id: "shortcut-sheet", "aria-labelledby": "sheet-title" }, head, groups, off);
  close.addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  document.body.append(sheet);
  return sheet;
}

const linkToPreferences = () => element("a", { href: "/console/preferences" }, t("Notificações e atalhos"));

function groupOf({ group, keys }) {
  const lines = keys.map(({ keys: each, shown = each, what }) =>
    element("div", {}, element("dt", {}, what()), element("dd", {}, ...shown.flatMap((key) => [element("kbd", {}, key), " "]))),
  );
  return element("section", {}, element("h3", {}, group()), element("dl", { class: "sheet__keys" }, ...lines));
}
