/* The page's title with a number before it: how many calls nobody has seen, or how many wait in the queue. */

const plain = document.title.trim();
const numbers = { waiting: 0, unseen: 0 };

function write() {
  const number = numbers.unseen || numbers.waiting;
  const title = number > 0 ? `(${number}) ${plain}` : plain;
  if (document.title !== title) document.title = title;
}

/** How many conversations wait in the queue. */
export function showWaitingCount(number) {
  numbers.waiting = number;
  write();
}

document.addEventListener("ponte:unseen", ({ detail }) => {
  numbers.unseen = detail;
  write();
});
