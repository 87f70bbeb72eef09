/* Writing to the customer, or a note to the team. Drafts and chosen files stay with their conversation. */
import { growWithText, submitOnEnter } from "../assets/composer.js";
import { FileTray, acceptFiles, inMessages, sizeName } from "../assets/files.js";
import { uuid } from "../assets/random.js";
import { appendText, element, icon } from "../assets/text.js";
import { clock } from "../assets/time.js";
import { post, refreshInbox, refreshPane } from "./page.js";
import { toBottom } from "./thread.js";

const draftKey = (id) => `ponte.draft.${id}`;
const maxBytes = () => Number(document.body.dataset.maxUploadBytes);
const chosenFiles = new Map(); // Conversation → files picked but not sent.
const unsent = new Map(); // Conversation → messages on their way, in order.
const sending = new Set();

/* Actions of the conversation on their way (claiming, …). Not told by htmx's class: a refresh of the pane takes it away. */
const acting = new Set();
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement.matches(".actions form")) acting.add(ctx);
});
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  if (acting.delete(ctx) && acting.size === 0) document.dispatchEvent(new Event("ponte:acted"));
});

function say(words) {
  const notice = document.getElementById("composer-notice");
  if (notice) notice.textContent = words;
}

export function initComposer(form) {
  if (!form || form.dataset.ready) return;
  form.dataset.ready = "yes";
  const id = form.dataset.composer;
  const text = form.elements.text;
  const tray = new FileTray(document.getElementById(`tray-${id}`), {
    maxBytes: maxBytes(),
    onRefused: say,
    onChange: () => chosenFiles.set(id, [...tray.files]),
  });
  tray.add(chosenFiles.get(id) ?? []);
  text.value = localStorage.getItem(draftKey(id)) ?? "";
  text.addEventListener("input", () => keepDraft(id, text.value));
  submitOnEnter(text, form);
  growWithText(text);
  acceptFiles({
    tray,
    picker: form.elements.files,
    button: form.querySelector("[data-attach]"),
    area: document.getElementById("conversation"),
    hint: document.getElementById("drop-hint"),
    input: text,
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // An action on its way (claiming) decides whether this is an answer or a note: it goes first.
    if (acting.size > 0) {
      document.addEventListener("ponte:acted", () => form.isConnected && form.requestSubmit(), { once: true });
    } else {
      submit(form, id, text, tray);
    }
  });
  drawUnsent(id);
}

function keepDraft(id, text) {
  if (text) localStorage.setItem(draftKey(id), text);
  else localStorage.removeItem(draftKey(id));
}

function submit(form, id, text, tray) {
  const mode = form.querySelector("[name=mode]:checked:enabled")?.value;
  if (!mode) return say("Assuma a conversa para responder ao cliente, ou escolha “Nota interna”.");
  const words = text.value.trim();
  const files = mode === "messages" ? tray.take() : [];
  if (!words && files.length === 0) return undefined;
  say("");
  chosenFiles.set(id, [...tray.files]);
  text.value = "";
  keepDraft(id, "");
  growWithText(text);
  const messages = inMessages(files, maxBytes()).map((some, index) => ({
    clientId: uuid(),
    mode,
    words: index === 0 ? words : "",
    files: some,
    at: new Date(),
    failure: "",
  }));
  unsent.set(id, [...(unsent.get(id) ?? []), ...messages]);
  drawUnsent(id);
  toBottom();
  return sendAll(id);
}

/** Sends what waits, one after the other; a refused message waits for its writer and holds back nothing else. */
async function sendAll(id) {
  if (sending.has(id)) return;
  sending.add(id);
  for (let next = nextOf(id); next; next = nextOf(id)) {
    try {
      const fields = [["client_id", next.clientId], ["text", next.words], ...next.files.map((file) => ["file", file])];
      await post(`/console/conversations/${id}/${next.mode}`, fields);
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

function drawUnsent(id) {
  const list = document.getElementById(`pending-${id}`);
  list?.replaceChildren(...(unsent.get(id) ?? []).map((message) => bubbleOf(id, message)));
}

function bubbleOf(id, message) {
  const words = element("p", { class: "message__text" });
  appendText(words, message.words);
  const files = message.files.map((file) =>
    element("span", { class: "attachment--file" }, icon("file"), element("span", {}, file.name), element("span", {}, sizeName(file.size))),
  );
  const meta = element("p", { class: "message__meta message__meta--keep" }, element("time", {}, clock(message.at)));
  if (message.failure) meta.append(...failureOf(id, message));
  else meta.append(icon("clock"), "Enviando");
  const kind = message.mode === "notes" ? "message--note" : "message--agent";
  const bubble = element("div", { class: "bubble" }, ...files, message.words ? words : null);
  return element("article", { class: `message message--own ${kind}` }, bubble, meta);
}

function failureOf(id, message) {
  const retry = element("button", { type: "button", class: "message__retry" }, icon("retry"), "Tentar de novo");
  const discard = element("button", { type: "button", class: "message__retry" }, "Descartar");
  retry.addEventListener("click", () => {
    message.failure = "";
    drawUnsent(id);
    sendAll(id);
  });
  discard.addEventListener("click", () => {
    drop(id, message);
    drawUnsent(id);
  });
  return [icon("alert"), element("span", { class: "message__failure" }, `Falhou: ${message.failure}`), retry, discard];
}

addEventListener("beforeunload", (event) => {
  if ([...unsent.values()].some((messages) => messages.length > 0)) event.preventDefault();
});
