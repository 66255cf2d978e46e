// EC2's Query protocol in JavaScript, written from the files beside this one alone, without packages.
// `node client.mjs` runs the vectors; `import { call } from "./client.mjs"` sends requests.
import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { gunzipSync } from "node:zlib";

const file = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const { version, request_names, answers, shapes } = file("shapes.json");
const CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8";

// ---- requests

function flat(name, value) {
  if (Array.isArray(value)) return value.flatMap((each, n) => flat(`${name}.${n + 1}`, each));
  if (typeof value !== "object") return [[name, String(value)]];
  return Object.entries(value).flatMap(([key, each]) => flat(`${name}.${request_names[key] ?? key}`, each));
}

export const pairs = (operation, args) =>
  [["Action", operation], ["Version", version], ...flat("", args).map(([name, value]) => [name.slice(1), value])];

const hex = (char) => "%" + char.charCodeAt(0).toString(16).toUpperCase();
const encoded = (text) => encodeURIComponent(text).replace(/[!'()*]/g, hex);
export const form = (all) => all.map((pair) => pair.map(encoded).join("=")).join("&");

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

export function sign(body, { url, region, credentials, time }) {
  const { host, pathname } = new URL(url);
  const stamp = time.replace(/[-:]/g, "");
  const headers = { "content-type": CONTENT_TYPE, host, "x-amz-date": stamp };
  if (credentials.session_token) headers["x-amz-security-token"] = credentials.session_token;
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map((pair) => pair.join(":") + "\n").join("");
  const canonical_request = ["POST", pathname, "", lines, names, sha256(body)].join("\n");
  const parts = [stamp.slice(0, 8), region, "ec2", "aws4_request"];
  const string_to_sign = ["AWS4-HMAC-SHA256", stamp, parts.join("/"), sha256(canonical_request)].join("\n");
  const signature = hmac(parts.reduce(hmac, "AWS4" + credentials.secret_access_key), string_to_sign).toString("hex");
  const scope = [credentials.access_key_id, ...parts].join("/");
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { canonical_request, string_to_sign, authorization, headers };
}

// ---- answers

export class ResponseError extends Error {}
export class ServiceError extends Error {}
const wrong = (why) => { throw new ResponseError(why); };

const TOKEN = /<\?[^]*?\?>|<!--[^]*?-->|<(\/?)(?:[\w.-]+:)?([\w.-]+)[^<>]*?(\/?)>|([^<]+)/gy;
const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const character = (_, name, number) => ENTITIES[name] ?? String.fromCodePoint(Number(number.replace("x", "0x")));

function parse(text) {
  const open = [{ name: "", text: "", children: [] }];
  let end = 0;
  for (const [token, slash, name, empty, content] of text.trim().matchAll(TOKEN)) {
    end += token.length;
    if (content) open.at(-1).text += content.replace(/&(?:(\w+)|#(x?[0-9a-fA-F]+));/g, character);
    else if (slash) open.pop().name === name || wrong(`</${name}> ends another element`);
    else if (name) {
      const element = { name, text: "", children: [] };
      open.at(-1)?.children.push(element);
      if (!empty) open.push(element);
    }
  }
  const [root] = open[0]?.children ?? [];
  return root && open.length === 1 && end === text.trim().length ? root : wrong("it is not well-formed");
}

const child = (element, name) => element?.children.find((each) => each.name === name);
const descendant = (element, name) =>
  child(element, name) ?? element.children.map((each) => descendant(each, name)).find(Boolean);

function timestamp(text) {
  const whole = text.replace(/(:\d\d|^\d+)\.\d+/, "$1");
  const time = new Date(/^\d+$/.test(whole) ? whole * 1000 : whole);
  const fraction = /(?::\d\d|^\d+)(\.\d+)/.exec(text)?.[1].replace(/\.?0+$/, "") ?? "";
  return isNaN(time) ? wrong(`${text} is no time`) : time.toISOString().slice(0, 19) + fraction + "Z";
}
const integer = (text) => (/^[+-]?\d+$/.test(text) ? Number(text) : wrong(`${text} is no integer`));
const SCALARS = {
  string: (text) => text,
  boolean: (text) => text === "true",
  integer: (text) => integer(text.trim()),
  timestamp: (text) => timestamp(text.trim()),
};

function values(element, shape) {
  const found = {};
  for (const [key, { wire, type, list, required }] of Object.entries(shapes[shape])) {
    const inner = child(element, wire);
    const one = (each) => (SCALARS[type] ? SCALARS[type](each.text) : values(each, type));
    if (inner) found[key] = list ? inner.children.filter(({ name }) => name === "item").map(one) : one(inner);
    else if (required) wrong(`there is no <${wire}>`);
  }
  return found;
}

function decoded(body, headers) {
  if (headers["content-encoding"] === "gzip" && body[0] === 0x1f) body = gunzipSync(body);
  const wide = body[0] === 0xff && body[1] === 0xfe ? "utf-16le" : undefined;
  const declared = /^<\?xml[^>]*encoding="([^"]*)"/.exec(body.subarray(0, 100).toString("latin1"))?.[1];
  return new TextDecoder(wide ?? declared ?? "utf-8", { fatal: true }).decode(body);
}

export function read(operation, status, headers, body) {
  if (status >= 300 && status < 400) wrong("a redirect is not followed");
  const root = parse(decoded(body, headers));
  const id = root.children.find(({ name, text }) => /^request_?id$/i.test(name) && text);
  const request_id = id?.text ?? headers["x-amzn-requestid"] ?? null;
  if (root.name === "Response" || root.name === "ErrorResponse") {
    const error = descendant(root, "Error") ?? wrong("an error document has no error");
    const code = (child(error, "Code")?.text ?? wrong("it has no code")).trim().replace(/^(Client|Server)\./, "");
    throw Object.assign(new ServiceError(), { code, message: child(error, "Message")?.text ?? "", request_id });
  }
  if (root.name !== `${operation}Response` || status >= 300) wrong("it is not the answer");
  if ((child(root, "return")?.text.trim() ?? "true") !== "true") wrong("it was not carried out");
  return { values: values(root, answers[operation]), request_id };
}

export async function call(operation, args, place) {
  const time = new Date().toISOString().slice(0, 19) + "Z";
  const body = form(pairs(operation, args));
  const { headers: { host, ...headers }, authorization } = sign(body, { time, ...place });
  const answer = await fetch(place.url, { method: "POST", headers: { ...headers, authorization }, body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return read(operation, answer.status, { "x-amzn-requestid": answer.headers.get("x-amzn-requestid") }, bytes);
}

// ---- the vectors

function requestOf(vector) {
  const all = pairs(vector.operation, vector.arguments);
  const body = form(all);
  const { headers, ...signed } = sign(body, vector);
  return { pairs: all, body, ...signed };
}

function answerOf({ operation, status, headers, body, body_encoding }) {
  try {
    return read(operation, status, headers, Buffer.from(body, body_encoding ?? "utf8"));
  } catch (error) {
    if (error instanceof ResponseError) return { error: { type: "ResponseError" }, request_id: null };
    if (!(error instanceof ServiceError)) throw error;
    const { code, message, request_id } = error;
    return { error: { type: "ServiceError", code, message }, request_id };
  }
}

function differences(name, make) {
  const vectors = file(name);
  const differ = vectors.filter((vector) => !isDeepStrictEqual({ ...vector, ...make(vector) }, vector));
  differ.forEach((vector) => console.log(`${name}: "${vector.name}" differs:`, make(vector)));
  console.log(`${name}: ${vectors.length - differ.length} of ${vectors.length}`);
  return differ.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = differences("requests.json", requestOf) + differences("answers.json", answerOf) ? 1 : 0;
}
