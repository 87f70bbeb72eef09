/* The board: always as it stands, without jumping under the hand of who reorders it. */
import { live } from "./live.js";
import { call } from "./page.js";
import { showToast } from "./toast.js";
import { t } from "/static/assets/words.js";

const REFRESH_WAITING_TIMES_MS = 20_000;
const LEAST_PAUSE_MS = 500;
const MOVES = { ArrowUp: "up", ArrowDown: "down", Home: "top", End: "bottom" };

const byId = (id) => document.getElementById(id);
const dialog = byId("board-dialog");

let refreshing = false;
let wanted = false;
let dragged = null;

/** Fetches the board anew: one request at a time, twice a second at most, never while a row is dragged. */
async function refresh() {
  wanted = true;
  if (refreshing || dragged) return;
  refreshing = true;
  while (wanted && !dragged) {
    wanted = false;
    await fetchBoard();
    await new Promise((done) => setTimeout(done, LEAST_PAUSE_MS));
  }
  refreshing = false;
}

async function fetchBoard() {
  try {
    const response = await fetch("/console/board/content", { headers: { "HX-Request": "true" }, cache: "no-store" });
    if (response.redirected || response.status === 401) location.reload();
    if (!response.ok || dragged) return;
    const board = byId("board");
    await htmx.swap({ text: await response.text(), target: board, swap: "outerMorph", sourceElement: board });
  } catch {
    // The live connection comes back and asks again.
  }
}

const pathOf = (id, action) => `/api/v1/conversations/${encodeURIComponent(id)}/${action}`;

/* Reordering by keyboard and by dragging */

async function move(id, body) {
  try {
    await call("POST", pathOf(id, "position"), body);
  } catch (problem) {
    showToast(problem.message);
  }
  await fetchBoard();
  const row = byId(`board-row-${id}`);
  const place = row?.querySelector(".board-row__place")?.textContent;
  const name = row?.querySelector(".board-row__name")?.textContent;
  if (place) byId("announcer").textContent = t("{name}: posição {place}", { name, place });
  byId(`handle-${id}`)?.focus();
}

document.addEventListener("keydown", (event) => {
  const handle = event.target.closest?.("[data-handle]");
  const to = handle && MOVES[event.key];
  if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  move(handle.closest("[data-row]").dataset.row, { to });
}, true);

function markDrop(row) {
  for (const marked of document.querySelectorAll(".board-row--drop, .board-row--drop-after")) {
    marked.classList.remove("board-row--drop", "board-row--drop-after");
  }
  if (row) row.element.classList.add(row.after ? "board-row--drop-after" : "board-row--drop");
}

/** The row before which, or (the last one) after which, the dragged one would come; null where it may not. */
function dropPlace(event) {
  const element = event.target.closest?.("[data-line] > [data-row]");
  if (!element || !dragged || element === dragged || element.parentElement !== dragged.parentElement) return null;
  if (element.dataset.priority !== dragged.dataset.priority) return null;
  const box = element.getBoundingClientRect();
  const below = event.clientY > box.top + box.height / 2;
  const next = below ? element.nextElementSibling : element;
  const last = !next || next.dataset.priority !== dragged.dataset.priority;
  return last ? { element, after: true } : { element: next, after: false };
}

document.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.('[data-row][draggable="true"]');
  if (!row) return;
  dragged = row;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", row.querySelector(".board-row__name").textContent);
  row.classList.add("board-row--dragged");
});
document.addEventListener("dragover", (event) => {
  const place = dropPlace(event);
  markDrop(place);
  if (place) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const place = dropPlace(event);
  if (!place) return;
  event.preventDefault();
  const id = dragged.dataset.row;
  endDrag();
  if (place.element.dataset.row !== id) move(id, place.after ? { to: "bottom" } : { before: place.element.dataset.row });
});
document.addEventListener("dragend", endDrag);

function endDrag() {
  dragged?.classList.remove("board-row--dragged");
  dragged = null;
  markDrop(null);
  if (wanted) refresh();
}

/* What may be done with one conversation */

async function openChoices(id) {
  const response = await fetch(`/console/board/conversations/${id}`, { headers: { "HX-Request": "true" }, cache: "no-store" });
  if (!response.ok) {
    showToast(t("Esta conversa não está mais no painel."));
    refresh();
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  dialog.replaceChildren(...page.body.childNodes);
  dialog.dataset.opener = `choices-${id}`;
  dialog.showModal();
}

const BODY = {
  "take-over": () => ({}),
  return: () => ({}),
  position: (value) => ({ to: value }),
  priority: (value) => ({ priority: Number(value) }),
  status: (value) => ({ status: value }),
};

/** Does it; a refusal is said in the dialog, which stays open. */
async function attempt(work) {
  const buttons = dialog.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    await work();
    dialog.close();
  } catch (problem) {
    byId("board-dialog-notice").textContent = problem.message;
  } finally {
    for (const button of buttons) button.disabled = false;
  }
  refresh();
}

async function transfer(id, form) {
  const [kind, ...rest] = form.elements.target.value.split(":");
  await call("POST", pathOf(id, "assign"), { [kind]: rest.join(":") });
  const text = form.elements.note.value.trim();
  if (text) await call("POST", pathOf(id, "notes"), { text });
}

dialog.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const id = dialog.querySelector("[data-conversation]").dataset.conversation;
  attempt(() => call("POST", pathOf(id, button.dataset.do), BODY[button.dataset.do](button.dataset.value)));
});
dialog.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => transfer(dialog.querySelector("[data-conversation]").dataset.conversation, event.target));
});
dialog.addEventListener("change", (event) => {
  if (event.target.id !== "board-target") return;
  const standing = event.target.selectedOptions[0]?.dataset.standing;
  const hints = {
    offline: t("Essa pessoa não está com o console aberto: o cliente pode esperar até ela voltar."),
    away: t("Essa pessoa está ausente agora: o cliente pode esperar até ela voltar."),
  };
  byId("board-target-hint").textContent = hints[standing] ?? "";
});
dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  byId(dialog.dataset.opener)?.focus();
});

/* People */

async function setPresence(button) {
  try {
    await call("PUT", `/api/v1/users/${button.dataset.person}/presence`, { presence: button.dataset.says });
  } catch (problem) {
    showToast(problem.message);
  }
  refresh();
}

document.addEventListener("click", (event) => {
  const choices = event.target.closest("[data-choices]");
  if (choices) openChoices(choices.dataset.choices);
  const person = event.target.closest("[data-person]");
  if (person) setPresence(person);
});

live.onChange(refresh);
live.onMessage((message) => {
  if (message.team) refresh();
});
setInterval(refresh, REFRESH_WAITING_TIMES_MS);
