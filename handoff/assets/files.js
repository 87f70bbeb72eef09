/* Files that a person picks, drops or pastes: their bounds, said in plain words, and a small preview. */
import { element, icon } from "./text.js";

export function sizeName(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toLocaleString("pt-BR", { maximumFractionDigits: 1 })} MB`;
}

/** Why a file cannot be sent, or null when it can. */
export function refusal(file, maxBytes) {
  if (file.size === 0) return `O arquivo “${file.name}” está vazio (0 bytes) e não foi anexado.`;
  if (file.size > maxBytes) {
    return `O arquivo “${file.name}” tem ${sizeName(file.size)}. O limite é de ${sizeName(maxBytes)} por arquivo.`;
  }
  return null;
}

const FILES_A_MESSAGE = 10;

/** The files in as few messages as the bound on one message allows; at least one, so that text alone goes too. */
export function inMessages(files, maxBytes) {
  const messages = [[]];
  let bytes = 0;
  for (const file of files) {
    if (messages.at(-1).length > 0 && (bytes + file.size > maxBytes || messages.at(-1).length === FILES_A_MESSAGE)) {
      messages.push([]);
      bytes = 0;
    }
    messages.at(-1).push(file);
    bytes += file.size;
  }
  return messages;
}

async function thumbnail(file) {
  const bitmap = await createImageBitmap(file, { resizeHeight: 80, resizeQuality: "medium" });
  const canvas = element("canvas", { class: "tray__thumb", "aria-hidden": "true" });
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}

/** The files waiting beside a composer. Announces every change to `onChange`. */
export class FileTray {
  constructor(list, { maxBytes, onRefused, onChange = () => {} }) {
    this.files = [];
    this.list = list;
    this.maxBytes = maxBytes;
    this.onRefused = onRefused;
    this.onChange = onChange;
  }

  add(files) {
    const refusals = [];
    for (const file of files) {
      const reason = refusal(file, this.maxBytes);
      if (reason) refusals.push(reason);
      else this.#show(file);
    }
    this.onRefused(refusals.join(" "));
    this.onChange();
  }

  take() {
    const files = this.files;
    this.files = [];
    this.list.replaceChildren();
    this.list.hidden = true;
    return files;
  }

  #show(file) {
    this.files.push(file);
    const remove = element("button", { type: "button", class: "icon-button", "aria-label": `Remover ${file.name}` });
    remove.append(icon("close"));
    const picture = icon("file");
    const item = element(
      "li",
      { class: "tray__item" },
      picture,
      element("span", { class: "tray__name" }, file.name),
      element("span", { class: "tray__size" }, sizeName(file.size)),
      remove,
    );
    remove.addEventListener("click", () => {
      this.files.splice(this.files.indexOf(file), 1);
      item.remove();
      this.list.hidden = this.files.length === 0;
      this.onChange();
    });
    if (file.type.startsWith("audio/")) {
      const url = URL.createObjectURL(file);
      const player = element("audio", { class: "tray__audio", controls: true, src: url, "aria-label": file.name });
      picture.replaceWith(player);
    }
    if (file.type.startsWith("image/")) {
      thumbnail(file).then((canvas) => picture.replaceWith(canvas), () => {});
    }
    this.list.append(item);
    this.list.hidden = false;
  }
}

/** Lets files reach `tray` by a button, by dropping them on `area`, and by pasting into `input`. */
export function acceptFiles({ tray, picker, button, area, hint, input }) {
  button.addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    tray.add(picker.files);
    picker.value = "";
    input.focus();
  });
  input.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    tray.add(files);
  });
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  area.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    hint.hidden = false;
  });
  area.addEventListener("dragleave", (event) => {
    if (!area.contains(event.relatedTarget)) hint.hidden = true;
  });
  area.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    hint.hidden = true;
    tray.add(event.dataTransfer.files);
    input.focus();
  });
}
