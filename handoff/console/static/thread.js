/* The thread's scroll: new messages are followed by who reads at the end, and disturb nobody who reads further up. */

const BOTTOM_PX = 120;
const thread = () => document.getElementById("thread");

let shownConversation = "";
let pinned = true;
let lastTop = 0;
let before = null;

export function toBottom() {
  const area = thread();
  if (!area) return;
  pinned = true;
  area.scrollTop = area.scrollHeight;
}

const followGrowth = new ResizeObserver(() => pinned && toBottom());

/** Remembers where the reader is, before the thread changes. */
export function rememberPlace() {
  const area = thread();
  if (!area) return;
  before = { height: area.scrollHeight, top: area.scrollTop, first: area.querySelector(".message")?.id };
}

/** Puts the reader where they were, or at the end of a conversation just opened. */
export function restorePlace() {
  const area = thread();
  if (!area) return;
  const id = document.getElementById("conversation").dataset.conversation;
  if (id !== shownConversation) {
    shownConversation = id;
    pinned = true;
    followGrowth.disconnect();
    for (const grown of [area, ...area.querySelectorAll(".transcript")]) followGrowth.observe(grown);
  }
  const first = area.querySelector(".message")?.id;
  if (pinned) toBottom();
  else if (before && first !== before.first) area.scrollTop = before.top + area.scrollHeight - before.height;
  before = null;
}

/* A thread that grows scrolls too: only moving up means that the reader left the end. */
document.addEventListener(
  "scroll",
  ({ target: area }) => {
    if (area !== thread()) return;
    const atEnd = area.scrollHeight - area.scrollTop - area.clientHeight < BOTTOM_PX;
    if (atEnd || area.scrollTop < lastTop) pinned = atEnd;
    lastTop = area.scrollTop;
  },
  true,
);
