/* Times as a Brazilian reader writes them, in the reader's own time zone. */

const CLOCK = new Intl.DateTimeFormat("pt-BR", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("pt-BR", { weekday: "long", day: "numeric", month: "long" });
const DAY_OF_ANOTHER_YEAR = new Intl.DateTimeFormat("pt-BR", { day: "numeric", month: "long", year: "numeric" });
const FULL = new Intl.DateTimeFormat("pt-BR", { dateStyle: "long", timeStyle: "short" });

export const clock = (date) => CLOCK.format(date);
export const fullTime = (date) => FULL.format(date);

export function dayKey(date) {
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

export function dayName(date, now = new Date()) {
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (dayKey(date) === dayKey(now)) return "Hoje";
  if (dayKey(date) === dayKey(yesterday)) return "Ontem";
  return (date.getFullYear() === now.getFullYear() ? DAY : DAY_OF_ANOTHER_YEAR).format(date);
}
