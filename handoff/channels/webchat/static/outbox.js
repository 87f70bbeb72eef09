/* What the customer wrote and the server has not acknowledged yet. It survives a reload, keeps its order, and is sent
   again with the same client id, so that nothing is lost and nothing arrives twice. */
import { ApiError } from "./api.js";

const DATABASE = "ponte";
const STORE = "outbox";
const ATTEMPTS_BEFORE_SAYING_SO = 4;
const LONGEST_PAUSE_SECONDS = 15;

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function openStore() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "clientId" });
  return settled(request);
}

/** Where items rest. Without IndexedDB (private windows) they rest in memory only. */
class Shelf {
  #database = openStore().catch(() => null);

  async #store(mode) {
    return (await this.#database)?.transaction(STORE, mode).objectStore(STORE);
  }

  async all(channel) {
    const store = await this.#store("readonly");
    const items = store ? await settled(store.getAll()) : [];
    return items.filter((item) => item.channel === channel).sort((a, b) => a.order - b.order);
  }

  async put(item) {
    const { channel, clientId, order, text, payload, files, quote, replyTo, createdAt, failure } = item;
    const kept = { channel, clientId, order, text, payload, files, quote, replyTo, createdAt, failure };
    const store = await this.#store("readwrite");
    if (store) await settled(store.put(kept));
  }

  async remove(clientId) {
    const store = await this.#store("readwrite");
    if (store) await settled(store.delete(clientId));
  }
}

export class Outbox {
  #items = [];
  #shelf = new Shelf();
  #working = false;
  #wake = () => {};

  constructor({ api, channel, onChange, onAccepted }) {
    this.api = api;
    this.channel = channel;
    this.onChange = onChange;
    this.onAccepted = onAccepted;
    addEventListener("online", () => this.#wake());
  }

  get items() {
    return this.#items;
  }

  async restore() {
    const kept = await this.#shelf.all(this.channel).catch(() => []);
    this.#items.unshift(...kept);
    this.onChange();
    this.#work();
  }

  add(item) {
    const last = this.#items.at(-1)?.order ?? 0;
    const kept = { ...item, channel: this.channel, order: Math.max(Date.now(), last + 1), failure: null };
    this.#items.push(kept);
    this.#shelf.put(kept).catch(() => {});
    this.onChange();
    this.#work();
  }

  retry(clientId) {
    const item = this.#items.find((candidate) => candidate.clientId === clientId);
    if (!item) return;
    item.failure = null;
    item.attempts = 0;
    this.onChange();
    this.#work();
  }

  discard(clientId) {
    this.#items = this.#items.filter((item) => item.clientId !== clientId);
    this.#shelf.remove(clientId).catch(() => {});
    this.onChange();
  }

  async #work() {
    if (this.#working) {
      this.#wake();
      return;
    }
    this.#working = true;
    for (let item = this.#next(); item; item = this.#next()) {
      await this.#attempt(item);
    }
    this.#working = false;
  }

  #next() {
    return this.#items.find((item) => !item.failure);
  }

  async #attempt(item) {
    try {
      const accepted = await this.api.send(item);
      this.onAccepted(item, accepted);
      this.discard(item.clientId);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      item.attempts = (item.attempts ?? 0) + 1;
      const hopeless = !error.temporary || (error.status >= 500 && item.attempts >= ATTEMPTS_BEFORE_SAYING_SO);
      item.failure = hopeless ? error.message : null;
      item.waiting = hopeless ? null : error.message;
      this.#shelf.put(item).catch(() => {});
      this.onChange();
      if (!hopeless) await this.#pause(error.retryAfterSeconds ?? Math.min(2 ** (item.attempts - 1), LONGEST_PAUSE_SECONDS));
    }
  }

  #pause(seconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
