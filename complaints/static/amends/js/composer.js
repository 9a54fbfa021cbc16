"use strict";
// The reply: sent by key, held back while gaps or blocked words stand in it, copied where another window sends it.
// The server checks all of it again.
{
    const form = document.querySelector("form.only-reply");
    if (form) {
        const text = () => document.getElementById("reply_body");
        const select = (start, end) => { text().focus(); text().setSelectionRange(start, end); };

        const gap = () => {
            const known = text().dataset.gapNames.split(" ");
            return (text().value.match(/[{｛][a-z_]+[}｝]/g) || []).find((one) => known.includes(one.slice(1, -1)));
        };
        const hasGap = () => {
            const left = gap();
            const at = left ? text().value.indexOf(left) : -1;
            if (at < 0) return false;
            select(at, at + left.length);
            return true;
        };
        const isBlocked = () => {
            const findings = document.getElementById("reply-findings");
            const words = findings?.dataset.blocks && findings.querySelector(".mark-block")?.textContent;
            // Words that were changed since they were found are for the server to judge.
            const at = words ? text().value.indexOf(words) : -1;
            if (at < 0) return false;
            findings.querySelector("[data-blocks-note]").hidden = false;
            select(at, at + words.length);
            return true;
        };
        // The text that the remarks are about; what was typed since is asked about before it goes.
        let judged = "";
        let waiting = null;
        // Remarks that came while a button was being pressed would move it away from under the finger: they come after.
        let pressed = false;
        let missed = false;
        const released = () => {
            pressed = false;
            if (!missed) return;
            missed = false;
            setTimeout(() => { if (!("sent" in form.dataset)) htmx.trigger(text(), "check"); });
        };
        form.addEventListener("pointerdown", (event) => { pressed = event.button === 0 && Boolean(event.target.closest("button, label, summary")); });
        // Not every press is let go of within the page.
        for (const name of ["pointerup", "pointercancel", "contextmenu", "keydown"]) window.addEventListener(name, released, true);
        window.addEventListener("blur", released);
        document.addEventListener("htmx:beforeSwap", (event) => {
            if (!pressed || event.detail.target.id !== "reply-findings") return;
            missed = true;
            event.detail.shouldSwap = false;
        });

        // A question that a newer one takes the place of is not answered.
        let replaced = false;
        document.addEventListener("htmx:abort", (event) => { if (event.target === text()) replaced = true; }, true);
        document.addEventListener("htmx:beforeRequest", (event) => {
            if (event.detail.elt !== text()) return;
            replaced = false;
            text().dataset.asked = text().value;
        });
        document.addEventListener("htmx:afterRequest", (event) => {
            const asked = event.detail.elt?.id === "reply_body" ? event.detail.elt.dataset.asked : undefined;
            if (asked === undefined || missed || replaced) return;
            judged = asked;
            if (!waiting || asked !== text().value) return;
            const button = waiting;
            waiting = null;
            form.requestSubmit(button);
        });

        // A script or an advice comes with the remarks on the whole text.
        document.addEventListener("htmx:afterSwap", (event) => {
            if (event.detail.target.id === "reply-text") judged = text().value;
        });

        const byHand = () => form.elements.channel.value !== "email";
        const copy = () => {
            // Within the click, so that the page is allowed to.
            const { selectionStart, selectionEnd } = text();
            text().select();
            document.execCommand("copy");
            text().setSelectionRange(selectionStart, selectionEnd);
        };

        form.addEventListener("submit", (event) => {
            const button = event.submitter;
            if (button?.formNoValidate || button?.hasAttribute("data-anyway")) return;
            if (hasGap()) {
                event.preventDefault();
                return;
            }
            if (window.htmx && judged !== text().value && waiting !== button) {
                event.preventDefault();
                waiting = button;
                htmx.trigger(text(), "check");
                return;
            }
            if (isBlocked()) event.preventDefault();
            else if (byHand()) copy();
        });

        form.addEventListener("keydown", (event) => {
            if (!(event.ctrlKey || event.metaKey) || event.key !== "Enter" || event.repeat || event.isComposing) return;
            event.preventDefault();
            form.requestSubmit(form.querySelector("[data-save]"));
        });
    }
}
