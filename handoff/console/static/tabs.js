/* Several tabs of one person: one of them calls, and it knows whether another shows the conversation already. */

const LOCK = "ponte-notices";
const channel = new BroadcastChannel("ponte-tabs");
const me = Math.random().toString(36).slice(2);
const others = new Map(); // Tab → the conversation before the reader's eyes there, "" for none, null when out of sight.
let leads = false;

const shown = () =>
  document.visibilityState === "visible" && document.hasFocus() ? (document.getElementById("conversation")?.dataset.conversation ?? "") : null;

function tell(more = {}) {
  channel.postMessage({ tab: me, shown: shown(), ...more });
}

channel.addEventListener("message", ({ data }) => {
  if (data.left) others.delete(data.tab);
  else others.set(data.tab, data.shown);
  if (data.asks) tell();
});
for (const kind of ["focus", "blur", "popstate"]) addEventListener(kind, () => tell());
for (const kind of ["visibilitychange", "htmx:after:swap"]) document.addEventListener(kind, () => tell());
addEventListener("pagehide", () => tell({ left: true }));
tell({ asks: true });

/** Whether this tab is the one that calls. Without Web Locks (plain http) every visible tab may, and the log's number
    kept in `claimCalls` lets one of them. */
export const isLeader = () => (navigator.locks ? leads : true);
navigator.locks?.request(LOCK, () => {
  leads = true;
  tell({ asks: true });
  return new Promise(() => {}); // Held until the tab goes.
});

/** Of all tabs the first to ask for a number gets it. */
export function claimCalls(seq) {
  const key = "ponte.called";
  if (Number(localStorage.getItem(key) ?? 0) >= seq) return false;
  localStorage.setItem(key, String(seq));
  return true;
}

/** Whether some tab has the reader's eyes; with a conversation, whether they are on that one. */
export function isSeen(conversation) {
  const all = [shown(), ...others.values()];
  return conversation === undefined ? all.some((each) => each !== null) : all.includes(conversation);
}
