// The replay, and the log beside it: a click on an entry's time goes there, and the time marks the entry.
"use strict";

const frame = document.getElementById("player");
const player = AsciinemaPlayer.create(frame.dataset.cast, frame, {
  fit: "width",
  idleTimeLimit: 2,
  preload: true,
  terminalFontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
});

const entries = Array.from(document.querySelectorAll(".follow [data-at]"), (entry) => ({
  entry,
  at: Math.max(0, Number(entry.dataset.at)),
}));

for (const { entry, at } of entries) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain seek";
  button.textContent = "▶ play from here";
  button.addEventListener("click", () => player.seek(at).then(() => player.play()));
  entry.querySelector(".kind").append(button);
}

let marked = null;

function follow() {
  const now = player.getCurrentTime();
  let latest = null;
  for (const one of entries) {
    if (one.at <= now + 0.05 && (latest === null || one.at >= latest.at)) latest = one;
  }
  if (latest === null || latest.entry === marked) return;
  if (marked !== null) marked.classList.remove("now");
  marked = latest.entry;
  marked.classList.add("now");
  const list = marked.closest(".follow");
  list.scrollTop = marked.offsetTop - list.offsetTop - list.clientHeight / 3;
}

if (entries.length > 0) setInterval(follow, 200);
