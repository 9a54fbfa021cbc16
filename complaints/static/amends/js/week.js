"use strict";
// Fills the other days of a week like Monday; without this every day is typed.
{
    const tools = document.querySelector("[data-week-tools]");
    const days = [...document.querySelectorAll("[data-week] input")];
    if (tools && days.length === 7) {
        tools.hidden = false;
        tools.addEventListener("click", (event) => {
            const button = event.target.closest("[data-week-copy]");
            if (!button) return;
            for (const day of days.slice(1, Number(button.dataset.weekCopy))) {
                day.value = days[0].value;
                day.dispatchEvent(new Event("input", { bubbles: true }));
            }
        });
    }
}
