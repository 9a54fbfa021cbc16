"use strict";
// Search: results as one types, but not while an input method composes; arrows go through them, Enter opens one.
{
    const box = document.getElementById("search");
    const field = document.getElementById("search-q");
    const hits = () => [...box.querySelectorAll(".hit")];
    const typed = () => field.dispatchEvent(new CustomEvent("amends:typed", { bubbles: true }));

    field.addEventListener("input", (event) => { if (!event.isComposing) typed(); });
    field.addEventListener("compositionend", typed);
    // Only what was typed asks, and that has been done.
    field.addEventListener("change", (event) => event.stopPropagation());

    box.addEventListener("keydown", (event) => {
        if (event.isComposing || (event.key !== "ArrowDown" && event.key !== "ArrowUp") || event.target.matches("select")) return;
        const all = hits();
        const at = all.indexOf(document.activeElement);
        const next = at + (event.key === "ArrowDown" ? 1 : -1);
        event.preventDefault();
        if (next < 0) field.focus();
        else all[Math.min(next, all.length - 1)]?.focus();
    });

    // The stock key for rows goes through the results, too.
    document.addEventListener("amends:move", (event) => {
        const all = hits();
        const next = all.indexOf(document.activeElement) + event.detail;
        all[Math.max(0, Math.min(next, all.length - 1))]?.focus();
    });
}
