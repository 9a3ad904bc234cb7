// Starts Swagger UI on the page of the API; all of it comes from this server.
const place = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
});
