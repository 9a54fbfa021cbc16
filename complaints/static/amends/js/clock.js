"use strict";
// Keeps clocks true between page loads. The server writes the first words; the texts come from #amends-texts, so there is
// no second catalogue. Server time counts, not this computer's: the difference is taken once from data-now.
{
    const texts = document.getElementById("amends-texts");
    const skew = texts && texts.dataset.now ? Date.parse(texts.dataset.now) - Date.now() : 0;

    const fill = (pattern, values) => pattern.replace(/\{(\w)\}/g, (_, key) => values[key]);

    // At most two units, rounded down: the same rule as time_words() on the server.
    const words = (milliseconds) => {
        const minutes = Math.floor(milliseconds / 60000);
        const values = { d: Math.floor(minutes / 1440), h: Math.floor(minutes / 60) % 24, m: minutes % 60 };
        const has = values.d ? (values.h ? "dh" : "d") : values.h ? (values.m ? "hm" : "h") : values.m ? "m" : "zero";
        return fill(texts.dataset[has], values);
    };

    const show = (clock) => {
        if (clock.dataset.met || clock.dataset.stopped) return;
        const now = Date.now() + skew;
        const left = Date.parse(clock.dataset.due) - now;
        if (Number.isNaN(left)) return;
        const state = left < 0 ? "breached" : clock.dataset.warn && Date.parse(clock.dataset.warn) <= now ? "risk" : "neutral";
        const text = clock.querySelector(".clock-text");
        const sentence = (left < 0 ? texts.dataset.over : texts.dataset.left).replace("{t}", words(Math.abs(left)));
        if (text.textContent !== sentence) text.textContent = sentence;
        if (clock.classList.contains(`is-${state}`)) return;
        clock.classList.remove("is-neutral", "is-risk", "is-breached");
        clock.classList.add(`is-${state}`);
        const use = clock.querySelector("use");
        const icon = { neutral: "clock", risk: "timer", breached: "triangle-alert" }[state];
        if (use) use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
    };

    const showAll = () => { for (const clock of document.querySelectorAll("time.clock[data-due]")) show(clock); };
    if (texts) {
        setInterval(showAll, 15000);
        document.addEventListener("visibilitychange", () => { if (!document.hidden) showAll(); });
        document.addEventListener("htmx:afterSwap", showAll);
    }
}
