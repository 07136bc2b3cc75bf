// Pictures into the page: dropped, pasted, chosen or photographed.

import { button, h, toast } from "./dom.js";

const ACCEPT = "image/*,.tif,.tiff,.ppm,.pgm,.pbm,.pnm";

/** Where pictures come in. `onfiles` gets a list; `leave` must be called when the view goes. */
export function intake({ title, hint, multiple = true, onfiles }) {
  const take = (list) => {
    const files = [...list].filter((file) => file.size > 0);
    if (files.length) onfiles(multiple ? files : files.slice(0, 1));
  };
  const input = h("input", {
    type: "file",
    accept: ACCEPT,
    multiple,
    class: "hidden-text",
    "aria-label": title,
    tabindex: "-1",
    onchange: () => {
      take(input.files);
      input.value = "";
    },
  });
  const shot = h("input", {
    type: "file",
    accept: "image/*",
    capture: "environment",
    class: "hidden-text",
    "aria-label": "Take a photo",
    tabindex: "-1",
    onchange: () => take(shot.files),
  });
  const canPhotograph = matchMedia("(pointer: coarse)").matches || Boolean(navigator.mediaDevices?.getUserMedia);
  const photograph = () => {
    if (matchMedia("(pointer: coarse)").matches) shot.click();
    else camera().then((file) => file && take([file]));
  };
  const node = h(
    "div",
    { class: "intake" },
    h("div", { class: "intake-art", "aria-hidden": "true" }, h("span"), h("span"), h("span")),
    h("h2", {}, title),
    h("p", { class: "muted" }, hint),
    h(
      "div",
      { class: "row center wrap" },
      button({ text: "Choose a picture", symbol: "upload", kind: "primary", onclick: () => input.click() }),
      canPhotograph && button({ text: "Take a photo", symbol: "camera", onclick: photograph }),
    ),
    input,
    shot,
  );
  const isFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const over = (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  };
  const out = (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  };
  const drop = (event) => {
    document.body.classList.remove("dropping");
    if (!isFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  };
  const paste = (event) => {
    if (event.clipboardData?.files.length) {
      event.preventDefault();
      take(event.clipboardData.files);
    }
  };
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", out);
  document.addEventListener("drop", drop);
  document.addEventListener("paste", paste);
  return {
    node,
    choose: () => input.click(),
    photograph: canPhotograph ? photograph : null,
    leave() {
      document.body.classList.remove("dropping");
      document.removeEventListener("dragover", over);
      document.removeEventListener("dragleave", out);
      document.removeEventListener("drop", drop);
      document.removeEventListener("paste", paste);
    },
  };
}

/** A photo from this machine's camera; null if there is none, or nobody takes one. */
async function camera() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1920 }, facingMode: "environment" } });
  } catch {
    toast("There is no camera, or it may not be used.", "error");
    return null;
  }
  return new Promise((resolve) => {
    const video = h("video", { playsinline: true, muted: true, class: "camera" });
    video.srcObject = stream;
    const end = (file) => {
      for (const track of stream.getTracks()) track.stop();
      dialog.close();
      dialog.remove();
      resolve(file);
    };
    const shoot = () => {
      const canvas = h("canvas", { width: video.videoWidth, height: video.videoHeight });
      canvas.getContext("2d").drawImage(video, 0, 0);
      canvas.toBlob((blob) => end(new File([blob], "photo.jpg", { type: "image/jpeg" })), "image/jpeg", 0.95);
    };
    const dialog = h(
      "dialog",
      { class: "dialog wide", "aria-label": "Camera" },
      video,
      h(
        "div",
        { class: "row end" },
        button({ text: "Cancel", onclick: () => end(null) }),
        button({ text: "Take the photo", symbol: "camera", kind: "primary", onclick: shoot }),
      ),
    );
    dialog.addEventListener("cancel", () => end(null));
    document.body.append(dialog);
    dialog.showModal();
    video.play();
  });
}
