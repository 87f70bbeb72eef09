/* What is being written in each conversation: words, note or answer, quote, edit. It survives leaving and reloading. */

const keyOf = (id) => `ponte.draft.${id}`;

/** { text, mode, quote: { id, seq, author, text }, edit: { id, before } }, each only where there is something. */
export function readDraft(id) {
  const kept = localStorage.getItem(keyOf(id)) ?? "";
  if (!kept.startsWith("{")) return { text: kept };
  try {
    return { text: "", ...JSON.parse(kept) };
  } catch {
    return { text: kept };
  }
}

export function keepDraft(id, draft) {
  const { text, quote, edit, mode } = draft;
  if (!text && !quote && !edit) localStorage.removeItem(keyOf(id));
  else localStorage.setItem(keyOf(id), JSON.stringify({ text, mode, quote, edit }));
}
