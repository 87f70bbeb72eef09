/* Wires the chat page: what the customer does goes to the outbox, what the server says goes to the transcript. */
import { submitOnEnter } from "../assets/composer.js";
import { FileTray, acceptFiles, inMessages } from "../assets/files.js";
import { uuid } from "../assets/random.js";
import { learnLengths, recordWith } from "../assets/record.js";
import { element } from "../assets/text.js";
import { zoomPictures } from "../assets/zoom.js";
import { ChatApi } from "./api.js";
import { bubbleOf } from "./bubble.js";
import { Composing } from "./composing.js";
import { Live } from "./live.js";
import { listenToTranscript } from "./message_actions.js";
import { Outbox } from "./outbox.js";
import { Telling } from "./telling.js";
import { Transcript } from "./transcript.js";

const STATUS = {
  bot: "Assistente virtual",
  queue: "Na fila, logo uma pessoa atende você",
  agent: "Com uma pessoa",
  offline: "Sem conexão. Tentando de novo",
};
const TYPING_PATIENCE_MS = 25_000;
const BOTTOM_PX = 80;

const byId = (id) => document.getElementById(id);
const { channel, brandName, brandColour, maxUploadBytes, maxTextChars } = document.body.dataset;
if (/^#[0-9a-f]{6}$/i.test(brandColour)) document.documentElement.style.setProperty("--bubble-out", brandColour);

const scroll = byId("scroll");
const input = byId("composer-text");
let owner = "bot";
let connected = true;
let lastTop = 0;
let typingTimer = 0;

let pinned = true; // Whether the reader is at the end, and so wants to stay there.

function toBottom() {
  pinned = true;
  scroll.scrollTop = scroll.scrollHeight;
  byId("newer").hidden = true;
}

function say(words) {
  byId("notice").textContent = words;
}

function showStatus() {
  const shown = connected ? owner : "offline";
  const line = byId("status");
  line.dataset.owner = shown;
  if (line.textContent !== STATUS[shown]) line.textContent = STATUS[shown];
}

/** Somebody writes: the assistant, or a person by the name that customers may know. */
function showTyping(on, name = "") {
  clearTimeout(typingTimer);
  byId("typing").hidden = !on;
  byId("typing-who").textContent = name ? `${name} está digitando` : "A assistente está escrevendo";
  byId("typing-who").classList.toggle("visually-hidden", !name);
  // The server says when a person has stopped; the assistant's answer may fail to come.
  if (on && !name) typingTimer = setTimeout(() => showTyping(false), TYPING_PATIENCE_MS);
}

function tellRead() {
  if (pinned) telling.read(transcript.unreadSeq);
}

function showQuickReplies() {
  const group = byId("quick-replies");
  const newest = transcript.newest;
  const sending = outbox.items.some((item) => !item.failure);
  const offers = owner === "bot" && newest?.direction === "out" && !sending;
  const buttons = (offers ? (newest.buttons ?? []) : []).map(({ title, payload }) => {
    const button = element("button", { type: "button", class: "quick-reply" }, title);
    button.addEventListener("click", () => send({ text: title, payload }));
    return button;
  });
  group.replaceChildren(...buttons);
  group.hidden = buttons.length === 0;
}

function drawOutbox() {
  byId("outbox").replaceChildren(
    ...outbox.items.map((item) => {
      const shown = {
        ...item,
        created_at: item.createdAt,
        state: "sending",
        attachments: item.files.map((file) => ({ name: file.name, mime: file.type, size: file.size, url: null })),
        onRetry: item.failure ? () => outbox.retry(item.clientId) : null,
        onDiscard: () => outbox.discard(item.clientId),
      };
      return bubbleOf(shown, { own: true, follows: false });
    }),
  );
  showQuickReplies();
}

function takeState({ messages, conversation, typing }) {
  const arrived = transcript.merge(messages);
  if (conversation?.owner) owner = conversation.owner;
  if (typing) showTyping(true, typing.name);
  else if (arrived.length > 0 || owner !== "bot") showTyping(false);
  tellRead();
  connected = true;
  showStatus();
  showQuickReplies();
  if (!pinned && arrived.length > 0) byId("newer").hidden = false;
}

function send({ text, payload = null, files = [], quote = null }) {
  say("");
  telling.writing(false);
  outbox.add({ clientId: uuid(), text, payload, files, quote, replyTo: quote?.id, createdAt: new Date().toISOString() });
  toBottom();
}

const api = new ChatApi(channel);
const transcript = new Transcript(byId("transcript"), { brandName });
const outbox = new Outbox({
  api,
  channel,
  onChange: drawOutbox,
  onAccepted(item, accepted) {
    transcript.accept(item, accepted);
    if (owner === "bot" && transcript.newest?.seq === accepted.seq) showTyping(true);
    toBottom();
  },
});
const tray = new FileTray(byId("tray"), { maxBytes: Number(maxUploadBytes), onRefused: say });
const telling = new Telling({ api, isWanted: () => owner !== "bot" });
const composing = new Composing({ channel, input, place: byId("composing") });
const live = new Live({
  api,
  lastSeq: () => transcript.lastSeq,
  onState: takeState,
  onConnection(up) {
    connected = up;
    if (!up) showTyping(false); // Nobody can say any more.
    showStatus();
    if (up) byId("transcript").ariaBusy = "false"; // The history is read out by nobody's wish.
  },
});

async function saveEdit(text) {
  const id = composing.editing;
  if (!text) return say("Escreva a mensagem, ou apague-a no menu dela.");
  try {
    transcript.merge([await api.edit(id, text)]);
    if (composing.editing === id) composing.cancel();
    say("");
  } catch (error) {
    say(error.message);
  }
  return undefined;
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (text.length > Number(maxTextChars)) {
    const limit = Number(maxTextChars).toLocaleString("pt-BR");
    say(`A mensagem tem ${text.length.toLocaleString("pt-BR")} caracteres e o limite é ${limit}. Divida em partes.`);
    return;
  }
  if (composing.editing) {
    saveEdit(text);
    return;
  }
  if (!text && tray.files.length === 0) return;
  const [first, ...others] = inMessages(tray.take(), Number(maxUploadBytes));
  send({ text, files: first, quote: composing.take() });
  for (const files of others) send({ text: "", files });
  input.focus();
});

