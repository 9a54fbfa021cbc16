"use strict";
// Says what was chosen and how large it is, and warns before a long upload that the server would refuse:
// <input type="file" data-files="id-of-output" data-max-bytes="10485760" data-too-large="…{name}…">. No preview: the file stays unread.
{
    const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);

    document.addEventListener("change", (event) => {
        const input = event.target.closest("input[type=file][data-files]");
        const out = input && document.getElementById(input.dataset.files);
        if (!out) return;
        const limit = Number(input.dataset.maxBytes) || Infinity;
        const large = [...input.files].find((file) => file.size > limit);
        const message = large ? input.dataset.tooLarge.replace("{name}", large.name) : "";
        input.setCustomValidity(message);
        out.classList.toggle("field-error", Boolean(large));
        out.textContent = message || [...input.files].map((file) => `${file.name} · ${size(file.size)}`).join(", ");
    });
}
