/* The search box of every page: hits as you type, arrow keys and Enter, Ctrl+K. Without it the form leads to the results. */

"use strict";

(() => {
    const WAIT = 150; // milliseconds after the last key
    const FEWEST = 2; // characters

    class Finder {
        constructor(form) {
            this.form = form;
            this.input = form.querySelector("input");
            this.shownFor = null;
            this.active = -1;
            this.box = document.createElement("div");
            this.box.className = "bo-find-hits";
            this.box.id = `${this.input.id}-hits`;
            this.box.hidden = true;
            form.append(this.box);
            this.input.setAttribute("role", "combobox");
            this.input.setAttribute("aria-autocomplete", "list");
            this.input.setAttribute("aria-haspopup", "listbox");
            this.input.setAttribute("aria-expanded", "false");
            this.input.addEventListener("input", () => this.plan());
            this.input.addEventListener("focus", () => this.reopen());
            this.input.addEventListener("keydown", (event) => this.press(event));
            form.addEventListener("submit", () => this.stop());
            document.addEventListener("pointerdown", (event) => {
                if (!form.contains(event.target)) this.close();
            });
            form.addEventListener("focusout", (event) => {
                if (event.relatedTarget && !form.contains(event.relatedTarget)) this.close();
            });
        }

        get term() {
            return this.input.value.trim();
        }

        get options() {
            return [...this.box.querySelectorAll("[role=option]")];
        }

        stop() {
            clearTimeout(this.timer);
            this.asked?.abort();
        }

        plan() {
            this.stop();
            if (this.term.length < FEWEST) {
                this.close();
                this.shownFor = null;
                return;
            }
            this.timer = setTimeout(() => this.ask(), WAIT);
        }

        async ask() {
            const term = this.term;
            this.asked = new AbortController();
            try {
                const answer = await fetch(this.form.dataset.find, {
                    method: "POST",
                    headers: { "X-CSRFToken": this.form.dataset.token },
                    body: new URLSearchParams({ q: term }),
                    credentials: "same-origin",
                    signal: this.asked.signal,
                });
                // A session that has ended leads to the log-in page: Enter leads there.
                if (!answer.ok || answer.redirected) {
                    this.close();
                    return;
                }
                const html = await answer.text();
                if (term === this.term) this.show(term, html);
            } catch (error) {
                if (error.name !== "AbortError") this.close();
            }
        }

        show(term, html) {
            this.box.innerHTML = html;
            this.options.forEach((option, index) => {
                option.id = `${this.box.id}-${index}`;
                option.addEventListener("pointermove", () => this.choose(index));
            });
            this.box.querySelector("[role=listbox]").id = `${this.box.id}-list`;
            this.input.setAttribute("aria-controls", `${this.box.id}-list`);
            this.shownFor = term;
            this.choose(-1);
            this.open();
        }

        open() {
            this.box.hidden = false;
            this.input.setAttribute("aria-expanded", String(this.options.length > 0));
        }

        reopen() {
            if (this.shownFor !== null && this.shownFor === this.term) this.open();
        }

        close() {
            this.box.hidden = true;
            this.input.setAttribute("aria-expanded", "false");
            this.choose(-1);
        }

        choose(index) {
            const options = this.options;
            this.active = index;
            options.forEach((option, number) => option.setAttribute("aria-selected", String(number === index)));
            if (index < 0) {
                this.input.removeAttribute("aria-activedescendant");
            } else {
                this.input.setAttribute("aria-activedescendant", options[index].id);
                options[index].scrollIntoView({ block: "nearest" });
            }
        }

        press(event) {
            if (event.isComposing) return;
            const options = this.box.hidden ? [] : this.options;
            if (event.key === "ArrowDown" || event.key === "ArrowUp") {
                event.preventDefault();
                if (this.box.hidden) this.reopen();
                const count = this.options.length;
                if (this.box.hidden || count === 0) return;
                // The box itself is a step of the circle: no hit is chosen there.
                const step = event.key === "ArrowDown" ? 1 : -1;
                this.choose(((this.active + 1 + step + count + 1) % (count + 1)) - 1);
            } else if (event.key === "Enter" && options[this.active]) {
                event.preventDefault();
                if (event.ctrlKey || event.metaKey) window.open(options[this.active].href, "_blank", "noopener");
                else window.location.assign(options[this.active].href);
            } else if (event.key === "Escape") {
                if (this.box.hidden) this.input.blur();
                else event.preventDefault();
                this.close();
            }
        }
    }

    document.addEventListener("DOMContentLoaded", () => {
        document.querySelectorAll("form[data-find]").forEach((form) => new Finder(form));
        document.addEventListener("keydown", (event) => {
            const input = document.querySelector("form[data-find] input");
            if (input && event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
                event.preventDefault();
                input.focus();
                input.select();
            }
        });
    });
})();
