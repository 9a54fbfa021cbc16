"use strict";
// Sends each chosen file at once and shows how far it is; without this script the form sends them all together.
// The server keeps files with the form, so nothing is remembered here. Also: copying the address of the status page.
{
    document.documentElement.classList.add("has-script");
    const size = (bytes) => (bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`);
    const make = (tag, text = "", css = "") => Object.assign(document.createElement(tag), { textContent: text, className: css });

    for (const box of document.querySelectorAll("[data-upload]")) {
        const form = box.closest("form");
        const list = box.querySelector("[data-chosen]");
        const note = box.querySelector("[data-note]");
        const send = form.querySelector(".primary");
        const words = box.dataset;
        let running = 0;

        const busy = (change) => {
            running += change;
            send.setAttribute("aria-disabled", String(running > 0));
            if (!running) note.hidden = true;
        };
        const fields = (more) => {
            const data = new FormData();
            for (const name of ["csrfmiddlewaretoken", "form"]) data.append(name, form.elements[name].value);
            for (const [name, value] of Object.entries(more)) data.append(name, value);
            return data;
        };
        const wrong = (row, text) => {
            row.querySelector("progress")?.remove();
            row.querySelector(".wrong")?.remove();
            row.append(make("span", text, "wrong"));
            row.setAttribute("role", "alert");
        };
        const removable = (row, name, act) => {
            const button = make("button", words.wordsRemove, "plain");
            button.type = "button";
            button.setAttribute("aria-label", `${words.wordsRemove} ${name}`);
            button.addEventListener("click", () => { act(); row.remove(); box.querySelector(".choose label:last-child input").focus(); });
            row.append(button);
        };
        const drop = (key) => fetch(words.upload, { method: "POST", body: fields({ remove: key }), credentials: "same-origin" });

        const upload = (file) => {
            const row = make("li");
            const bar = Object.assign(make("progress"), { max: 100, value: 0 });
            bar.setAttribute("aria-label", file.name);
            row.append(make("span", file.name, "file-name"), make("span", size(file.size), "quiet"));
            list.append(row);
            if (file.size > Number(words.mostBytes)) return removable(row, file.name, () => {}), wrong(row, words.wordsLarge);
            if (list.querySelectorAll("li:not([role])").length > Number(words.mostFiles)) return removable(row, file.name, () => {}), wrong(row, words.wordsMany);
            const request = new XMLHttpRequest();
            let key = "";
            row.append(bar);
            removable(row, file.name, () => (key ? drop(key) : request.abort()));
            request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = (event.loaded / event.total) * 100; });
            request.addEventListener("load", () => {
                const answer = request.response || {};
                if (request.status === 200 && answer.key) { key = answer.key; bar.remove(); row.dataset.done = ""; }
                else wrong(row, answer.error || words.wordsLost);
            });
            request.addEventListener("error", () => wrong(row, words.wordsLost));
            request.addEventListener("loadend", () => busy(-1));
            request.open("POST", words.upload + location.search);
            request.responseType = "json";
            busy(1);
            request.send(fields({ file }));
        };

        box.addEventListener("change", (event) => {
            const input = event.target;
            if (input.type !== "file") return;
            for (const file of input.files) upload(file);
            input.value = "";
        });
        for (const button of box.querySelectorAll("[data-remove]")) button.addEventListener("click", (event) => {
            event.preventDefault();
            drop(button.dataset.remove);
            button.closest("li").remove();
        });
        form.addEventListener("submit", (event) => {
            if (!running) return;
            event.preventDefault();
            note.textContent = words.wordsWait;
            note.hidden = false;
        });
    }

    for (const button of document.querySelectorAll("[data-copy-from]")) {
        if (!navigator.clipboard) continue;
        button.hidden = false;
        button.addEventListener("click", async () => {
            await navigator.clipboard.writeText(document.getElementById(button.dataset.copyFrom).value);
            button.textContent = button.dataset.wordsDone;
        });
    }
}
