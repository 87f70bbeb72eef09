/* The web-chat API as the page uses it. The visitor's secret stays in this browser; sessions come and go. */

import { uuid } from "../assets/random.js";

const VISITOR_KEY = "ponte.visitor";

export class ApiError extends Error {
  constructor(status, message, retryAfterSeconds = null) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether sending the very same thing again can help. */
  get temporary() {
    return this.status === 0 || this.status === 401 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

const WORDS = {
  0: "Sem conexão. Vamos tentar de novo.",
  400: "O servidor não entendeu esta mensagem.",
  409: "Esta mensagem já tinha sido enviada com outro conteúdo.",
  413: "Grande demais para ser enviado.",
  415: "Este tipo de arquivo não é aceito.",
  429: "Muitas mensagens em pouco tempo. Vamos tentar de novo.",
};

function visitorId() {
  try {
    const known = localStorage.getItem(VISITOR_KEY);
    if (known) return known;
    const fresh = uuid();
    localStorage.setItem(VISITOR_KEY, fresh);
    return fresh;
  } catch {
    return uuid(); // Storage is blocked: the conversation lasts as long as this page.
  }
}

async function wordOf(response) {
  const body = await response.json().catch(() => null);
  const said = body?.error?.message ?? body?.message ?? body?.description;
  return typeof said === "string" && said ? said : (WORDS[response.status] ?? "O servidor não respondeu como esperado.");
}

export class ChatApi {
  #base;
  #visitor = visitorId();
  #token = null;
  #opening = null;

  constructor(channel) {
    this.#base = `/webchat/${encodeURIComponent(channel)}`;
  }

  /** A session for this visitor; many callers at once share one request. */
  open() {
    this.#opening ??= this.#openSession().finally(() => (this.#opening = null));
    return this.#opening;
  }

  async #openSession() {
    const response = await this.#fetch("/sessions", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ visitor_id: this.#visitor }),
    });
    if (!response.ok) throw await this.#error(response);
    this.#token = (await response.json()).session;
  }

  async #fetch(path, options) {
    try {
      return await fetch(this.#base + path, { cache: "no-store", ...options });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, WORDS[0]);
    }
  }

  async #error(response) {
    const after = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
    return new ApiError(response.status, await wordOf(response), Number.isNaN(after) ? null : after);
  }

  /** One request; a session that ran out is renewed once, unseen by the customer. */
  async request(path, options = {}) {
    if (!this.#token) await this.open();
    for (let attempt = 0; ; attempt += 1) {
      const token = this.#token;
      const headers = { ...options.headers, Authorization: `Bearer ${token}` };
      const response = await this.#fetch(path, { ...options, headers });
      if (response.ok) return response;
      if (response.status !== 401 || attempt > 0) throw await this.#error(response);
      if (this.#token === token) await this.open();
    }
  }

  #json(method, path, body) {
    return this.request(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  }

  async edit(id, text) {
    return (await this.#json("PATCH", `/messages/${id}`, { text })).json();
  }

  async remove(id) {
    return (await this.request(`/messages/${id}`, { method: "DELETE" })).json();
  }

  read(seq) {
    return this.#json("POST", "/read", { seq });
  }

  typing(on) {
    return this.#json("POST", "/typing", { typing: on });
  }

  async send({ clientId, text, payload, files, replyTo }) {
    if (files.length > 0) {
      const form = new FormData();
      form.append("client_id", clientId);
      if (text) form.append("text", text);
      if (replyTo) form.append("reply_to", replyTo);
      for (const file of files) form.append("file", file, file.name);
      return (await this.request("/messages", { method: "POST", body: form })).json();
    }
    const body = { client_id: clientId, text, ...(payload ? { payload } : {}), ...(replyTo ? { reply_to: replyTo } : {}) };
    return (await this.#json("POST", "/messages", body)).json();
  }

  async messages(afterSeq, { waitSeconds = 0, signal } = {}) {
    const wait = waitSeconds ? `&wait=${waitSeconds}` : "";
    return (await this.request(`/messages?after=${afterSeq}${wait}`, { signal })).json();
  }

  events(afterSeq, signal) {
    return this.request(`/events?after=${afterSeq}`, { headers: { Accept: "text/event-stream" }, signal });
  }
}
