"use strict";
// Help while one fills in a case: the sum of shares, gaps left in a reply, what acceptance still needs.
// The server checks all of it again.
{
    // <form data-sum data-sum-full="…" data-sum-less="{n}, {rest}" data-sum-over="…"> with number fields and <output data-sum-out>.
    const addUp = (form) => {
        const sum = [...form.querySelectorAll("input[type=number]")].reduce((total, field) => total + (Number(field.value) || 0), 0);
        const out = form.querySelector("[data-sum-out]");
        const pattern = sum === 100 ? form.dataset.sumFull : sum < 100 ? form.dataset.sumLess : form.dataset.sumOver;
        out.textContent = pattern.replace("{n}", sum).replace("{rest}", Math.abs(100 - sum));
        out.classList.toggle("is-full", sum === 100);
        out.classList.toggle("is-over", sum > 100);
    };
    for (const form of document.querySelectorAll("form[data-sum]")) {
        addUp(form);
        form.addEventListener("input", () => addUp(form));
    }

    // <textarea data-gaps="id of the hint">: {names} of a script that nobody has filled in yet.
    // Names that no script uses are words like any other, here and on the server.
    const gapsIn = (text) => {
        const known = text.dataset.gapNames.split(" ");
        return [...new Set(text.value.match(/\{[a-z_]+\}/g) || [])].filter((gap) => known.includes(gap.slice(1, -1)));
    };
    const showGaps = (text) => {
        const hint = document.getElementById(text.dataset.gaps);
        if (!hint) return;
        const gaps = gapsIn(text);
        hint.hidden = gaps.length === 0;
        hint.querySelector("[data-gap-names]").textContent = gaps.join(" ");
    };
    for (const text of document.querySelectorAll("textarea[data-gaps]")) showGaps(text);
    document.addEventListener("input", (event) => { if (event.target.matches("textarea[data-gaps]")) showGaps(event.target); });
    document.addEventListener("htmx:afterSwap", (event) => {
        const text = document.getElementById("reply_body");
        // Other parts of the page come and go without taking the cursor along.
        if (!text || event.detail.target.id !== "reply-text") return;
        text.focus();
        const [gap] = gapsIn(text);
        if (gap) text.setSelectionRange(text.value.indexOf(gap), text.value.indexOf(gap) + gap.length);
    });

    // <li data-need="name phone" data-provided="customer">: done when one of the fields is filled or the order brings it.
    const needs = document.querySelector("[data-needs]");
    const tick = (form) => {
        const provides = (document.querySelector("[data-provides]")?.dataset.provides || "").split(" ");
        for (const line of needs.querySelectorAll("[data-need]")) {
            const filled = line.dataset.need.split(" ").some((name) => form.elements[name] && form.elements[name].value.trim());
            line.classList.toggle("is-done", filled || (Boolean(line.dataset.provided) && provides.includes(line.dataset.provided)));
        }
    };
    if (needs) {
        const form = needs.closest("form");
        tick(form);
        form.addEventListener("input", () => tick(form));
        form.elements.shop?.addEventListener("change", (event) => { delete event.target.dataset.guessed; });
        form.addEventListener("reset", () => setTimeout(tick, 0, form));
        document.addEventListener("htmx:afterSwap", () => {
            const found = form.querySelector("[data-shop]");
            const shop = form.elements.shop;
            // The order tells the shop, unless a person has chosen one.
            if (found && shop && (!shop.value || shop.dataset.guessed)) {
                shop.value = found.dataset.shop;
                shop.dataset.guessed = "1";
                found.querySelector("[data-elsewhere]")?.remove();
            }
            tick(form);
        });
    }
}
