// Draws again what of the page changes, every two seconds, without losing the focus.
"use strict";
const live = document.getElementById("live");
const away = document.getElementById("away");

async function refresh() {
  const answer = await fetch(live.dataset.source, { credentials: "same-origin", redirect: "manual" });
  if (answer.type === "opaqueredirect") {
    location.reload(); // the session has ended: the page leads to the login
    return;
  }
  if (!answer.ok) throw new Error(answer.statusText);
  const text = await answer.text();
  if (text === live.dataset.shown) return;
  live.dataset.shown = text;
  const focused = document.activeElement && document.activeElement.id;
  live.innerHTML = text;
  if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
}

async function keepFresh() {
  try {
    if (!document.hidden) await refresh();
    away.hidden = true;
  } catch (error) {
    away.hidden = false;
  }
  setTimeout(keepFresh, 2000);
}

setTimeout(keepFresh, 2000);
