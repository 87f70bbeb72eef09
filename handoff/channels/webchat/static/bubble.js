/* One message as an element. Rebuilt whole when the message changes: edits, deletions and delivery marks are rare. */
import { sizeName } from "../assets/files.js";
import { messageTools } from "../assets/message_menu.js";
import { appendText, element, icon, isEmojiOnly } from "../assets/text.js";
import { clock, fullTime } from "../assets/time.js";

const LONG_TEXT_CHARS = 1500;
const PICTURE_PIXELS = 320;
const LEAST_PIXELS = 48;
const DELIVERY = {
  sending: ["clock", "Enviando"],
  sent: ["check", "Enviada"],
  delivered: ["checks", "Entregue"],
};
const TOOLS = { reply: "Responder", menu: "Ações da mensagem" };

/** A picture's place is kept before it is loaded. */
function placeOf({ width, height }) {
  if (!width || !height) return {};
  const scale = Math.min(1, PICTURE_PIXELS / width, PICTURE_PIXELS / height);
  const pixels = (side) => Math.max(LEAST_PIXELS, Math.round(side * scale));
  return { width: pixels(width), height: pixels(height) };
}

function imageOf(attachment) {
  const words = { alt: attachment.name || "Imagem", loading: "lazy" };
  const image = element("img", { src: `${attachment.url}?small=1`, ...words, ...placeOf(attachment) });
  return element("a", { class: "attachment--image", href: attachment.url, target: "_blank", rel: "noopener" }, image);
}

function fileOf(attachment) {
  return element(
    "a",
    { class: "attachment--file", href: attachment.url, target: "_blank", rel: "noopener" },
    icon("file"),
    element("span", { class: "attachment__name" }, attachment.name || "Arquivo"),
    element("span", { class: "attachment__size" }, sizeName(attachment.size)),
  );
}

export function attachmentOf(attachment) {
  const [kind] = (attachment.mime ?? "").split("/");
  if (!attachment.url) return element("span", { class: "attachment--file" }, icon("file"), attachment.name);
  if (kind === "image") return imageOf(attachment);
  if (kind === "video" || kind === "audio") {
    const label = { "aria-label": attachment.name || (kind === "video" ? "Vídeo" : "Áudio") };
    return element(kind, { class: `attachment--${kind}`, controls: true, preload: "metadata", src: attachment.url, ...label });
  }
  return fileOf(attachment);
}

function textOf(text) {
  const long = text.length > LONG_TEXT_CHARS;
  const classes = ["message__text"];
  if (isEmojiOnly(text)) classes.push("message__text--emoji");
  if (long) classes.push("message__text--long");
  const paragraph = element("p", { class: classes.join(" ") });
  appendText(paragraph, text);
  if (!long) return [paragraph];
  const more = element("button", { type: "button", class: "message__more", "aria-expanded": "false" }, "Mostrar tudo");
  more.addEventListener("click", () => {
    const whole = paragraph.classList.toggle("message__text--whole");
    more.textContent = whole ? "Mostrar menos" : "Mostrar tudo";
    more.setAttribute("aria-expanded", String(whole));
  });
  return [paragraph, more];
}

/** `quote`: { id, author, text, image }; without an id it cannot be gone to. */
function quoteOf({ id, author, text, image }) {
  const words = element(
    "span",
    { class: "quote__words" },
    element("span", { class: "quote__author" }, author),
    element("span", { class: "quote__text" }, text),
  );
  const thumb = image ? element("img", { class: "quote__thumb", src: image, alt: "", width: 40, height: 40, loading: "lazy" }) : null;
  if (!id) return element("span", { class: "quote" }, words, thumb);
  const label = `Ir para a mensagem citada: ${author}, ${text}`;
  return element("button", { type: "button", class: "quote", "data-quoted": id, "aria-label": label }, words, thumb);
}

function contentOf(message) {
  const bubble = element("div", { class: "bubble" });
  if (message.deleted) {
    bubble.append(element("p", { class: "message__deleted" }, "Mensagem apagada"));
    return bubble;
  }
  if (message.quote) bubble.append(quoteOf(message.quote));
  if (message.attachments?.length) {
    bubble.append(element("div", { class: "attachments" }, ...message.attachments.map(attachmentOf)));
  }
  if (message.text) bubble.append(...textOf(message.text));
  return bubble;
}

function stateOf(message) {
  if (message.failure) {
    return [icon("alert"), element("span", { class: "message__failure" }, `Falhou: ${message.failure}`)];
  }
  const [name, label] = DELIVERY[message.state] ?? [];
  if (!name) return [];
  return [icon(name), element("span", {}, message.waiting ? `${label}. ${message.waiting}` : label)];
}

/** What the customer may do with a message of the transcript. */
function possible(message, own) {
  if (message.deleted || message.early || !message.id || message.author?.kind === "system") return [];
  const offers = { reply: true, copy: Boolean(message.text), edit: own && Boolean(message.text), delete: own };
  return Object.keys(offers).filter((name) => offers[name]);
}

function metaOf(message, own) {
  const created = new Date(message.created_at);
  const eventful = message.failure || message.state === "sending" || message.edited_at;
  const meta = element("p", { class: eventful ? "message__meta message__meta--keep" : "message__meta" });
  meta.append(element("time", { datetime: created.toISOString(), title: fullTime(created) }, clock(created)));
  if (message.edited_at && !message.deleted) meta.append(element("span", {}, "· editada"));
  if (own) meta.append(...stateOf(message));
  if (message.onRetry) {
    const retry = element("button", { type: "button", class: "message__retry" }, icon("retry"), "Tentar de novo");
    retry.addEventListener("click", message.onRetry);
    const discard = element("button", { type: "button", class: "message__retry" }, "Descartar");
    discard.addEventListener("click", message.onDiscard);
    meta.append(retry, discard);
  }
  return meta;
}

/** `message` is one of the API, or of the outbox with `state`, `failure`, `waiting` and the two callbacks. */
export function bubbleOf(message, { own, follows, authorName }) {
  const kind = message.author?.kind ?? "contact";
  const classes = ["message", `message--${kind}`];
  if (own) classes.push("message--own");
  if (follows) classes.push("message--follows");
  const can = possible(message, own);
  const row = element("div", { class: "message__row" }, contentOf(message), can.length > 0 ? messageTools(TOOLS) : null);
  const author = element("p", { class: own ? "visually-hidden" : "message__author" }, own ? "Você" : authorName);
  const facts = { "data-id": message.id ?? message.clientId, "data-can": can.join(" "), tabindex: "-1" };
  return element("article", { class: classes.join(" "), ...facts }, author, row, metaOf(message, own));
}
