/* The messages of the conversation, by id, shown in the order of their seq. */
import { element } from "../assets/text.js";
import { dayKey, dayName } from "../assets/time.js";
import { bubbleOf } from "./bubble.js";

const SAME_BREATH_MS = 3 * 60 * 1000;

/** What of a message is seen: signed addresses change at every reading and say nothing new. */
function fingerprint(message) {
  return JSON.stringify(message, (key, value) => (key === "url" ? Boolean(value) : value));
}

const QUOTE_CHARS = 160;

function shorten(text) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > QUOTE_CHARS ? `${line.slice(0, QUOTE_CHARS).trimEnd()}…` : line;
}

export class Transcript {
  #messages = new Map();
  #nodes = new Map();
  lastSeq = 0;

  constructor(list, { brandName }) {
    this.list = list;
    this.brandName = brandName;
  }

  textOf(id) {
    return this.#messages.get(id)?.text ?? "";
  }

  /** What a message looks like when another answers it. */
  quoteOf(id) {
    const message = this.#messages.get(id);
    if (!message) return null;
    const [file] = message.deleted ? [] : (message.attachments ?? []);
    const image = file?.url && file.mime?.startsWith("image/") ? `${file.url}?small=1` : null;
    return {
      id,
      author: message.direction === "in" ? "Você" : this.#authorName(message),
      text: message.deleted ? "Mensagem apagada" : shorten(message.text) || file?.name || "",
      image,
    };
  }

  /** The customer's newest message that may still be changed. */
  get lastEditable() {
    return this.#ordered().findLast((message) => message.direction === "in" && message.text && !message.deleted && !message.early);
  }

  /** The number of the newest message of the other side's that the server does not know as read; 0 when all are. */
  get unreadSeq() {
    return this.#ordered().findLast((message) => message.direction === "out" && message.delivery !== "read")?.seq ?? 0;
  }

  get newest() {
    return this.#ordered().at(-1);
  }

  #ordered() {
    return [...this.#messages.values()].sort((a, b) => a.seq - b.seq);
  }

  /** Shows an acknowledged message of the customer at once, before the server sends it back. */
  accept(item, { id, seq }) {
    if (this.#messages.has(id)) return;
    const attachments = item.files.map((file) => ({ name: file.name, mime: file.type, size: file.size, url: null }));
    this.merge([
      {
        id,
        seq,
        direction: "in",
        author: { kind: "contact" },
        text: item.text,
        attachments,
        reply_to: item.replyTo,
        created_at: item.createdAt,
        early: true,
      },
    ]);
  }

  /** Takes new and changed messages; returns those from the other side that were not known. */
  merge(messages) {
    const arrived = [];
    for (const message of messages) {
      const known = this.#messages.get(message.id);
      if (!known && message.direction === "out") arrived.push(message);
      if (!message.early) this.lastSeq = Math.max(this.lastSeq, message.seq);
      if (known && fingerprint(known) === fingerprint(message)) continue;
      this.#messages.set(message.id, message);
      this.#nodes.delete(message.id);
    }
    this.#draw();
    return arrived;
  }

  #authorName(message) {
    return message.author?.kind === "bot" ? "Assistente virtual" : message.author?.name || this.brandName;
  }

  #stateOf(message, answeredSeq) {
    if (message.direction !== "in") return null;
    const reached = ["delivered", "read", "processed", "done"].includes(message.delivery);
    return reached || message.seq < answeredSeq ? "delivered" : "sent";
  }

  /** Puts the nodes in order, building only the ones that changed, so that a screen reader hears new messages alone. */
  #draw() {
    const wanted = [];
    const ordered = this.#ordered();
    const answeredSeq = ordered.findLast((message) => message.direction === "out")?.seq ?? 0;
    let previous = null;
    for (const message of ordered) {
      const date = new Date(message.created_at);
      if (!previous || dayKey(date) !== dayKey(new Date(previous.created_at))) {
        wanted.push(this.#dayNode(date));
        previous = null;
      }
      wanted.push(this.#messageNode(message, previous, answeredSeq));
      previous = message;
    }
    const chosen = document.activeElement?.closest(".message")?.dataset.id; // Drawn anew, it would lose the focus.
    const keep = new Set(wanted);
    for (const node of [...this.list.children]) if (!keep.has(node)) node.remove();
    wanted.forEach((node, index) => {
      if (this.list.children[index] !== node) this.list.insertBefore(node, this.list.children[index] ?? null);
    });
    if (chosen && document.activeElement === document.body) {
      this.list.querySelector(`.message[data-id="${chosen}"]`)?.focus({ preventScroll: true });
    }
  }

  #dayNode(date) {
    const name = dayName(date);
    const key = `day ${dayKey(date)} ${name}`;
    if (!this.#nodes.has(key)) this.#nodes.set(key, element("p", { class: "day" }, name));
    return this.#nodes.get(key);
  }

  #messageNode(message, previous, answeredSeq) {
    const follows =
      previous != null &&
      previous.author?.kind === message.author?.kind &&
      previous.author?.name === message.author?.name &&
      new Date(message.created_at) - new Date(previous.created_at) < SAME_BREATH_MS;
    const state = this.#stateOf(message, answeredSeq);
    const shown = this.#nodes.get(message.id);
    if (shown && shown.dataset.follows === String(follows) && shown.dataset.state === String(state)) return shown;
    const own = message.direction === "in";
    const quote = message.reply_to ? this.quoteOf(message.reply_to) : null;
    const node = bubbleOf({ ...message, state, quote }, { own, follows, authorName: this.#authorName(message) });
    node.dataset.follows = String(follows);
    node.dataset.state = String(state);
    this.#nodes.set(message.id, node);
    return node;
  }
}
