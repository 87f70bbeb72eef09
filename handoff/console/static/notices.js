/* Calls the reader: a sound, a notification of the desktop, a number in the title. The server says what calls whom
   (/api/v1/me/notices); here it is decided whether to disturb. */
import { live } from "./live.js";
import { play } from "./sounds.js";
import { claimCalls, isLeader, isSeen } from "./tabs.js";
import { t } from "/static/assets/words.js";

const PAUSE_MS = 1000;
const OTHERS_PAUSE_MS = 20_000; // A tab that does not call only keeps up, to go on from there when it must.
const WORDS = {
  queue: (name) => t("{name} entrou na fila", { name }),
  message: (name) => t("{name} respondeu", { name }),
  mention: (name) => t("Mencionaram você na conversa com {name}", { name }),
  assigned: (name) => t("A conversa com {name} foi passada para você", { name }),
};

let preferences = {};
let seq = null;
let asking = false;
let again = false;
let unseen = 0;

export function listen(wanted) {
  preferences = wanted;
  live.onChange(ask);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && count(0));
  addEventListener("focus", () => count(0));
}

/** One question at a time, at most one a second, and one more when something happened meanwhile. */
async function ask() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  again = false;
  const answer = await fetchNotices();
  if (answer) {
    const known = seq !== null;
    seq = answer.seq;
    if (known && isLeader()) call(answer.notices);
  }
  setTimeout(() => {
    asking = false;
    if (again) ask();
  }, isLeader() ? PAUSE_MS : OTHERS_PAUSE_MS);
}

async function fetchNotices() {
  const query = seq === null ? "" : `?after=${seq}`;
  try {
    const response = await fetch(`/api/v1/me/notices${query}`, { cache: "no-store" });
    return response.ok ? await response.json() : null;
  } catch {
    return null; // The next change asks again from the same number.
  }
}

function call(notices) {
  const fresh = notices.filter((notice) => !isSeen(notice.conversation));
  if (fresh.length === 0 || !claimCalls(fresh.at(-1).seq)) return;
  if (preferences.sounds) play(fresh.at(-1).kind);
  document.dispatchEvent(new CustomEvent("ponte:called", { detail: fresh }));
  if (isSeen()) return;
  count(unseen + fresh.length);
  if (preferences.desktop && globalThis.Notification?.permission === "granted") fresh.slice(-3).forEach(show);
}

function show({ kind, conversation, name, text }) {
  const title = WORDS[kind]?.(name || t("Visitante"));
  const notification = new Notification(title, { body: text, tag: `ponte-${conversation}`, icon: "/static/assets/favicon.svg" });
  notification.addEventListener("click", () => {
    window.focus();
    notification.close();
    const row = document.querySelector(`.row__link[data-conversation="${conversation}"]`);
    if (row) row.click();
    else location.assign(`/console/conversations/${conversation}`);
  });
}

/** The number stands before the title; the inbox's own number gives way to it while nobody looks. */
function count(number) {
  unseen = number;
  document.dispatchEvent(new CustomEvent("ponte:unseen", { detail: number }));
}
