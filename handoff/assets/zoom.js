/* Pictures at full size: a dialog with wheel, pinch, drag and keys; the arrows go to the conversation's other pictures. */
import { element, icon } from "./text.js";
import { t } from "./words.js";

const LARGEST = 8;
const STEP = 1.25;

let view = null;

class Zoom {
  constructor() {
    const button = (name, label, run, extra = {}) => {
      const made = element("button", { type: "button", class: "icon-button zoom__button", "aria-label": label, title: label, ...extra });
      made.append(icon(name));
      made.addEventListener("click", run);
      return made;
    };
    this.image = element("img", { class: "zoom__image", alt: "", draggable: "false" });
    this.caption = element("p", { class: "zoom__caption", role: "status" });
    this.original = element("a", { class: "icon-button zoom__button", target: "_blank", rel: "noopener", "aria-label": t("Abrir o original"), title: t("Abrir o original") });
    this.original.append(icon("download"));
    this.before = button("back", t("Imagem anterior"), () => this.go(-1));
    this.after = button("next", t("Próxima imagem"), () => this.go(1));
    this.stage = element("div", { class: "zoom__stage" }, this.image);
    const tools = element(
      "div",
      { class: "zoom__tools" },
      button("minus", t("Diminuir"), () => this.scaleBy(1 / STEP)),
      button("plus", t("Aumentar"), () => this.scaleBy(STEP)),
      this.original,
      button("close", t("Fechar"), () => this.dialog.close()),
    );
    this.dialog = element("dialog", { class: "zoom", "aria-label": t("Imagem") }, this.stage, this.caption, tools, this.before, this.after);
    document.body.append(this.dialog);
    this.pointers = new Map();
    this.listen();
  }

  listen() {
    this.dialog.addEventListener("close", () => this.opener?.isConnected && this.opener.focus({ preventScroll: true }));
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("click", (event) => event.target === this.stage && !this.moved && this.dialog.close());
    this.stage.addEventListener("dblclick", (event) => (this.scale > 1 ? this.reset() : this.scaleBy(2.5, event)));
    this.stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.scaleBy(event.deltaY < 0 ? STEP : 1 / STEP, event);
    }, { passive: false });
    this.stage.addEventListener("pointerdown", (event) => this.down(event));
    this.stage.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.stage.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
  }

  show(links, link) {
    this.links = links;
    this.opener = link;
    this.at = links.indexOf(link);
    if (!this.dialog.open) this.dialog.showModal();
    this.draw();
  }

  go(step) {
    const to = this.at + step;
    if (to < 0 || to >= this.links.length) return;
    this.at = to;
    this.draw();
  }

  draw() {
    const link = this.links[this.at];
    const name = link.querySelector("img")?.alt || t("Imagem");
    this.image.src = link.href;
    this.image.alt = name;
    this.original.href = link.href;
    this.caption.textContent = this.links.length > 1 ? t("{name} ({at} de {count})", { name, at: this.at + 1, count: this.links.length }) : name;
    this.before.hidden = this.at === 0;
    this.after.hidden = this.at === this.links.length - 1;
    this.reset();
  }

  reset() {
    [this.scale, this.x, this.y] = [1, 0, 0];
    this.apply();
  }

  /** Around a point, so that what is under the pointer stays there. */
  scaleBy(factor, point = null) {
    const scale = Math.min(LARGEST, Math.max(1, this.scale * factor));
    const box = this.stage.getBoundingClientRect();
    const [cx, cy] = point ? [point.clientX - box.left - box.width / 2, point.clientY - box.top - box.height / 2] : [0, 0];
    const ratio = scale / this.scale;
    this.x = cx - (cx - this.x) * ratio;
    this.y = cy - (cy - this.y) * ratio;
    this.scale = scale;
    this.apply();
  }

  apply() {
    const room = (full, inside) => Math.max(0, (full * this.scale - inside) / 2);
    const { width, height } = this.stage.getBoundingClientRect();
    const mostX = room(this.image.offsetWidth, width);
    const mostY = room(this.image.offsetHeight, height);
    this.x = Math.min(mostX, Math.max(-mostX, this.x));
    this.y = Math.min(mostY, Math.max(-mostY, this.y));
    this.image.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.stage.toggleAttribute("data-zoomed", this.scale > 1);
  }

  key(event) {
    const run = {
      ArrowLeft: () => this.go(-1),
      ArrowRight: () => this.go(1),
      "+": () => this.scaleBy(STEP),
      "=": () => this.scaleBy(STEP),
      "-": () => this.scaleBy(1 / STEP),
      0: () => this.reset(),
    }[event.key];
    event.stopPropagation(); // The page's own shortcuts rest meanwhile.
    if (!run || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    run();
  }

  down(event) {
    this.moved = false;
    this.pointers.set(event.pointerId, event);
    this.stage.setPointerCapture(event.pointerId);
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const others = [...this.pointers.values()].filter((each) => each.pointerId !== event.pointerId);
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    if (Math.abs(dx) + Math.abs(dy) > 2) this.moved = true;
    this.pointers.set(event.pointerId, event);
    if (others.length === 1) {
      const [other] = others;
      const far = (point) => Math.hypot(point.clientX - other.clientX, point.clientY - other.clientY);
      const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
      this.scaleBy(far(event) / Math.max(1, far(before)), middle);
    } else if (this.scale > 1) {
      this.x += dx;
      this.y += dy;
      this.apply();
    }
  }
}

/** Pictures anywhere in the page open here; with a modifier key or the middle button they open as any link. */
export function zoomPictures() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.attachment--image");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || "broken" in link.dataset) return;
    event.preventDefault();
    view ??= new Zoom();
    view.show([...document.querySelectorAll("a.attachment--image:not([data-broken])")], link);
  });
  // A picture that cannot be shown is still a file with a name that can be opened.
  document.addEventListener(
    "error",
    (event) => {
      const link = event.target.closest?.("a.attachment--image");
      if (link && event.target instanceof HTMLImageElement) link.dataset.broken = "";
    },
    true,
  );
}
