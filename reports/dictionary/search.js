"use strict";
// The search of the data dictionary: a ranked list of what matches, from the page's own rows. Without it the page is whole.
(() => {
  const byId = (id) => document.getElementById(id);
  const find = byId("find"), box = byId("q"), results = byId("results"), told = byId("told"), hits = byId("hits"), all = byId("all");
  const IDLE = new Set(("a an and are as at by column columns do does from has have how i in is it its long many much of on or say says "
    + "table tables that the there to was what when where which who whose with").split(" "));
  const MOST = 40;
  const text = (node) => node.textContent.replace(/\s+/g, " ").trim();
  // "expires", "expired" and "expiry" are one word to whoever looks for them
  const stem = (word) => word.length > 4 ? word.replace(/(ies|ing|ed|es|s|y|e)$/, "") : word;
  const entries = [];
  const add = (id, shown, type, about, around, isStable) => entries.push({
    id, shown, type, about, around, isStable,
    name: shown.slice(shown.lastIndexOf(".") + 1).toLowerCase(), whole: shown.toLowerCase(), words: about.toLowerCase(), more: around.toLowerCase(),
  });
  for (const relation of document.querySelectorAll("[data-r]")) {
    const article = relation.matches("article") ? relation : relation.querySelector("article");
    const isStable = "stable" in relation.dataset, gist = relation.dataset.r;
    add(article.id, article.id, "", gist, "", isStable);
    for (const row of article.querySelectorAll("[data-c]")) {
      const [, type, about] = row.cells;
      add(row.id, row.id, text(type), text(about), gist, isStable);
    }
  }
  for (const row of document.querySelectorAll("[data-m], [data-f]")) {
    const what = "m" in row.dataset ? "metric" : "macro";
    add(row.id, text(row.cells[0]), what, text(row.cells[1]), "", false);
  }
  const weigh = (entry, word) => {
    if (entry.name === word) return 8;
    if (entry.name.split("_").some((part) => stem(part) === stem(word))) return 5;
    if (entry.name.includes(stem(word))) return 4;
    if (entry.words.includes(stem(word))) return 3;
    if (entry.whole.includes(stem(word))) return 2;
    return entry.more.includes(stem(word)) ? 1 : 0;
  };
  const search = (query) => {
    const asked = query.toLowerCase().split(/[^\p{L}\p{N}_.]+/u).filter((word) => word);
    const words = asked.filter((word) => !IDLE.has(word));
    const exact = query.trim().toLowerCase();
    const found = [];
    for (const entry of entries) {
      const weights = (words.length ? words : asked).map((word) => weigh(entry, word));
      const matched = weights.filter((weight) => weight).length;
      const score = weights.reduce((sum, weight) => sum + weight, 0) + (entry.isStable ? 2 : 0) + (entry.whole === exact ? 20 : 0);
      if (matched) found.push({ entry, matched, score });
    }
    const most = Math.max(0, ...found.map((hit) => hit.matched));
    const best = found.filter((hit) => hit.matched === most).sort((a, b) => b.score - a.score);
    const groups = new Map(); // the same column with the same words in several tables is one answer
    for (const { entry } of best) {
      const key = entry.type && entry.about !== "–" ? `${entry.name}\n${entry.about}` : entry.id;
      if (groups.has(key)) groups.get(key).also.push(entry); else groups.set(key, { entry, also: [] });
    }
    return { answers: [...groups.values()], isAll: most === (words.length || asked.length) };
  };
  const open = (id) => {
    const target = byId(id);
    if (!target) return;
    for (let node = target; node; node = node.parentElement) if (node.matches("details")) node.open = true;
    target.tabIndex = -1; // the keyboard and a screen reader go on from there
    target.focus({ preventScroll: true });
    target.scrollIntoView();
  };
  const linkTo = (entry) => {
    const link = document.createElement("a");
    link.href = `#${entry.id}`;
    link.textContent = entry.shown;
    return link;
  };
  const line = ({ entry, also }) => {
    const item = document.createElement("li"), about = document.createElement("p");
    const type = document.createElement("span");
    type.className = "soft";
    type.textContent = entry.type ? ` ${entry.type}` : " table";
    about.textContent = entry.about;
    item.append(linkTo(entry), type, about);
    if (also.length) {
      const others = document.createElement("p");
      others.className = "soft";
      others.append("Also in ");
      also.slice(0, 4).forEach((other, index) => {
        const link = linkTo(other);
        link.textContent = other.shown.slice(0, other.shown.lastIndexOf("."));
        others.append(index ? ", " : "", link);
      });
      if (also.length > 4) others.append(` and ${also.length - 4} more`);
      item.append(others);
    }
    return item;
  };
  const show = () => {
    const query = box.value.trim();
    results.hidden = !query;
    all.hidden = Boolean(query);
    if (!query) return;
    const { answers, isAll } = search(query);
    const count = answers.length > MOST ? `${MOST} of ${answers.length}` : `${answers.length}`;
    told.textContent = answers.length
      ? `${count} ${answers.length === 1 ? "answer" : "answers"}${isAll ? "" : ", none has all the words"}`
      : "Nothing has these words. Try one of them.";
    hits.replaceChildren(...answers.slice(0, MOST).map(line));
    window.scrollTo(0, 0);
  };
  const leave = (id) => { box.value = ""; show(); if (id) open(id); };
  box.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave("");
    const first = hits.querySelector("a");
    if (event.key === "Enter" && box.value && first) first.click();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== box) { event.preventDefault(); box.focus(); }
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
    if (link) leave(decodeURIComponent(link.hash.slice(1)));
  });
  window.addEventListener("hashchange", () => leave(decodeURIComponent(location.hash.slice(1))));
  window.addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details")) one.open = true; });
  find.hidden = false;
  if (location.hash) open(decodeURIComponent(location.hash.slice(1)));
})();
