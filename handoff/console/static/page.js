/* Fetches parts of the page anew and morphs them in place, so that focus, selection, drafts and scroll stay. */

import { t } from "/static/assets/words.js";

const byId = (id) => document.getElementById(id);

export const openConversation = () => byId("conversation")?.dataset.conversation ?? "";

/** One refresh at a time, and one more when it was asked for meanwhile; the promise ends with the last. */
function coalesced(work) {
  let running = null;
  let again = false;
  async function run() {
    while (again) {
      again = false;
      await work();
    }
  }
  return () => {
    again = true;
    running ??= run().finally(() => (running = null));
    return running;
  };
}

const SEEN_HEADER = "Ponte-Seen-Seq";

let opened = { id: "", seenSeq: "" };

/** Up to where the open conversation had been seen when it was opened; kept here, since an answer of the server that
    was already on its way must not change it. */
export function seenSeq() {
  const { conversation: id, seenSeq: told } = byId("conversation").dataset;
  if (id !== opened.id) opened = { id, seenSeq: told };
  return opened.seenSeq;
}

export function setSeenSeq(seq) {
  seenSeq();
  opened.seenSeq = String(seq);
}

/** The line before the unseen messages stays until the conversation is left. */
function seenHeader(path) {
  const id = openConversation();
  return id && path.startsWith(`/console/conversations/${id}/`) ? { [SEEN_HEADER]: seenSeq() } : {};
}
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  Object.assign(ctx.request.headers, seenHeader(new URL(ctx.request.action, location.href).pathname));
});

/** The fragment, or null: after a failure the live socket connects again and everything is asked for once more. */
export async function partOf(url) {
  try {
    const response = await fetch(url, { headers: { "HX-Request": "true", ...seenHeader(url) }, cache: "no-store" });
    if (response.redirected || response.status === 401) location.reload(); // The login ended: the page leads to it.
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}

export const refreshPane = coalesced(async () => {
  const id = openConversation();
  if (!id) return;
  const text = await partOf(`/console/conversations/${id}/pane?from=${byId("conversation").dataset.fromSeq}`);
  if (!text || openConversation() !== id) return; // Another conversation was opened meanwhile.
  const pane = byId("conversation");
  await htmx.swap({ text, target: pane, swap: "outerMorph", sourceElement: pane });
});

/** Posts a form of the console; the answer's `message` is what a person should read when it was refused. */
export async function post(path, fields) {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  const headers = { "X-CSRF-Token": document.body.dataset.csrf };
  let response;
  try {
    response = await fetch(path, { method: "POST", body: form, headers });
  } catch {
    throw new Error(t("Sem conexão. Tente de novo."));
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && !response.redirected) return answer;
  const said = answer?.error?.message ?? answer?.message ?? answer?.description;
  throw new Error(said ?? (response.redirected ? t("Entre de novo para continuar.") : t("O servidor não respondeu como esperado.")));
}

/** Calls the JSON API as the signed-in person; a refusal's words are the error's. */
export async function call(method, path, body = undefined) {
  const headers = { "X-CSRF-Token": document.body.dataset.csrf };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Error(t("Sem conexão. Tente de novo."));
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Error(answer?.error?.message ?? t("O servidor não respondeu como esperado."));
  return answer;
}
