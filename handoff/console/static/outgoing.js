/* What was written and is not in the thread yet: sent one after the other, shown meanwhile, kept when it fails. */
import { uuid } from "/static/assets/random.js";
import { sizeName } from "/static/assets/files.js";
import { appendText, element, icon } from "/static/assets/text.js";
import { clock } from "/static/assets/time.js";
import { t } from "/static/assets/words.js";
import { refreshInbox } from "./inbox.js";
import { mentionsIn } from "./mention.js";
import { post, refreshPane } from "./page.js";

const unsent = new Map(); // Conversation → messages on their way, in order.
const sending = new Set();

/** `messages`: { mode, words, files, quote }. */
export function sendOut(id, messages) {
  const fresh = messages.map((message) => ({ ...message, clientId: uuid(), at: new Date(), failure: "" }));
  unsent.set(id, [...(unsent.get(id) ?? []), ...fresh]);
  drawUnsent(id);
  return sendAll(id);
}

async function fieldsOf(id, { mode, clientId, words, files, quote }) {
  const mentions = mode === "notes" ? await mentionsIn(id, words) : [];
  const fields = [["client_id", clientId], ["text", words], ...files.map((file) => ["file", file])];
  if (quote) fields.push(["reply_to", quote.id]);
  if (mentions.length > 0) fields.push(["mentions", mentions.join(" ")]);
  return fields;
}

/** Sends what waits, one after the other; a refused message waits for its writer and holds back nothing else. */
async function sendAll(id) {
  if (sending.has(id)) return;
  sending.add(id);
  for (let next = nextOf(id); next; next = nextOf(id)) {
    try {
      await post(`/console/conversations/${id}/${next.mode}`, await fieldsOf(id, next));
      await refreshPane();
      drop(id, next);
    } catch (error) {
      next.failure = error.message;
    }
    drawUnsent(id);
  }
  sending.delete(id);
  refreshPane();
  refreshInbox();
}

const nextOf = (id) => (unsent.get(id) ?? []).find((message) => !message.failure);

function drop(id, message) {
  unsent.set(id, unsent.get(id).filter((each) => each !== message));
}

/** Whether a message is between this page and the thread: a refresh now would show it twice. */
export const isSending = (id) => sending.has(id);

export function drawUnsent(id) {
  const list = document.getElementById(`pending-${id}`);
  list?.replaceChildren(...(unsent.get(id) ?? []).map((message) => bubbleOf(id, message)));
}

function quoteOf({ author, text }) {
  const words = [element("span", { class: "quote__author" }, author), element("span", { class: "quote__text" }, text)];
  return element("span", { class: "quote" }, element("span", { class: "quote__words" }, ...words));
}

function bubbleOf(id, message) {
  const words = element("p", { class: "message__text" });
  appendText(words, message.words);
  const files = message.files.map((file) =>
    element("span", { class: "attachment--file" }, icon("file"), element("span", {}, file.name), element("span", {}, sizeName(file.size))),
  );
  const meta = element("p", { class: "message__meta message__meta--keep" }, element("time", {}, clock(message.at)));
  if (message.failure) meta.append(...failureOf(id, message));
  else meta.append(icon("clock"), t("Enviando"));
  const kind = message.mode === "notes" ? "message--note" : "message--agent";
  const quote = message.quote ? quoteOf(message.quote) : null;
  const bubble = element("div", { class: "bubble" }, quote, ...files, message.words ? words : null);
  return element("article", { class: `message message--own ${kind}` }, element("div", { class: "message__row" }, bubble), meta);
}

function failureOf(id, message) {
  const retry = element("button", { type: "button", class: "message__retry" }, icon("retry"), t("Tentar de novo"));
  const discard = element("button", { type: "button", class: "message__retry" }, t("Descartar"));
  retry.addEventListener("click", () => {
    message.failure = "";
    drawUnsent(id);
    sendAll(id);
  });
  discard.addEventListener("click", () => {
    drop(id, message);
    drawUnsent(id);
  });
  const reason = t("Falhou: {reason}", { reason: message.failure });
  return [icon("alert"), element("span", { class: "message__failure" }, reason), retry, discard];
}

addEventListener("beforeunload", (event) => {
  if ([...unsent.values()].some((messages) => messages.length > 0)) event.preventDefault();
});
