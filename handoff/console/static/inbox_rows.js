/* The rows of the inbox. What changed is brought in without taking away focus, place or a target under the pointer:
   while the reader is in the midst of the list rows change in place, and what is new is offered by a button. */
import { t } from "/static/assets/words.js";

const SCROLLED_PX = 8;
const POINTER_RESTS_MS = 800;

const byId = (id) => document.getElementById(id);
const list = () => byId("rows");
const scroller = () => byId("inbox-scroll");
const rowsOf = (part) => [...(part?.children ?? [])];

let pointerAt = -Infinity;
document.addEventListener("pointermove", (event) => {
  if (event.pointerType === "mouse" && event.target.closest?.("#rows")) pointerAt = performance.now();
});

/** The fragment of the inbox as elements, not yet in the page. */
export function parse(text) {
  const holder = document.createElement("template");
  holder.innerHTML = text;
  return holder.content;
}

/** How many rows the reader has. */
export const shownRows = () => rowsOf(list()).length;

/** Which of these conversations are in the list. */
export const listed = (ids) => ids.filter((id) => byId(`row-${id}`));

/** For so long a row under the moving pointer must stay where it is. */
export const pointerRestsIn = () => Math.max(0, POINTER_RESTS_MS - (performance.now() - pointerAt));

/** Whether the reader is in the midst of the list. */
export function isBusy() {
  return scroller().scrollTop > SCROLLED_PX || Boolean(list()?.contains(document.activeElement));
}

/** Brings in the first page read anew; `changed` are the ids of which something is known to have changed, null: any. */
export function bringIn(fresh, changed) {
  const from = fresh.getElementById("rows");
  if (!list() || !from) {
    replaceAll(fresh);
    return;
  }
  const checked = fresh.getElementById("inbox-checked")?.content;
  const news = new Map([...rowsOf(from), ...rowsOf(checked)].map((row) => [row.id, row]));
  const order = orderAfter(rowsOf(from), fresh.getElementById("inbox-scroll").dataset.next, news, changed);
  if (isBusy()) changeInPlace(order, news);
  else rearrange(order, news);
}

/** The fresh rows, then those further down of which nothing says that they left. */
function orderAfter(first, next, news, changed) {
  const ids = first.map((row) => row.id);
  const known = new Set(ids);
  const below = rowsOf(list()).map((row) => row.id).filter((id) => !known.has(id));
  const stays = (id) => news.has(id) || (changed !== null && !changed.has(id.slice("row-".length)));
  const kept = next ? below.filter(stays) : [];
  if (kept.length === 0) setNext(next);
  return [...ids, ...kept];
}

/** The first row that the reader sees, and how far below the top it begins. */
export function readerPlace() {
  const top = scroller().getBoundingClientRect().top;
  const first = rowsOf(list()).find((row) => row.getBoundingClientRect().bottom > top);
  return first ? { id: first.id, offset: first.getBoundingClientRect().top - top } : null;
}

/** Scrolls so that this row is there again, whatever became of those above it. */
export function putReader(place) {
  const row = place && byId(place.id);
  if (!row) return;
  const top = scroller().getBoundingClientRect().top;
  scroller().scrollTop += row.getBoundingClientRect().top - top - place.offset;
}

function changeInPlace(order, news) {
  const place = readerPlace();
  const stays = new Set(order);
  let missing = 0;
  for (const row of rowsOf(list())) {
    if (stays.has(row.id)) delete row.dataset.gone;
    else row.dataset.gone = t("Saiu desta lista");
    if (news.has(row.id)) change(row, news.get(row.id));
  }
  const places = new Map(rowsOf(list()).map((row, place) => [row.id, place]));
  order.slice(0, news.size).forEach((id, place) => {
    if (!places.has(id) || (places.get(id) > place && news.has(id) && cameUp(id, place, places, order))) missing += 1;
  });
  putReader(place);
  offer(missing);
}

/** Whether a row would stand above one that it stands below now, and is not merely pushed by newcomers. */
const cameUp = (id, place, places, order) =>
  order.slice(place + 1).some((other) => places.has(other) && places.get(other) < places.get(id));

function rearrange(order, news) {
  let at = list().firstElementChild;
  for (const id of order) {
    const known = byId(id);
    const row = known ?? news.get(id);
    delete row.dataset.gone;
    if (known && news.has(id)) change(known, news.get(id));
    if (row === at) at = at.nextElementSibling;
    else list().insertBefore(row, at);
    if (!known) htmx.process(row);
  }
  while (at) {
    const gone = at;
    at = at.nextElementSibling;
    gone.remove();
  }
  offer(0);
}

/** The link stays the same element: it may have the focus, or be pressed this very moment. */
function change(row, fresh) {
  const unread = fresh.classList.contains("row--unread");
  row.classList.toggle("row--unread", unread);
  const [link, other] = [row.firstElementChild, fresh.firstElementChild];
  if (link.innerHTML !== other.innerHTML) link.innerHTML = other.innerHTML;
}

/** From rows to none or back; nothing of the reader's is in an empty list. */
function replaceAll(fresh) {
  const from = fresh.getElementById("inbox-scroll");
  scroller().replaceChildren(...from.childNodes);
  setNext(from.dataset.next);
  htmx.process(scroller());
  offer(0);
}

function offer(count) {
  const button = byId("inbox-news");
  button.hidden = count === 0;
  if (count > 0) button.textContent = count === 1 ? t("1 nova") : t("{count} novas", { count });
}

function setNext(cursor) {
  scroller().dataset.next = cursor;
  if (byId("more")) byId("more").hidden = !cursor;
}

/** Adds the rows of the next page at the end; a row that is there already stays where it is. */
export function append(fresh) {
  const from = fresh.getElementById("rows");
  for (const row of rowsOf(from)) {
    if (byId(row.id)) continue;
    list().append(row);
    htmx.process(row);
  }
  setNext(from.dataset.next);
}
