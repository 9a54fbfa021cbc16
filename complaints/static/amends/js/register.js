"use strict";
// The quick form: everything by keyboard, and nothing lost with a closed tab. What is typed is kept on the server and not
// in this browser, since it is about a customer and others use this computer, too.
{
    const form = document.getElementById("register");
    const box = document.getElementById("q");
    const list = document.getElementById("found");
    const save = document.querySelector("[data-save]");

    if (/Mac|iPhone|iPad/.test(navigator.platform)) {
        for (const key of document.querySelectorAll("[data-mod]")) key.textContent = "⌘";
    }

    // ---------------------------------------------------------------- the list under the box

    const options = () => [...list.querySelectorAll("[role=option]")];
    const active = () => list.querySelector("[role=option][aria-selected=true]");
    const choose = (option) => {
        for (const one of options()) one.setAttribute("aria-selected", String(one === option));
        box.setAttribute("aria-expanded", String(options().length > 0));
        if (option) box.setAttribute("aria-activedescendant", option.id);
        else box.removeAttribute("aria-activedescendant");
        option?.scrollIntoView({ block: "nearest" });
    };
    const move = (step) => {
        const all = options();
        if (all.length) choose(all[(all.indexOf(active()) + step + all.length) % all.length]);
    };
    // What the list was made for: Enter must not choose from the list of what stood in the box before.
    let listed = box ? box.defaultValue.trim() : "";

    const enter = () => {
        const text = box.value.trim();
        if (text === listed) active()?.click();
        else if (text) box.dispatchEvent(new CustomEvent("amends:look"));
    };
    const boxKeys = { ArrowDown: () => move(1), ArrowUp: () => move(-1), Enter: enter, Escape: () => { box.value = ""; box.dispatchEvent(new CustomEvent("amends:look")); } };

    if (box) {
        // The list comes by itself.
        document.querySelector(".searchbox-go").hidden = true;
        let asked = listed;
        box.addEventListener("htmx:configRequest", () => { asked = box.value.trim(); });
        list.addEventListener("htmx:afterSwap", () => { listed = asked; choose(options()[0]); });
        list.addEventListener("pointermove", (event) => {
            const option = event.target.closest("[role=option]");
            if (option && option !== active()) choose(option);
        });
        box.addEventListener("keydown", (event) => {
            if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !boxKeys[event.key]) return;
            event.preventDefault();
            event.stopPropagation();
            boxKeys[event.key]();
        });
        choose(options()[0]);
    }

    // ---------------------------------------------------------------- keys of the whole page

    const next = (field) => {
        const fields = [...form.elements].filter((one) => one.matches("input, select, textarea") && one.type !== "hidden" && one.offsetParent);
        fields[fields.indexOf(field) + 1]?.focus();
    };
    document.addEventListener("keydown", (event) => {
        if (event.isComposing) return;
        const mod = event.ctrlKey || event.metaKey;
        if (mod && event.key === "Enter" && save && !event.repeat) {
            event.preventDefault();
            save.click();
        } else if (mod && event.key.toLowerCase() === "k" && box) {
            event.preventDefault();
            box.focus();
            box.select();
        } else if (!mod && event.key === "Enter" && form?.contains(event.target) && event.target.matches("input:not([type=submit])") && event.target !== box) {
            event.preventDefault();
            next(event.target);
        }
    });
    // What is wrong in a folded part can only be shown when it is open.
    document.addEventListener("invalid", (event) => {
        const folded = event.target.closest("details");
        if (folded) folded.open = true;
    }, true);

    // ---------------------------------------------------------------- the draft

    if (form?.dataset.keep) {
        const WAIT = 1200;
        const line = form.querySelector("[data-kept]");
        const read = () => { const body = new FormData(form); body.delete("q"); body.delete("csrfmiddlewaretoken"); return body; };
        const plain = (body) => JSON.stringify([...body]);
        let kept = plain(read());
        let timer = 0;
        let sent = false;

        const tell = (text, failed) => {
            line.textContent = text;
            line.classList.toggle("is-failed", failed);
        };
        const keep = async (keepalive) => {
            clearTimeout(timer);
            const body = read();
            const now = plain(body);
            if (sent || now === kept) return;
            const token = (document.cookie.match(/(?:^|; )amends_csrf=([^;]+)/) || [])[1] || form.elements.csrfmiddlewaretoken.value;
            try {
                const answer = await fetch(form.dataset.keep, { method: "POST", body, keepalive, headers: { "X-CSRFToken": token, "HX-Request": "true" } });
                if (answer.status === 401) document.querySelector("[data-notice=login]").hidden = false;
                if (!answer.ok) throw new Error(String(answer.status));
                kept = now;
                const words = answer.status === 204 ? "" : await answer.text();
                if (sent) return;
                tell(words, false);
                document.querySelector("[data-discard]").hidden = !words;
                // A reload, or the tab opened again, comes back to this draft.
                history.replaceState(null, "", words ? form.dataset.resume : form.getAttribute("action"));
            } catch {
                if (!sent) tell(line.dataset.failed, true);
            }
        };
        const soon = () => { clearTimeout(timer); timer = setTimeout(keep, WAIT, false); };

        form.addEventListener("input", soon);
        form.addEventListener("change", soon);
        // Typed before this script came: nobody has kept it yet.
        form.addEventListener("amends:typed", () => { kept = ""; soon(); });
        form.addEventListener("submit", () => { sent = true; clearTimeout(timer); });
        document.getElementById("discard")?.addEventListener("submit", () => { sent = true; clearTimeout(timer); });
        document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keep(true); });
        window.addEventListener("pageshow", (event) => { if (event.persisted) sent = false; });
    }
}
