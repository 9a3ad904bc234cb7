"use strict";
// Reads a receipt's printed code with the camera, where the browser can. The page does its whole job without this.
(() => {
  const button = document.getElementById("scan");
  const view = document.getElementById("scan-view");
  const said = document.getElementById("scan-said");
  if (!button || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  const idle = button.textContent;
  let stream = null;
  button.hidden = false;

  const stop = () => {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    view.hidden = true;
    button.textContent = idle;
  };

  const follow = (text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url && url.origin === location.origin && url.pathname.startsWith("/check/")) {
      stop();
      location.assign(url.href);
    } else {
      said.textContent = button.dataset.foreign;
    }
  };

  const look = async (detector) => {
    if (!stream) return;
    const codes = await detector.detect(view).catch(() => []);
    if (codes.length) follow(codes[0].rawValue);
    setTimeout(look, 250, detector);
  };

  const start = async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      view.srcObject = stream;
      view.hidden = false;
      await view.play();
      said.textContent = button.dataset.looking;
      button.textContent = button.dataset.stop;
      look(new BarcodeDetector({ formats: ["qr_code"] }));
    } catch {
      stop();
      said.textContent = button.dataset.refused;
    }
  };

  button.addEventListener("click", () => (stream ? (stop(), (said.textContent = "")) : start()));
  addEventListener("pagehide", stop);
})();
