// Pages of imports: progress by polling a fragment of the page, and a warning before a file is sent that is too large.
(() => {
    "use strict";
    const PAUSE = 1500;

    function poll(region) {
        const panel = region.querySelector("[data-poll]");
        if (!panel) {
            return;
        }
        setTimeout(async () => {
            try {
                const answer = await fetch(panel.dataset.poll, { credentials: "same-origin", redirect: "error" });
                if (!answer.ok) {
                    return;
                }
                const focused = region.contains(document.activeElement);
                const fragment = await answer.text();
                if (!focused || !fragment.includes("data-poll")) {
                    region.innerHTML = fragment;
                }
            } catch {
                // The server is busy or restarts: the next try shows more.
            }
            poll(region);
        }, PAUSE);
    }

    function watchSize(input) {
        const warning = document.querySelector("[data-too-large]");
        const button = input.form.querySelector("button[type=submit]");
        input.addEventListener("change", () => {
            const isTooLarge = [...input.files].some((file) => file.size > Number(input.dataset.mostBytes));
            warning.hidden = !isTooLarge;
            button.disabled = isTooLarge;
        });
    }

    document.querySelectorAll(".up-live").forEach(poll);
    document.querySelectorAll("input[data-most-bytes]").forEach(watchSize);
})();
