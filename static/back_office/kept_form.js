/* Fills a form in again that was sent after its session had ended (organizations/staff/kept_forms.py). Nothing is sent. */
const keptFormNote = document.currentScript.dataset.note;

document.addEventListener("DOMContentLoaded", () => {
    "use strict";

    const kept = new Map();
    for (const [name, value] of JSON.parse(document.getElementById("kept-form").textContent)) kept.set(name, [...(kept.get(name) || []), value]);

    const named = (form) => [...form.elements].filter((field) => kept.has(field.name) && field.type !== "hidden");
    const form = [...document.querySelectorAll("form[method=post]")].sort((one, other) => named(other).length - named(one).length)[0];
    if (!form || !named(form).length) return;

    // Rows of lists: as many as there were.
    for (const button of form.querySelectorAll("[data-add-row]")) {
        const name = document.getElementById(button.dataset.addRow).querySelector("input").name;
        for (let count = form.querySelectorAll(`[name="${CSS.escape(name)}"]`).length; count < (kept.get(name) || []).length; count += 1) button.click();
    }
    for (const field of form.elements) {
        const values = kept.get(field.name);
        if (!field.name || ["hidden", "password", "file", "submit"].includes(field.type)) continue;
        if (field.type === "checkbox" || field.type === "radio") {
            field.checked = Boolean(values) && values.includes(field.value);
        } else if (field instanceof HTMLSelectElement) {
            if (!values) continue;
            for (const option of field.options) option.selected = values.includes(option.value);
        } else if (values && values.length) {
            field.value = values.shift();
        } else {
            continue;
        }
        field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    form.querySelectorAll("details").forEach((details) => { details.open ||= named(form).some((field) => details.contains(field)); });
    named(form)[0].dispatchEvent(new Event("input", { bubbles: true }));

    const note = document.createElement("p");
    note.className = "bo-kept";
    note.setAttribute("role", "status");
    note.textContent = keptFormNote;
    form.prepend(note);
    note.scrollIntoView({ block: "center" });
});
