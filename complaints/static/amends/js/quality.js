"use strict";
// Scoring by keyboard: a digit gives the points of the criterion that has the focus (else of the first one without),
// and goes on to the next; Ctrl+Enter saves. Without a script the radios and the button do the same.
{
    const form = document.querySelector("form[data-score]");
    if (form) {
        const rows = [...form.querySelectorAll(".quality-row")];
        const shown = () => form.checkVisibility ? form.checkVisibility() : form.offsetParent !== null;
        const chosen = (row) => row.querySelector("input:checked");
        const focus = (row) => (chosen(row) || row.querySelector("input")).focus();
        const open = () => rows.find((row) => !chosen(row));

        const goOn = (row) => {
            const next = rows.slice(rows.indexOf(row) + 1).find((one) => !chosen(one)) || open();
            if (next) focus(next); else form.querySelector("textarea[name=comment]").focus();
        };

        document.addEventListener("keydown", (event) => {
            if (event.isComposing || !shown()) return;
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                const inside = event.target.closest("form");
                if (inside && inside !== form) return;
                event.preventDefault();
                if (!event.repeat) form.requestSubmit();
                return;
            }
            if (event.ctrlKey || event.metaKey || event.altKey || !/^\d$/.test(event.key)) return;
            if (event.target.matches("textarea, select, input:not([type=radio])")) return;
            const row = event.target.closest(".quality-row") || open();
            const choice = row && row.querySelector(`input[value="${event.key}"]`);
            if (!choice) return;
            event.preventDefault();
            choice.checked = true;
            choice.dispatchEvent(new Event("input", { bubbles: true }));
            goOn(row);
        });

        const first = open();
        if (first && shown() && !form.querySelector(".note.is-breached")) focus(first);
    }
}
