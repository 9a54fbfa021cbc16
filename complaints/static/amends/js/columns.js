"use strict";
// The preview of an import follows each choice, and its answer brings the fields anew. What was chosen while it was on
// its way stays chosen: the next question, which waits for this answer, takes it along.
{
    const fields = () => [...document.querySelectorAll("#reading select[name^='column-']")];
    const chosen = () => new Map(fields().map((field) => [field.name, field.value]));
    let asked = new Map();
    let meanwhile = new Map();

    document.addEventListener("htmx:beforeRequest", () => { asked = chosen(); });
    document.addEventListener("htmx:beforeSwap", () => {
        meanwhile = new Map([...chosen()].filter(([name, value]) => value !== asked.get(name)));
    });
    document.addEventListener("htmx:afterSwap", () => {
        for (const field of fields()) if (meanwhile.has(field.name)) field.value = meanwhile.get(field.name);
        meanwhile = new Map();
    });
}
