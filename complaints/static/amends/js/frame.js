"use strict";
// Small courtesies of the frame. Every page works without them.
{
    // A menu closes when one clicks elsewhere or presses Escape; only one is open at a time.
    document.addEventListener("click", (event) => {
        for (const menu of document.querySelectorAll("details.menu[open]")) {
            if (!menu.contains(event.target)) menu.open = false;
        }
    });
    document.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        for (const menu of document.querySelectorAll("details.menu[open]")) {
            menu.open = false;
            menu.querySelector("summary").focus();
        }
    });

    // A link to a folded panel opens it.
    const openTarget = () => {
        const id = decodeURIComponent(location.hash.slice(1));
        const target = id && document.getElementById(id);
        const folded = target && target.closest("details");
        if (folded && !folded.open) {
            folded.open = true;
            target.scrollIntoView();
        }
    };
    window.addEventListener("hashchange", openTarget);

    // Drawers stand open from the given width on and are folded below it.
    for (const drawer of document.querySelectorAll("details[data-open-from]")) {
        const wide = matchMedia(`(min-width: ${Number(drawer.dataset.openFrom)}px)`);
        const follow = () => { drawer.open = wide.matches; };
        wide.addEventListener("change", follow);
        follow();
    }
    openTarget();

    // On a slow line one types before the scripts are there to hear it: whoever follows the typing is told afterwards.
    document.addEventListener("htmx:load", (event) => {
        if (event.target !== document.body) return;
        for (const field of document.querySelectorAll("input:not([type=checkbox], [type=radio]), textarea")) {
            // A draft that came back is nothing that was typed just now.
            if (field.value !== (field.dataset.restored ?? field.defaultValue)) field.dispatchEvent(new CustomEvent("amends:typed", { bubbles: true }));
        }
    });

    // Copy a value; the button says so for a moment.
    document.addEventListener("click", async (event) => {
        const button = event.target.closest("[data-copy]");
        if (!button || !navigator.clipboard) return;
        await navigator.clipboard.writeText(button.dataset.copy);
        const use = button.querySelector("use");
        if (!use) return;
        const before = use.getAttribute("href");
        use.setAttribute("href", before.replace(/#.*/, "#check"));
        setTimeout(() => use.setAttribute("href", before), 1500);
    });

    // Logging in elsewhere gives this browser a new token; the one in this page is then an old one.
    const token = () => (document.cookie.match(/(?:^|; )amends_csrf=([^;]+)/) || [])[1];

    // A second click must not send a form twice. The button is disabled after the submission is made up,
    // so that its own name and value still go along.
    document.addEventListener("submit", (event) => {
        const form = event.target;
        if (event.defaultPrevented || form.method !== "post") return;
        // A key can send what a disabled button cannot.
        if ("sent" in form.dataset) {
            event.preventDefault();
            return;
        }
        form.dataset.sent = "";
        const field = form.elements.csrfmiddlewaretoken;
        if (field && token()) field.value = token();
        setTimeout(() => {
            for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) button.disabled = true;
        });
    });
    // The back button brings a page back as it was left: wake its buttons.
    window.addEventListener("pageshow", (event) => {
        if (!event.persisted) return;
        for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
        for (const button of document.querySelectorAll("form[method=post] button:disabled:not([data-blocked])")) button.disabled = false;
    });

    document.addEventListener("htmx:configRequest", (event) => {
        if (token()) event.detail.headers["X-CSRFToken"] = token();
    });

    // An answer that cannot be shown where it was asked for: the session is over, or the server is. What stands in the
    // page stays as it is.
    const notice = (name) => document.querySelector(`[data-notice="${name}"]`);
    // Nobody has asked for what asks by itself: it fails in silence, and once the session is over it asks no more.
    const isPoll = (event) => event.detail.elt.matches("[data-poll]");
    document.addEventListener("htmx:beforeRequest", (event) => {
        if (isPoll(event)) return;
        for (const one of document.querySelectorAll("[data-notice]")) one.hidden = true;
    });
    document.addEventListener("htmx:responseError", (event) => {
        const loggedOut = event.detail.xhr.status === 401;
        if (isPoll(event)) {
            if (!loggedOut) return;
            event.detail.elt.replaceWith(event.detail.elt.cloneNode(true));
        }
        const one = notice(loggedOut ? "login" : "failed");
        if (one) one.hidden = false;
    });
    document.addEventListener("htmx:sendError", (event) => {
        if (!isPoll(event) && notice("failed")) notice("failed").hidden = false;
    });
}
