"use strict";

// Reads the schema and shows each operation with a form to call it. Text is only inserted as text nodes.

const METHODS = ["get", "head", "post", "put", "patch", "delete"];
const NO_BODY = new Set(["get", "head"]);

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function follow(schema, node) {
  while (node && node.$ref) {
    node = node.$ref.slice(2).split("/").reduce((at, part) => at[part], schema);
  }
  return node || {};
}

function typeOf(schema, node) {
  const name = node.$ref ? node.$ref.split("/").pop() : "";
  const found = follow(schema, node);
  if (found.enum) return found.enum.map((word) => word || "(empty)").join(" | ");
  if (found.anyOf) return found.anyOf.map((each) => typeOf(schema, each)).join(" | ");
  const kinds = [found.type || "any"].flat();
  if (kinds[0] === "array") return `list of ${typeOf(schema, found.items)}`;
  const form = found.format ? ` (${found.format})` : "";
  return (name || kinds[0]) + form + (kinds.includes("null") ? " or null" : "");
}

function table(heads, rows) {
  const head = element("tr", {}, ...heads.map((text) => element("th", { textContent: text })));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell))));
  return element("table", {}, head, ...body);
}

function fieldRows(schema, node, prefix = "") {
  const found = follow(schema, node);
  const object = found.items ? follow(schema, found.items) : found;
  const required = object.required || [];
  return Object.entries(object.properties || {}).flatMap(([name, entry]) => {
    const mark = required.includes(name) ? " (required)" : "";
    const row = [element("code", { textContent: prefix + name }), typeOf(schema, entry) + mark, entry.description || ""];
    return [row, ...fieldRows(schema, entry, `${prefix}${name}.`)];
  });
}

function parameterInputs(schema, operation) {
  return (operation.parameters || []).map((parameter) => {
    const input = element("input", { size: 30, ariaLabel: parameter.name });
    return { parameter, input, several: parameter.schema.type === "array" };
  });
}

// The page is at api/docs/ below the path of the service, which it derives from its own URL.
const BASE = new URL("../..", location.href).pathname.slice(0, -1);

function urlOf(path, inputs) {
  const query = new URLSearchParams();
  for (const { parameter, input, several } of inputs) {
    const text = input.value.trim();
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(text));
    else if (text && parameter.in === "query") (several ? text.split(",") : [text]).forEach((value) => query.append(parameter.name, value.trim()));
  }
  return BASE + (query.size ? `${path}?${query}` : path);
}

function headersOf(inputs, hasBody) {
  const headers = {};
  for (const { parameter, input } of inputs) {
    const text = input.value.trim();
    if (text && parameter.in === "header") headers[parameter.name] = text;
  }
  const token = document.getElementById("token").value.trim();
  const contract = document.getElementById("contract").value;
  headers.Accept = contract ? `application/json; version=${contract}` : "application/json";
  if (token) headers.Authorization = `Token ${token}`;
  if (hasBody) headers["Content-Type"] = "application/json";
  return headers;
}

async function call(method, path, inputs, body, output) {
  output.textContent = "…";
  try {
    const text = body ? body.value.trim() : "";
    const options = { method: method.toUpperCase(), headers: headersOf(inputs, text !== "") };
    if (text && !NO_BODY.has(method)) options.body = text;
    const response = await fetch(urlOf(path, inputs), options);
    const content = await response.text();
    const headers = ["etag", "link", "x-result-count", "x-request-id", "allow", "retry-after"]
      .filter((name) => response.headers.has(name))
      .map((name) => `${name}: ${response.headers.get(name)}`);
    output.textContent = [`${response.status} ${response.statusText}`, ...headers, "", pretty(content)].join("\n");
  } catch (error) {
    output.textContent = `The request could not be sent: ${error.message}`;
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function responses(schema, operation) {
  return table(["Status", "Meaning", "Body"], Object.entries(operation.responses).map(([status, node]) => {
    const response = follow(schema, node);
    const content = response.content && response.content["application/json"];
    return [element("code", { textContent: status }), response.description, content ? typeOf(schema, content.schema) : "none"];
  }));
}

function fill(box, schema, path, method, operation) {
  const inputs = parameterInputs(schema, operation);
  if (operation.description) box.append(element("p", { textContent: operation.description }));
  if (inputs.length) {
    box.append(element("h3", { textContent: "Parameters" }), table(["Name", "Type", "Value", "Meaning"],
      inputs.map(({ parameter, input }) => [
        element("code", { textContent: parameter.name }), typeOf(schema, parameter.schema), input, parameter.description || "",
      ])));
  }
  let body = null;
  if (operation.requestBody) {
    const media = operation.requestBody.content["application/json"];
    body = element("textarea", { rows: 8, ariaLabel: "Body", value: JSON.stringify(media.example ?? {}, null, 2) });
    box.append(element("h3", { textContent: "Body" }), table(["Field", "Type", "Meaning"], fieldRows(schema, media.schema)), body);
  }
  const output = element("pre", { ariaLive: "polite" });
  const send = element("button", { textContent: "Send", type: "button" });
  send.addEventListener("click", () => call(method, path, inputs, body, output));
  box.append(element("p", {}, send), output, element("h3", { textContent: "Responses" }), responses(schema, operation));
  const success = Object.values(operation.responses).map((node) => follow(schema, node)).find((node) => node.content);
  const rows = success ? fieldRows(schema, success.content["application/json"].schema) : [];
  if (rows.length) box.append(element("h3", { textContent: "Response fields" }), table(["Field", "Type", "Meaning"], rows));
}

function operationBox(schema, path, method, operation) {
  const box = element("details", { id: operation.operationId }, element("summary", {},
    element("span", { className: `method ${method}`, textContent: method.toUpperCase() }),
    element("code", { textContent: path }),
    element("span", { textContent: operation.summary })));
  box.addEventListener("toggle", () => {
    if (box.open && box.childElementCount === 1) fill(box, schema, path, method, operation);
  });
  return box;
}

function show(schema) {
  const sections = new Map();
  for (const [path, methods] of Object.entries(schema.paths)) {
    for (const method of METHODS.filter((each) => each in methods)) {
      const operation = methods[method];
      const tag = operation.tags[0];
      if (!sections.has(tag)) sections.set(tag, element("section", {}, element("h2", { textContent: tag })));
      sections.get(tag).append(operationBox(schema, path, method, operation));
    }
  }
  document.getElementById("operations").replaceChildren(...sections.values());
}

function find(text) {
  const word = text.trim().toLowerCase();
  for (const box of document.querySelectorAll("details")) {
    box.hidden = !`${box.id} ${box.firstElementChild.textContent}`.toLowerCase().includes(word);
  }
  for (const section of document.querySelectorAll("section")) {
    section.hidden = !section.querySelector("details:not([hidden])");
  }
}

document.getElementById("find").addEventListener("input", (event) => find(event.target.value));
fetch("../schema/").then((response) => response.json()).then(show).catch((error) => {
  document.getElementById("operations").textContent = `The schema could not be read: ${error.message}`;
});
