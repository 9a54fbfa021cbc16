"use strict";
// Rows of a list that are selected: one box selects all of them, and the button says how many there are.
{
    const form = document.querySelector("form[data-select]");
    const boxes = () => [...document.querySelectorAll("input[data-select-row]")];
    const all = document.querySelector("input[data-select-all]");
    if (form && all) {
        const button = form.querySelector("button");
        const count = form.querySelector("[data-select-count]");
        const show = () => {
            const chosen = boxes().filter((box) => box.checked).length;
            button.disabled = chosen === 0;
            count.textContent = chosen ? ` ${chosen}` : "";
            all.checked = chosen > 0 && chosen === boxes().length;
            all.indeterminate = chosen > 0 && !all.checked;
        };
        all.hidden = false;
        all.addEventListener("change", () => { for (const box of boxes()) box.checked = all.checked; show(); });
        document.addEventListener("change", (event) => { if (event.target.matches("[data-select-row]")) show(); });
        addEventListener("pageshow", show);
        show();
    }
}
