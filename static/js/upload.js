// Sends an image file in pieces (tus), so that a broken connection costs nothing: progress, speed, time left, pause.
"use strict";

document.querySelectorAll("form[data-upload]").forEach((form) => {
  const part = (name) => form.querySelector(`[data-upload-${name}]`);
  const box = part("progress");
  const drop = part("drop");
  const input = form.querySelector("input[type=file]");
  const pause = part("pause");
  const resume = part("resume");
  const retryDelays = [0, 1000, 3000, 5000, 10000, 20000, 30000];
  let upload = null;
  let samples = [];
  let received = 0; // bytes that are there

  const size = (n) => {
    const units = ["B", "KB", "MB", "GB", "TB"];
    let i = 0;
    while (n >= 1000 && i < units.length - 1) {
      n /= 1024;
      i++;
    }
    return `${i > 0 && n < 100 && n % 1 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
  };
  const say = (key, values = {}) =>
    (part("text").textContent = box.dataset[`text${key}`].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? ""));
  const left = (seconds) => {
    const unit = seconds < 90 ? ["Seconds", 1] : seconds < 5400 ? ["Minutes", 60] : ["Hours", 3600];
    return box.dataset[`text${unit[0]}`].replace("{n}", Math.max(1, Math.round(seconds / unit[1])));
  };

  // The speed is that of the last few seconds.
  function speed(sent) {
    const now = performance.now();
    samples.push([now, sent]);
    while (samples.length > 2 && now - samples[0][0] > 5000) samples.shift();
    const [at, before] = samples[0];
    return now > at ? ((sent - before) * 1000) / (now - at) : 0;
  }

  function progress(sent, total) {
    received = sent;
    const percent = total ? Math.floor((sent * 100) / total) : 0;
    part("bar").value = percent;
    part("percent").textContent = `${percent}%`;
    const rate = speed(sent);
    if (rate > 0) say("Progress", { sent: size(sent), size: size(total), speed: size(rate), left: left((total - sent) / rate) });
  }

  function running(yes) {
    pause.hidden = !yes;
    resume.hidden = yes;
    part("bar").classList.toggle("paused", !yes);
    samples = [];
  }

  const cancelWord = part("cancel").textContent;
  function clear() {
    part("text").classList.remove("is-bad");
    part("hint").hidden = part("bar").hidden = part("percent").hidden = false;
    part("cancel").textContent = cancelWord;
  }

  // What was refused cannot go on; what broke off can.
  function fail(error) {
    const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
    const refused = status >= 400 && status < 500;
    running(false);
    resume.hidden = refused;
    part("hint").hidden = part("bar").hidden = part("percent").hidden = refused;
    part("cancel").textContent = refused ? box.dataset.textAnother : cancelWord;
    let text = box.dataset.textFailed;
    try {
      text = JSON.parse(error.originalResponse.getBody()).detail || text;
    } catch {
      // no words from the server
    }
    part("text").textContent = text;
    part("text").classList.add("is-bad");
  }

  async function start(file) {
    if (!file) return;
    drop.hidden = true;
    box.hidden = false;
    received = 0;
    clear();
    part("name").textContent = file.name;
    part("bar").setAttribute("aria-label", file.name);
    say("Starting", { size: size(file.size) });
    const metadata = { filename: file.name, tenant: form.elements.tenant.value, app: form.elements.app.value };
    upload = new tus.Upload(file, {
      endpoint: form.dataset.upload,
      metadata,
      retryDelays,
      chunkSize: 32 * 1024 * 1024,
      removeFingerprintOnSuccess: true,
      // A file goes on where it stopped for the same place only.
      fingerprint: async () => ["berth", metadata.tenant, metadata.app, file.name, file.size, file.lastModified].join("/"),
      onProgress: progress,
      onShouldRetry: (error) => {
        const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
        const again = status === 0 || (status === 409 && upload.url) || status === 423 || status === 429 || status >= 500 && status !== 507;
        if (again) say("Again", { sent: size(received), size: size(file.size) });
        return again;
      },
      onError: fail,
      onSuccess: () => {
        say("Inspecting");
        const id = upload.url.replace(/\/+$/, "").split("/").pop();
        location.assign(form.dataset.uploadNext.replace("{id}", encodeURIComponent(id)));
      },
    });
    const earlier = await upload.findPreviousUploads();
    if (earlier.length > 0) {
      say("Found");
      upload.resumeFromPreviousUpload(earlier[0]);
    }
    running(true);
    upload.start();
  }

  input.addEventListener("change", () => start(input.files[0]));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    start(input.files[0]);
  });
  pause.addEventListener("click", async () => {
    await upload.abort();
    running(false);
    say("Paused", { sent: size(received), size: size(upload.file.size) });
  });
  resume.addEventListener("click", () => {
    clear();
    running(true);
    upload.start();
  });
  part("cancel").addEventListener("click", async () => {
    const current = upload;
    upload = null;
    await current?.abort(true).catch(() => {});
    box.hidden = true;
    drop.hidden = false;
    input.value = "";
  });

  for (const type of ["dragenter", "dragover"]) {
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add("drop-over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("drop-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("drop-over");
    start(event.dataTransfer.files[0]);
  });
});
