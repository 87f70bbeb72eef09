/* The inbox: which conversations are shown, searching and filtering them, and keeping the list live. */
import { openFilters } from "./inbox_filters.js";
import {
  append,
  bringIn,
  isBusy,
  listed,
  parse,
  pointerRestsIn,
  putReader,
  readerPlace,
  shownRows,
} from "./inbox_rows.js";
import { openConversation, partOf, post } from "./page.js";

const REFRESH_MS = 500;
const SEARCH_REFRESH_MS = 3000;
const HIDDEN_REFRESH_MS = 3000;
const TYPING_MS = 250;
const REMEMBER_MS = 1500;
const NEAR_END_ROWS = 5;
const KEPT_MS = 600_000;
const KEPT = "ponte-inbox";

const byId = (id) => document.getElementById(id);
const box = () => byId("inbox");
const field = () => byId("inbox-q");

let changed = new Set();
let timer = 0;
let running = false;
let again = false;
let lastAt = 0;
let latestShow = 0;
let viewBefore = "";
let place = null; // The reader's, noted while the list is visible: one behind a conversation has lost it.

/** The rows are read anew soon, at most twice a second; a search, which costs more, less often.
    `ids`: what changed; null: anything may have. */
export function refreshInbox(ids = []) {
  if (ids === null) changed = null;
  else if (changed !== null) for (const id of ids) changed.add(id);
  const searching = new URLSearchParams(box().dataset.query).has("q");
  const visible = document.visibilityState === "visible";
  const pause = !visible ? HIDDEN_REFRESH_MS : searching ? SEARCH_REFRESH_MS : REFRESH_MS;
  schedule(Math.max(0, lastAt + pause - performance.now()));
}

function schedule(ms) {
  again ||= running;
  if (timer || running) return;
  timer = setTimeout(async () => {
    timer = 0;
    running = true;
    await refresh().finally(() => (running = false));
    if (again) refreshInbox();
    again = false;
  }, ms);
}

async function refresh() {
  const { query } = box().dataset;
  const known = changed;
  changed = new Set();
  lastAt = performance.now();
  const asked = new URLSearchParams(query);
  asked.set("open", openConversation());
  if (known === null) asked.set("shown", shownRows());
  else if (known.size > 0) asked.set("check", listed([...known]).slice(0, 100).join(","));
  const text = await partOf(`/console/inbox?${asked}`);
  if (!text || box().dataset.query !== query) return;
  const rests = pointerRestsIn();
  if (rests > 0) await new Promise((done) => setTimeout(done, rests));
  if (box().dataset.query !== query) return;
  const fresh = parse(text);
  bringIn(fresh, known);
  showCounts(fresh);
}

function showCounts(fresh) {
  box().dataset.waiting = fresh.getElementById("inbox").dataset.waiting;
  for (const link of box().querySelectorAll("#inbox-views a, #inbox-statuses a")) {
    const other = fresh.getElementById(link.id);
    if (link.innerHTML !== other.innerHTML) link.innerHTML = other.innerHTML;
  }
  document.dispatchEvent(new CustomEvent("ponte:inbox"));
}

/** Shows another view, order or filter; the address says so, and it is there the next time. */
export async function show(query, { replace = false } = {}) {
  latestShow += 1;
  const number = latestShow;
  box().setAttribute("aria-busy", "true");
  const asked = new URLSearchParams(query);
  asked.set("open", openConversation());
  const text = await partOf(`/console/inbox?${asked}`);
  if (number !== latestShow) return;
  box().removeAttribute("aria-busy");
  if (!text) return;
  const hadFocus = box().contains(document.activeElement);
  await htmx.swap({ text, target: box(), swap: "outerMorph", sourceElement: box() });
  byId("inbox-scroll").scrollTop = 0;
  if (hadFocus && document.activeElement === document.body) byId("inbox-filter").focus();
  const open = openConversation();
  const address = `${open ? `/console/conversations/${open}` : "/console"}?${box().dataset.query}`;
  if (replace) history.replaceState({ htmx: true }, "", address);
  else history.pushState({ htmx: true }, "", address);
  watchEnd();
  remember();
}

