// Scans go to the terminal whatever was clicked: it has the focus as soon as it is there, and whenever the window has.
"use strict";
const terminal = () => document.querySelector("#terminal textarea");
const focus = () => {
  const found = terminal();
  if (found && document.activeElement !== found) found.focus();
};
new MutationObserver(focus).observe(document, {childList: true, subtree: true});
for (const happened of ["load", "focus", "click"]) window.addEventListener(happened, focus);
window.addEventListener("keydown", focus, true);
