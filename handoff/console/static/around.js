/* Who else looks at the open conversation and who is writing: said to the server and shown above the box. */
import { live } from "./live.js";
import { openConversation } from "./page.js";
import { t } from "/static/assets/words.js";

const REPEAT_MS = 2500;
const QUIET_MS = 4000;

let shown = "";
let lastTold = 0;
let mode = null;
let quiet = 0;

/** Colleagues are told which conversation this screen shows. */
export function tellViewing() {
  const open = openConversation();
  if (open === shown) return;
  shown = open;
  mode = null;
  show(null);
  live.send({ viewing: open || null });
}

/** Something is being written: "messages", "notes", or null for no more. */
export function tellWriting(what) {
  clearTimeout(quiet);
  if (what) quiet = setTimeout(() => tellWriting(null), QUIET_MS);
  const now = Date.now();
  if (what === mode && (what === null || now - lastTold < REPEAT_MS)) return;
  mode = what;
  lastTold = now;
  live.send({ typing: what });
}

function list(names) {
  return new Intl.ListFormat(document.documentElement.lang || "pt-BR", { type: "conjunction" }).format(names);
}

function wordsOf({ people, customer_writes: customerWrites }) {
  const writing = people.filter((person) => person.writing).map((person) => person.name);
  const looking = people.filter((person) => !person.writing).map((person) => person.name);
  const words = [];
  if (customerWrites) {
    const name = document.querySelector(".conversation__who h2")?.textContent.trim().split(/\s+/)[0];
    words.push(t("{name} está digitando…", { name: name || t("Cliente") }));
  }
  if (writing.length === 1) words.push(t("{name} está escrevendo", { name: writing[0] }));
  else if (writing.length > 1) words.push(t("{names} estão escrevendo", { names: list(writing) }));
  if (looking.length === 1) words.push(t("{name} também está vendo", { name: looking[0] }));
  else if (looking.length > 1) words.push(t("{names} também estão vendo", { names: list(looking) }));
  return words.join(" · ");
}

function show(around) {
  const line = document.getElementById("around");
  if (!line) return;
  const words = around ? wordsOf(around) : "";
  if (line.textContent !== words) line.textContent = words;
  line.title = words; // Where there is no room for all of it.
  line.toggleAttribute("data-typing", Boolean(around?.customer_writes));
}

live.onMessage(({ around }) => {
  if (around && around.conversation === openConversation()) show(around);
});
live.onState((state) => {
  if (state === "live") live.send({ viewing: shown || null });
  else show(null); // Nobody knows who is there while the connection is away.
});
