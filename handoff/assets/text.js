/* Customer and agent text into the page, always as text nodes: nothing that somebody typed becomes markup. */

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'`]+/giu;
const SENTENCE_END = /[.,;:!?)\]}»”’*_]$/u;
const STRONG = /(?<![\w*])\*(?=\S)([^*\n]{1,200}?)(?<=\S)\*(?![\w*])/gu;
const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u200d|\ufe0f|\s)+$/u;

/** An address without the full stop or bracket that belongs to the sentence around it. */
function trimAddress(address) {
  while (SENTENCE_END.test(address)) {
    const closesItsOwn = address.endsWith(")") && address.split("(").length >= address.split(")").length;
    if (closesItsOwn) return address;
    address = address.slice(0, -1);
  }
  return address;
}

/** Splits text into plain parts and links. */
export function splitLinks(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = trimAddress(match[0]);
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: address, href: address.startsWith("www.") ? `https://${address}` : address });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** Words in *asterisks* are strong, as in WhatsApp, where the same texts go. */
function appendWords(parent, text) {
  let end = 0;
  for (const match of text.matchAll(STRONG)) {
    parent.append(text.slice(end, match.index), element("strong", {}, match[1]));
    end = match.index + match[0].length;
  }
  parent.append(text.slice(end));
}

export function appendText(parent, text) {
  for (const part of splitLinks(text)) {
    if (!part.href || !URL.canParse(part.href)) {
      appendWords(parent, part.text);
      continue;
    }
    const attributes = { href: part.href, target: "_blank", rel: "noopener noreferrer nofollow" };
    parent.append(element("a", attributes, part.text));
  }
}

export function isEmojiOnly(text) {
  return text.length <= 24 && EMOJI_ONLY.test(text);
}

/** Builds an element: element("p", { class: "x", hidden: true }, "text", child). */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}
