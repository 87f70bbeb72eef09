/* Texts of the scripts in the reader's language: pt-BR is written in the code, the page carries the others. */

const holder = document.getElementById("words");
const words = holder ? JSON.parse(holder.textContent) : {};

/** t("Falhou: {reason}", { reason }): the text in the reader's language with its places filled. */
export function t(text, values = {}) {
  return (words[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** The reader's language as browsers write it, such as pt-BR. */
export const language = document.documentElement.lang;
