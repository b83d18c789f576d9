/* Pages in dialogs, and previews that follow what is typed. Everything works without this file, on pages of its own.

   A link with data-dialog shows the form of its page in a <dialog> over the present page. The form is sent from there: refusals
   and previews appear in the dialog, success leads to where the page redirects. Requests carry the header X-Dialog, so that the
   server names a redirect in X-Dialog-Location in place of sending it (organizations/back_office/middleware.py).

   A form with data-preview is sent after each change without being seen, which writes nothing: its result takes the place of
   [data-preview-result], and its buttons that of [data-preview-buttons]. */
(() => {
    "use strict";

    const PASSWORD_PAGE = "/admin/confirm-password/";
    const PAUSE = 400;
    let dialog = null;
    let address = "";

    const path = (url) => new URL(url, window.location.href).pathname;

    function leave(url) {
        const target = new URL(url, window.location.href);
        const here = window.location;
        if (target.pathname === here.pathname && target.search === here.search) here.reload();
        else here.assign(target.href);
    }

    async function ask(url, options = {}) {
        const answer = await fetch(url, { credentials: "same-origin", ...options, headers: { "X-Dialog": "1" } });
        const location = answer.headers.get("X-Dialog-Location");
        if (location) return { location };
        const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-dialog-page]");
        return { page };
    }

    function build() {
        dialog = document.createElement("dialog");
        dialog.className = "bo-dialog";
        dialog.setAttribute("aria-labelledby", "bo-dialog-title");
        dialog.innerHTML =
            '<header><h2 id="bo-dialog-title"></h2>' +
            '<button type="button" class="bo-dialog-close" data-dialog-close aria-label="Close">' +
            '<span class="material-symbols-outlined" aria-hidden="true">close</span></button></header>' +
            '<div class="bo-dialog-page"></div>';
        dialog.addEventListener("close", () => dialog.querySelector(".bo-dialog-page").replaceChildren());
        document.body.append(dialog);
    }

    function show(page) {
        if (!dialog) build();
        dialog.querySelector("h2").textContent = page.dataset.title;
        page.querySelectorAll("script").forEach((script) => script.remove());
        // The title names the row already.
        const heading = page.querySelector(":scope > h2");
        if (heading && page.dataset.title.endsWith(heading.textContent.trim())) heading.remove();
        dialog.querySelector(".bo-dialog-page").replaceChildren(document.adoptNode(page));
        showButtons(page);
        if (!dialog.open) dialog.showModal();
        const invalid = page.querySelector(".errors :is(input, select, textarea):not([type=hidden])");
        const alert = page.querySelector("[role=alert]");
        const ready = page.querySelector("[name=seen]") && page.querySelector(".bo-button.main");
        const first = page.querySelector("[autofocus], input:not([type=hidden]), select, textarea");
        const target = invalid || ready || first || page.querySelector(".bo-button");
        if (alert) alert.scrollIntoView({ block: "nearest" });
        if (target) target.focus();
        const result = page.querySelector("[data-preview-result]:has(p)");
        if (result) result.scrollIntoView({ block: "nearest" });
    }

    async function open(url) {
        address = url;
        try {
            const answer = await ask(url);
            if (answer.page) show(answer.page);
            else if (answer.location && path(answer.location) !== window.location.pathname) await open(answer.location);
            else leave(answer.location || url);
        } catch {
            // Without an answer the browser shows what is wrong.
            window.location.assign(url);
        }
    }

    async function send(form, button) {
        const body = new FormData(form, button);
        form.setAttribute("aria-busy", "true");
        form.querySelectorAll("button").forEach((each) => { each.disabled = true; });
        try {
            const answer = await ask(address, { method: "POST", body });
            if (answer.page) show(answer.page);
            else if (!answer.location) throw new Error("no page");
            else if (path(address) === PASSWORD_PAGE) await open(answer.location);
            else if (path(answer.location) === PASSWORD_PAGE) await open(answer.location);
            else leave(answer.location);
        } catch {
            form.removeAttribute("aria-busy");
            form.querySelectorAll("button").forEach((each) => { each.disabled = false; });
            const result = form.querySelector(".bo-buttons");
            const note = document.createElement("p");
            note.className = "bo-dialog-failed";
            note.setAttribute("role", "alert");
            note.textContent = "No answer. Check the customer’s page before you send it again.";
            form.querySelectorAll(".bo-dialog-failed").forEach((each) => each.remove());
            result.before(note);
        }
    }

    /* Previews that follow what is typed. The latest change wins. */
    const waiting = new WeakMap();

    /* The refusal of a value goes with the value. */
    function settled(field) {
        const refused = field.closest(".errors");
        if (!refused) return;
        refused.classList.remove("errors");
        refused.querySelectorAll(".text-red-600:has(li)").forEach((refusal) => refusal.remove());
    }

    function changed(form, field) {
        const before = waiting.get(form);
        if (before) {
            clearTimeout(before.timer);
            before.abort.abort();
        }
        const abort = new AbortController();
        const timer = setTimeout(() => preview(form, abort.signal), PAUSE);
        waiting.set(form, { timer, abort });
        form.querySelectorAll("[data-preview-result] [name=seen]").forEach((seen) => seen.remove());
        settled(field);
        form.querySelector("[data-preview-result]").classList.add("is-old");
    }

    async function preview(form, signal) {
        const url = dialog && dialog.contains(form) ? address : window.location.href;
        try {
            const { page } = await ask(url, { method: "POST", body: new FormData(form), signal });
            if (!page || signal.aborted) return;
            for (const name of ["[data-preview-result]", "[data-preview-buttons]"]) {
                const present = form.querySelector(name);
                const next = page.querySelector(name);
                if (!present || !next) continue;
                present.classList.remove("is-old");
                present.replaceChildren(...next.childNodes);
            }
        } catch {
            // The button shows the preview, and what is wrong.
        }
    }

    /* Rows of lists: the last row is copied, blank. The button is hidden until there is a script. */
    const showButtons = (within) => within.querySelectorAll("[data-add-row]").forEach((button) => { button.hidden = false; });
    document.addEventListener("DOMContentLoaded", () => showButtons(document));

    function addRow(button) {
        const rows = document.getElementById(button.dataset.addRow);
        const row = rows.lastElementChild.cloneNode(true);
        row.querySelectorAll("input").forEach((input) => { input.value = ""; });
        rows.append(row);
        row.querySelector("input").focus();
    }

    document.addEventListener("click", (event) => {
        if (!(event.target instanceof Element)) return;
        const row = event.target.closest("[data-add-row]");
        if (row) {
            addRow(row);
            return;
        }
        if (dialog && dialog.contains(event.target) && event.target.closest("[data-dialog-close]")) {
            event.preventDefault();
            dialog.close();
            return;
        }
        const link = event.target.closest("a[data-dialog], button[data-dialog]");
        if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        open(link.href || link.dataset.dialog);
    });

    document.addEventListener("submit", (event) => {
        const form = event.target;
        if (dialog && dialog.contains(form)) {
            event.preventDefault();
            if (form.getAttribute("aria-busy") !== "true") send(form, event.submitter);
        }
    });

    document.addEventListener("input", (event) => {
        const form = event.target instanceof Element && event.target.closest("form[data-preview]");
        if (form) changed(form, event.target);
    });
})();
