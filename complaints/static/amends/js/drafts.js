"use strict";
// A text half written survives a reload, a crash or an expired login: <form data-draft="reply:person:case">.
// It is dropped when the server says that it arrived (data-draft-clear), after three days, and at log-out, since others
// use this computer too. Fields with data-draft-skip hold contact data and are never kept.
{
    const PREFIX = "amends-draft:";
    const KEEP = 3 * 24 * 60 * 60 * 1000;
    const fields = (form) => [...form.elements].filter((field) =>
        field.name && field.name !== "csrfmiddlewaretoken" && !field.hasAttribute("data-draft-skip") && !/^(hidden|password|file|submit|button)$/.test(field.type));
    const isTick = (field) => field.type === "checkbox" || field.type === "radio";
    const drop = (key) => localStorage.removeItem(PREFIX + key);
    const read = (name) => {
        try { return JSON.parse(localStorage.getItem(name)) || {}; } catch { return {}; }
    };

    for (const name of Object.keys(localStorage)) {
        if (name.startsWith(PREFIX) && !(Date.now() - read(name).at < KEEP)) localStorage.removeItem(name);
    }
    for (const mark of document.querySelectorAll("[data-draft-clear]")) drop(mark.dataset.draftClear);

    const save = (form) => {
        const kept = {};
        let written = false;
        for (const field of fields(form)) {
            if (isTick(field)) {
                if (field.checked) kept[`${field.name}=${field.value}`] = true;
                written = written || (form.hasAttribute("data-draft-ticks") && field.checked && !field.defaultChecked);
            } else {
                kept[field.name] = field.value;
                written = written || (field.value !== field.defaultValue && !field.matches("select") && field.value.trim() !== "");
            }
        }
        if (!written) drop(form.dataset.draft);
        // The three days count from the last change, not from the last look.
        else if (JSON.stringify(read(PREFIX + form.dataset.draft).kept) !== JSON.stringify(kept))
            localStorage.setItem(PREFIX + form.dataset.draft, JSON.stringify({ at: Date.now(), kept }));
    };

    // What was entered before this script came stands in the field and in no draft yet: a long text goes under the draft,
    // of anything else the newer one counts. Going back, it is the browser that brings an old text: there the draft counts.
    const [way] = performance.getEntriesByType("navigation");
    const chosen = (options) => Math.max(0, options.findIndex((one) => one.defaultSelected));
    const entered = (field) => {
        if (way?.type === "back_forward") return false;
        if (isTick(field)) return field.checked !== field.defaultChecked;
        if (field.matches("select")) return field.selectedIndex !== chosen([...field.options]);
        return field.value !== field.defaultValue;
    };
    const putUnder = (field, draft) => {
        if (!field.matches("textarea") || field.value.startsWith(draft)) return;
        field.dataset.early = field.value;
        field.value = `${draft}\n${field.value}`;
    };

    const restore = (form) => {
        const { kept } = read(PREFIX + form.dataset.draft);
        // What the server sent back (a refused form) is newer than the draft; a hint that is hidden is no refusal.
        const refused = [...form.querySelectorAll(".errorlist, .field-error, .has-error")].some((mark) => !mark.hidden);
        if (!kept || refused) return;
        for (const field of fields(form)) {
            if (entered(field)) {
                if (field.name in kept) putUnder(field, kept[field.name]);
            } else if (isTick(field)) field.checked = Boolean(kept[`${field.name}=${field.value}`]);
            else if (field.name in kept) {
                field.value = kept[field.name];
                field.dataset.restored = field.value;
            }
        }
        const note = form.querySelector("[data-draft-note]");
        if (note) note.hidden = false;
    };

    for (const form of document.querySelectorAll("form[data-draft]")) {
        restore(form);
        let timer = 0;
        form.addEventListener("htmx:afterSwap", () => save(form));
        const soon = () => { clearTimeout(timer); timer = setTimeout(save, 400, form); };
        form.addEventListener("input", soon);
        form.addEventListener("amends:typed", soon);
        form.addEventListener("submit", () => { clearTimeout(timer); save(form); });
        form.addEventListener("click", (event) => {
            if (!event.target.closest("[data-draft-discard]")) return;
            drop(form.dataset.draft);
            form.reset();
            for (const field of fields(form)) if (field.dataset.early) field.value = field.dataset.early;
            event.target.closest("[data-draft-note]").hidden = true;
        });
    }

    const logout = document.getElementById("logout-form");
    if (logout) logout.addEventListener("submit", () => {
        for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
    });
}
