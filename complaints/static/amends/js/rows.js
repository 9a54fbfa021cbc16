"use strict";
// The whole row opens; links, fields and selected text inside it still work. j and k move the current row, which is
// remembered for this tab, so it is kept while filtering and after coming back.
{
    const KEY = "amends-row";
    const rows = () => [...document.querySelectorAll("tr[data-href]")];
    const current = () => document.querySelector("tr[data-href].is-current");

    const choose = (row) => {
        const before = current();
        if (before) before.classList.remove("is-current");
        if (!row) return;
        row.classList.add("is-current");
        row.scrollIntoView({ block: "nearest" });
        const link = row.querySelector("a[href]");
        if (link) link.focus({ preventScroll: true });
        sessionStorage.setItem(KEY, row.dataset.href);
    };

    const open = (row, aside) => {
        sessionStorage.setItem(KEY, row.dataset.href);
        if (aside) window.open(row.dataset.href, "_blank", "noopener");
        else location.assign(row.dataset.href);
    };

    const rowOf = (event) => {
        const row = event.target.closest("tr[data-href]");
        if (!row || event.defaultPrevented) return null;
        if (event.target.closest("a, button, input, select, label, summary")) return null;
        return String(getSelection()) ? null : row;
    };

    document.addEventListener("click", (event) => {
        const row = rowOf(event);
        if (row) open(row, event.ctrlKey || event.metaKey);
    });
    document.addEventListener("auxclick", (event) => {
        const row = event.button === 1 && rowOf(event);
        if (row) open(row, true);
    });

    // keys.js asks for these by name.
    document.addEventListener("amends:move", (event) => {
        const all = rows();
        if (!all.length) return;
        const at = all.indexOf(current());
        const next = at < 0 ? (event.detail > 0 ? 0 : all.length - 1) : at + event.detail;
        choose(all[Math.max(0, Math.min(all.length - 1, next))]);
    });
    document.addEventListener("amends:open", () => { const row = current(); if (row) open(row, false); });

    const kept = sessionStorage.getItem(KEY);
    const row = kept && rows().find((one) => one.dataset.href === kept);
    if (row) row.classList.add("is-current");
}
