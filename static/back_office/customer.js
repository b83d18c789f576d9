// Tabs and older rows of the timeline without loading the whole page. The links work without this script.
"use strict";

(() => {
    const load = async (link) => {
        const timeline = document.getElementById("timeline");
        timeline.setAttribute("aria-busy", "true");
        const answer = await fetch(link.dataset.fragment, { credentials: "same-origin" });
        // A session that has ended leads to the log-in page.
        if (!answer.ok || answer.redirected) {
            window.location.assign(link.href);
            return;
        }
        const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = parsed.getElementById("timeline");
        if (link.hasAttribute("data-append")) {
            const added = [...fresh.querySelectorAll(".cu-rows > li")];
            timeline.querySelector(".cu-rows").append(...added);
            link.closest(".cu-pager").replaceWith(...[fresh.querySelector("[data-append]")?.closest(".cu-pager")].filter(Boolean));
            timeline.removeAttribute("aria-busy");
            added[0]?.querySelector("summary")?.focus();
        } else {
            timeline.replaceWith(fresh);
            fresh.querySelector("[aria-current]")?.focus({ preventScroll: true });
            window.history.replaceState(null, "", link.href);
        }
    };

    document.addEventListener("click", (event) => {
        const link = event.target.closest("#timeline a[data-fragment]");
        if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
            return;
        }
        event.preventDefault();
        load(link).catch(() => window.location.assign(link.href));
    });

    // The time that is left of personal data that is shown. At its end the page is loaded again, masked.
    const left = document.querySelector("[data-seconds-left]");
    if (left) {
        const end = Date.now() + Number(left.dataset.secondsLeft) * 1000;
        const count = () => {
            const seconds = Math.ceil((end - Date.now()) / 1000);
            if (seconds <= 0) {
                window.location.reload();
                return;
            }
            left.textContent = `, ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;
            window.setTimeout(count, 1000);
        };
        count();
    }

    // A menu closes when anything else is clicked, and with Escape.
    const close = (except) => {
        document.querySelectorAll(".cu-more[open]").forEach((menu) => {
            if (!menu.contains(except)) {
                menu.open = false;
            }
        });
    };
    document.addEventListener("click", (event) => close(event.target));
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape") {
            close(null);
        }
    });
})();
