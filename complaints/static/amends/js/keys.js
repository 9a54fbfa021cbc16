"use strict";
// Keys: an element says which one presses it, data-key="n" or data-key="g l". Fields are focused, all else is clicked.
// Silent while one types, while an input method composes, and when the user has turned the keys off in the dialog.
{
    const OFF = "amends-keys";
    const dialog = document.getElementById("keys");
    const toggle = document.getElementById("keys-on");
    let first = "";
    let forget = 0;

    const typing = (element) =>
        element.isContentEditable || (element.matches("input, textarea, select") && !/^(checkbox|radio|button|submit)$/.test(element.type));

    // A Chinese input method may hide the letter behind "Process" or give the full-width sign.
    const nameOf = (event) => {
        if (event.key === "？" || (event.code === "Slash" && event.shiftKey)) return "?";
        if (event.code === "Slash") return "/";
        if (event.key.length === 1) return event.key.toLowerCase();
        if (event.key === "Process" && event.code.startsWith("Key")) return event.code.slice(3).toLowerCase();
        return event.key;
    };

    const press = (key) => {
        const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
        if (!target) return false;
        if (typing(target)) { target.focus(); if (target.select) target.select(); } else { target.click(); }
        return true;
    };

    const act = (key) => {
        if (key === "?" && dialog) { dialog.showModal(); return true; }
        if (key === "j" || key === "k") {
            document.dispatchEvent(new CustomEvent("amends:move", { detail: key === "j" ? 1 : -1 }));
            return true;
        }
        if (key === "Enter") {
            if (document.activeElement && document.activeElement !== document.body) return false;
            document.dispatchEvent(new CustomEvent("amends:open"));
            return true;
        }
        return press(key);
    };

    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && event.key === "Enter") return;
        if (typing(event.target)) {
            if (event.key === "Escape") event.target.blur();
            return;
        }
        if (document.querySelector("dialog[open]") || localStorage.getItem(OFF) === "off") return;
        const key = nameOf(event);
        clearTimeout(forget);
        const pair = first && `${first} ${key}`;
        first = "";
        if (pair ? press(pair) || act(key) : act(key)) {
            event.preventDefault();
        } else if (key.length === 1 && document.querySelector(`[data-key^="${CSS.escape(key)} "]`)) {
            first = key;
            forget = setTimeout(() => { first = ""; }, 1200);
        }
    });

    document.addEventListener("click", (event) => {
        if (event.target.closest("[data-opens-keys]") && dialog) dialog.showModal();
        if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
    });
    if (toggle) {
        toggle.checked = localStorage.getItem(OFF) !== "off";
        toggle.addEventListener("change", () => localStorage.setItem(OFF, toggle.checked ? "on" : "off"));
    }
}