input.addEventListener("input", () => telling.writing(input.value.trim() !== "" && !composing.editing));
input.addEventListener("keydown", (event) => {
  const last = event.key === "ArrowUp" && !input.value && !composing.editing && transcript.lastEditable;
  if (!last) return;
  event.preventDefault();
  composing.edit(last.id, last.text);
});
submitOnEnter(input, byId("composer"));
acceptFiles({
  tray,
  picker: byId("files"),
  button: byId("attach"),
  area: document.body,
  hint: byId("drop-hint"),
  input,
});
recordWith({
  button: byId("record"),
  bar: byId("recorder"),
  onFile: (file) => tray.add([file]),
  onProblem: say,
  onEnd: () => input.focus(),
});
listenToTranscript({ api, transcript, composing, say, input });
zoomPictures();
learnLengths();
document.addEventListener("visibilitychange", tellRead);
byId("newer").addEventListener("click", toBottom);
scroll.addEventListener("scroll", () => {
  // Growing content scrolls too: only moving up means that the reader left the end.
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < BOTTOM_PX;
  if (atEnd || scroll.scrollTop < lastTop) pinned = atEnd;
  lastTop = scroll.scrollTop;
  if (pinned) byId("newer").hidden = true;
  tellRead();
});
const followGrowth = new ResizeObserver(() => pinned && toBottom());
for (const grown of [scroll, byId("transcript"), byId("outbox"), byId("typing")]) followGrowth.observe(grown);

outbox.restore();
live.run();
