"use strict";
// Reply scripts: placeholders put in at the cursor (editor), and choosing one by keyboard (reply).
{
    // <button data-insert="{name}" data-into="id of the textarea">: typed at the cursor, so that undo takes it back.
    document.addEventListener("click", (event) => {
        const button = event.target.closest("[data-insert]");
        if (!button) return;
        const text = document.getElementById(button.dataset.into);
        text.focus();
        if (!document.execCommand("insertText", false, button.dataset.insert)) {
            text.setRangeText(button.dataset.insert, text.selectionStart, text.selectionEnd, "end");
            text.dispatchEvent(new Event("input", { bubbles: true }));
        }
    });

    const box = document.getElementById("reply-scripts");
    if (box) {
        const query = box.querySelector(".script-query");
        const options = () => [...box.querySelectorAll(".script-option")];

        box.addEventListener("toggle", () => { if (box.open) query.focus(); });

        box.addEventListener("keydown", (event) => {
            if (event.isComposing) return;
            const all = options();
            const at = all.indexOf(document.activeElement);
            if (event.key === "ArrowDown" || event.key === "ArrowUp") {
                const next = at + (event.key === "ArrowDown" ? 1 : -1);
                event.preventDefault();
                if (next < 0) query.focus(); else all[Math.min(next, all.length - 1)]?.focus();
            } else if (event.key === "Enter" && event.target === query) {
                // The first one that fits; a form must not be sent from its search.
                event.preventDefault();
                all[0]?.click();
            } else if (event.key === "Escape") {
                event.preventDefault();
                box.open = false;
                box.querySelector("summary").focus();
            }
        });

        // Before the draft is saved: what a script put in was written here, whatever the server sent it as.
        document.addEventListener("htmx:afterSwap", (event) => {
            if (event.detail.target.id !== "reply-text") return;
            for (const field of document.querySelectorAll("#reply-text textarea, #reply-text input")) {
                const { value } = field;
                field.defaultValue = "";
                field.value = value;
            }
            box.open = false;
        }, true);
    }
}
