/* Wires the console: what changed on the server is fetched, what the agent opens is made ready. */
import { tellViewing } from "./around.js";
import { box, initComposer, isSending } from "./composer.js";
import { refreshInbox, showOwn } from "./inbox.js";
import { live } from "./live.js";
import { listen as listenToThread } from "./messages.js";
import { openConversation, post, refreshPane } from "./page.js";
import { rememberPlace, restorePlace } from "./thread.js";
import { showWaitingCount } from "./title.js";
import { showProblem } from "./toast.js";
import { t } from "/static/assets/words.js";

const REFRESH_WAITING_TIMES_MS = 30_000;
const FINE_POINTER = matchMedia("(pointer: fine)");

const byId = (id) => document.getElementById(id);
let waiting = Number(byId("inbox").dataset.waiting);

function showWaiting() {
  const now = Number(byId("inbox").dataset.waiting);
  if (now > waiting) {
    byId("announcer").textContent = now === 1 ? t("Uma conversa espera na fila.") : t("{count} conversas esperam na fila.", { count: now });
  }
  waiting = now;
  showWaitingCount(now);
}

function markOpenRow() {
  for (const link of document.querySelectorAll(".row__link")) {
    if (link.dataset.conversation === openConversation()) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

async function tellSeen() {
  const pane = byId("conversation");
  if (document.visibilityState !== "visible" || !("unread" in pane.dataset)) return;
  delete pane.dataset.unread;
  const { conversation, lastSeq } = pane.dataset;
  await post(`/console/conversations/${conversation}/seen`, [["seq", lastSeq]]).catch(() => {});
  refreshInbox([conversation]);
}

function makeReady() {
  initComposer(document.querySelector("[data-composer]"));
  tellViewing();
  restorePlace();
  markOpenRow();
  showWaiting();
  tellSeen();
}

/** After opening or claiming, an agent at a keyboard writes at once; on a phone the keyboard stays away. */
function focusConversation() {
  const text = document.querySelector(".composer__text");
  (FINE_POINTER.matches && text ? text : byId("conversation"))?.focus({ preventScroll: true });
}

document.addEventListener("htmx:before:swap", (event) => {
  const { response, text } = event.detail.ctx;
  const refusedInPlace = response?.status === 409 && text.includes('id="conversation"');
  if (response?.status >= 400 && !refusedInPlace) {
    event.preventDefault();
    showProblem(response, text);
  }
  rememberPlace();
});
document.addEventListener("htmx:after:swap", (event) => {
  makeReady();
  const source = event.detail.ctx.sourceElement;
  if (source?.matches(".row__link, .actions form")) {
    focusConversation();
    const { request, response } = event.detail.ctx; // The form itself may have become another by the morph.
    if (request.action.endsWith("/claim") && response.status === 200) showOwn();
    refreshInbox();
  }
});

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-toggle]");
  for (const opener of document.querySelectorAll("[data-toggle]")) {
    const part = byId(opener.dataset.toggle);
    const inside = part?.contains(event.target);
    const open = opener === toggle ? !("open" in part.dataset) : inside && "open" in part.dataset;
    if (!part) continue;
    part.toggleAttribute("data-open", open);
    opener.setAttribute("aria-expanded", String(open));
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const opener of document.querySelectorAll('[data-toggle][aria-expanded="true"]')) {
    opener.click();
    opener.focus();
  }
});
document.addEventListener("visibilitychange", tellSeen);

document.addEventListener("ponte:inbox", showWaiting);

live.onChange((ids) => {
  refreshInbox(ids);
  const open = openConversation();
  if (open && (ids === null || ids.includes(open)) && !isSending(open)) refreshPane();
});
setInterval(() => refreshInbox(), REFRESH_WAITING_TIMES_MS);
listenToThread(box);
makeReady();
