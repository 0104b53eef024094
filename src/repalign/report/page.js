(() => {
"use strict";
const all = (what, within = document) => [...within.querySelectorAll(what)];
const make = (name, kind, parent) => {
  const element = document.createElement(name);
  element.className = kind;
  parent.append(element);
  return element;
};

// Tables are sorted by a click on a heading; what is absent stays last.
const read = (cell) => {
  const text = cell.textContent.trim();
  if (text === "–" || text === "") return null;
  if (cell.tagName === "TH") return text;
  const number = parseFloat(text.replace("<", "").replace("\u2212", "-"));
  return isNaN(number) ? text : number - (text[0] === "<" ? 1e-6 : 0);
};
const order = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
for (const table of all("table.sortable")) {
  const heads = all("thead th", table);
  const body = table.tBodies[0];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const named = body.rows[0].cells[column].tagName === "TH";
      const first = named ? "ascending" : "descending";
      const second = named ? "descending" : "ascending";
      const now = head.getAttribute("aria-sort") === first ? second : first;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", now);
      const sign = now === "ascending" ? 1 : -1;
      const rows = [...body.rows].map((row) => [read(row.cells[column]), row]);
      rows.sort(([a], [b]) => (a === null) - (b === null) || (a === null ? 0 : sign * order(a, b)));
      body.append(...rows.map(([, row]) => row));
    });
  });
}

// A cell of one heatmap shows its two stimuli, and its rank in every heatmap.
const pixels = (picture) => {
  const canvas = document.createElement("canvas");
  canvas.width = picture.naturalWidth;
  canvas.height = picture.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const bytes = context.getImageData(0, 0, canvas.width, canvas.height).data;
  return (i) => (bytes[4 * i] << 16) | (bytes[4 * i + 1] << 8) | bytes[4 * i + 2];
};
const bar = document.querySelector(".scale img");
let ranks = null;
const rankOf = (colour) => {
  if (!ranks) {
    const at = pixels(bar);
    ranks = new Map();
    for (let i = 0; i < bar.naturalWidth; i++) ranks.set(at(i), i / (bar.naturalWidth - 1));
  }
  return ranks.get(colour);
};
const tip = make("div", "tip", document.body);
tip.setAttribute("role", "status");
tip.hidden = true;
for (const view of bar ? all(".geometry") : []) {
  const stimuli = all(".gallery li", view);
  const n = stimuli.length;
  const coarse = view.dataset.precision;
  const maps = all(".map", view).map((box) => ({
    box,
    at: null,
    cross: make("div", "cross", box),
    rank: make("span", "rank", box.closest("figure").querySelector("figcaption")),
  }));
  const place = [0, 0];
  const shown = (i) => {
    const item = make("span", "", tip);
    const thumb = stimuli[i].querySelector("svg");
    if (thumb) item.append(thumb.cloneNode(true));
    item.append(stimuli[i].querySelector("span").textContent);
  };
  const point = (i, j, box, x, y) => {
    [place[0], place[1]] = [i, j];
    tip.replaceChildren();
    shown(i);
    if (i !== j) shown(j);
    for (const map of maps) {
      map.at ||= pixels(map.box.querySelector("img"));
      const rank = i === j ? undefined : rankOf(map.at(i * n + j));
      const text = rank === undefined ? "" : rank.toFixed(2) + (coarse ? ` ${coarse}` : "");
      map.rank.textContent = text && `rank ${text}`;
      if (map.box === box && text) tip.append(` rank ${text}`);
      map.cross.style.cssText = `display:block;left:${(100 * j) / n}%;top:${(100 * i) / n}%;width:${100 / n}%;height:${100 / n}%`;
    }
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`;
    tip.style.top = `${y + 18 + height > innerHeight ? y - height - 12 : y + 18}px`;
  };
  const leave = () => {
    tip.hidden = true;
    for (const map of maps) {
      map.cross.style.display = "none";
      map.rank.textContent = "";
    }
  };
  const clamp = (i) => Math.max(0, Math.min(n - 1, i));
  for (const { box } of maps) {
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Heatmap; arrow keys go from cell to cell");
    const move = (event) => {
      const { left, top, width, height } = box.getBoundingClientRect();
      const i = clamp(Math.floor((n * (event.clientY - top)) / height));
      const j = clamp(Math.floor((n * (event.clientX - left)) / width));
      point(i, j, box, event.clientX, event.clientY);
    };
    box.addEventListener("pointermove", move);
    box.addEventListener("pointerdown", move);
    box.addEventListener("pointerleave", leave);
    box.addEventListener("blur", leave);
    box.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (event.key === "Escape") leave();
      if (!step) return;
      event.preventDefault();
      const [i, j] = [clamp(place[0] + step[0]), clamp(place[1] + step[1])];
      const { left, top, width, height } = box.getBoundingClientRect();
      point(i, j, box, left + (width * (j + 1)) / n, top + (height * (i + 1)) / n);
    });
  }
}
})();
