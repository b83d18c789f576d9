"use strict";

const page = document.getElementById("swagger");

SwaggerUIBundle({
    domNode: page,
    url: page.dataset.document,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
});
