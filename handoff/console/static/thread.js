/* The thread's scroll: new messages are followed by who reads at the end, and disturb nobody who reads further up. */
import { seenSeq, setSeenSeq } from "./page.js";

const BOTTOM_PX = 120;
const UNSEEN_FROM_TOP_PX = 24;
const thread = () => document.getElementById("thread");

let shownConversation = "";
let pinned = true;
let lastTop = 0;
let lastShown = "";
let before = null;

export function toBottom() {
  const area = thread();
  if (!area) return;
  pinned = true;
  area.scrollTop = area.scrollHeight;
  offerNewer(false);
}

/** Who reads further up is told that something came, and goes there when they like. */
function offerNewer(on) {
  const button = document.getElementById("newer");
  if (button) button.hidden = !on;
}
document.addEventListener("click", (event) => event.target.closest?.("#newer") && toBottom());

/** A conversation opens where its unseen messages begin, when they do not all fit. */
function toUnseen() {
  const area = thread();
  const line = document.getElementById("unseen");
  if (!line || line.offsetTop - area.offsetTop >= area.scrollTop) return;
  pinned = false;
  area.scrollTop = line.offsetTop - area.offsetTop - UNSEEN_FROM_TOP_PX;
}

/* What comes while nobody looks at this tab is unseen, too. */
const NO_LINE = "-1";
let leftAt = "";
document.addEventListener("visibilitychange", () => {
  const pane = document.getElementById("conversation")?.dataset;
  if (!pane?.conversation) return;
  const nothingCame = leftAt === `${pane.conversation} ${pane.lastSeq}`;
  if (document.visibilityState === "visible") {
    if (nothingCame) setSeenSeq(NO_LINE);
  } else if (seenSeq() === NO_LINE) {
    setSeenSeq(pane.lastSeq);
    leftAt = `${pane.conversation} ${pane.lastSeq}`;
  }
});

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
  const isNew = id !== shownConversation;
  seenSeq();
  if (isNew) {
    shownConversation = id;
    pinned = true;
    followGrowth.disconnect();
    for (const grown of [area, ...area.querySelectorAll(".transcript")]) followGrowth.observe(grown);
  }
  const first = area.querySelector(".message")?.id;
  const newest = [...area.querySelectorAll("#messages .message")].at(-1)?.id;
  if (pinned) toBottom();
  else if (before && first !== before.first) area.scrollTop = before.top + area.scrollHeight - before.height;
  if (isNew) toUnseen();
  else if (!pinned && newest !== lastShown) offerNewer(true);
  lastShown = newest;
  before = null;
}

/* A thread that grows scrolls too: only moving up means that the reader left the end. */
document.addEventListener(
  "scroll",
  ({ target: area }) => {
    if (area !== thread()) return;
    const atEnd = area.scrollHeight - area.scrollTop - area.clientHeight < BOTTOM_PX;
    if (atEnd || area.scrollTop < lastTop) pinned = atEnd;
    if (pinned) offerNewer(false);
    lastTop = area.scrollTop;
  },
  true,
);
