// Calls of the server. Every one is described at /api.

/** What the server says is wrong. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let askToken = null;

/** What is called when the server wants a token: a promise of having given it. */
export function onTokenWanted(ask) {
  askToken = ask;
}

/** A call; gives what the server answers, parsed. */
export async function call(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["content-type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError(0, "The server does not answer. Is it still running?");
  }
  if (response.status === 401 && askToken && path !== "/api/session") {
    await askToken();
    return call(method, path, body);
  }
  if (response.status === 204) return null;
  const text = await response.text();
  let data = null;
  try {
    data = JSON.parse(text);
  } catch {
    if (response.ok) throw new ApiError(response.status, "The server's answer cannot be read.");
  }
  if (!response.ok) throw new ApiError(response.status, data?.error ?? "The server could not do that.");
  return data;
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);
export const remove = (path) => call("DELETE", path);

/** Sends a picture; `progress` hears the share that is sent. */
export function upload(file, name, progress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("picture", file, name);
    const request = new XMLHttpRequest();
    request.open("POST", "/api/pictures");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress?.(event.loaded / event.total);
    request.onload = () => {
      if (request.status === 201) resolve(request.response);
      else reject(new ApiError(request.status, request.response?.error ?? "The picture was not taken."));
    };
    request.onerror = () => reject(new ApiError(0, "The picture could not be sent."));
    request.send(form);
  });
}

/** Begins a task, and tries again while the queue is full. */
export async function begin(path, body, waiting) {
  for (;;) {
    try {
      return await post(path, body);
    } catch (error) {
      if (error.status !== 503) throw error;
      waiting?.();
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
  }
}

/** Follows a task or a job to its end; `progress` hears of each change. */
export function follow(path, progress) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(`${path}/events`);
    source.addEventListener("progress", (event) => {
      const report = JSON.parse(event.data);
      progress?.(report);
      if (["done", "failed", "stopped"].includes(report.status)) {
        source.close();
        resolve(report);
      }
    });
    source.onerror = async () => {
      if (source.readyState !== EventSource.CLOSED) return;
      try {
        resolve(await get(path));
      } catch (error) {
        reject(error);
      }
    };
  });
}

let stylesPromise = null;

/** The styles; asked for once in a while. */
export function styles(fresh = false) {
  if (!stylesPromise || fresh) stylesPromise = get("/api/styles");
  return stylesPromise;
}