/** What an agent has just claimed is found among their own. */
export function showOwn() {
  if (box().dataset.view !== "queue") return;
  const query = new URLSearchParams(box().dataset.query);
  query.set("view", "mine");
  show(query, { replace: true });
}

let remembering = 0;
function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    post("/console/inbox/remember", [["query", box().dataset.query]]).catch(() => {});
  }, REMEMBER_MS);
}

/* Searching: everywhere, whatever view was shown; back to that view when the field is emptied. */
let typing = 0;
function searchSoon(ms) {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const q = field().value.trim();
    const query = new URLSearchParams(box().dataset.query);
    const before = query.get("q") ?? "";
    if (q === before) return;
    if (q && !before) {
      viewBefore = query.get("view");
      query.set("view", "all");
    }
    if (q) {
      query.set("q", q);
    } else {
      query.delete("q");
      query.set("view", viewBefore || query.get("view"));
    }
    show(query, { replace: Boolean(before && q) });
  }, ms);
}

document.addEventListener("input", (event) => {
  if (event.target === field()) searchSoon(TYPING_MS);
});
document.addEventListener("submit", (event) => {
  if (event.target.id !== "inbox-search") return;
  event.preventDefault();
  searchSoon(0);
});
document.addEventListener("keydown", (event) => {
  if (event.target !== field() || event.key !== "ArrowDown") return;
  event.preventDefault();
  box().querySelector(".row__link")?.focus();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-show]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    if (link.dataset.without === "q") field().value = "";
    link.closest("dialog")?.close();
    show(link.dataset.show);
  } else if (event.target.closest("#inbox-filter")) {
    openFilters(box().dataset.query, show);
  } else if (event.target.closest("#inbox-news")) {
    byId("inbox-scroll").scrollTop = 0;
    document.activeElement?.blur();
    refreshInbox(null);
  } else if (event.target.closest("#more")) {
    loadMore();
  } else if (event.target.closest(".conversation__back")) {
    event.target.closest("a").href = `/console?${box().dataset.query}`;
  }
});

/* Who leaves the list, or comes back to its top, sees it as it is now. */
const settle = () => {
  if (!byId("inbox-news").hidden && !isBusy()) refreshInbox(null);
};
document.addEventListener("focusout", (event) => event.target.closest?.("#rows") && setTimeout(settle));
document.addEventListener(
  "scroll",
  ({ target }) => {
    if (target.id !== "inbox-scroll") return;
    if (target.checkVisibility()) notePlace();
    settle();
  },
  true,
);

/* The next page comes before its end is reached. */
let loading = false;
async function loadMore() {
  const { next } = byId("inbox-scroll").dataset;
  const { query } = box().dataset;
  if (loading || !next) return;
  loading = true;
  const text = await partOf(`/console/inbox/more?${query}&cursor=${encodeURIComponent(next)}`);
  loading = false;
  if (text && box().dataset.query === query && byId("inbox-scroll").dataset.next === next) append(parse(text));
  watchEnd();
}

const end = new IntersectionObserver(
  (entries) => entries.some((entry) => entry.isIntersecting) && byId("inbox-scroll").scrollTop > 0 && loadMore(),
  { rootMargin: "600px" },
);
function watchEnd() {
  end.disconnect();
  if (byId("more")) end.observe(byId("more"));
}
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("#rows > .row");
  if (row && [...row.parentElement.children].slice(-NEAR_END_ROWS).includes(row)) loadMore();
});

let noting = 0;
function notePlace() {
  cancelAnimationFrame(noting);
  noting = requestAnimationFrame(() => (place = byId("inbox-scroll").scrollTop > 0 ? readerPlace() : null));
}

/* A phone shows the list or a conversation: back in the list, the reader is where they were. */
addEventListener("pagehide", () => {
  const kept = { query: box().dataset.query, place, rows: shownRows(), at: Date.now() };
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
});
async function comeBack() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  if (!kept || kept.query !== box().dataset.query || Date.now() - kept.at > KEPT_MS || !kept.place) return;
  const text = await partOf(`/console/inbox?${kept.query}&shown=${kept.rows}&open=${openConversation()}`);
  if (!text) return;
  bringIn(parse(text), null);
  putReader(kept.place);
}

comeBack();
watchEnd();
