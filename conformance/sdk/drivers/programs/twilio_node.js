"use strict";
/*
 * Drives the `twilio` package for Node: commands come as NDJSON on standard input, outcomes go to standard output.
 *
 * Only the host is redirected, through the request client that the package lets its users write. What calls there are,
 * and what they take, is read from the package's own type declarations. The protocol: docs/drivers.md.
 */
const fs = require("fs");
const path = require("path");
const readline = require("readline");

const ACCOUNT = "AC00000000000000000000000000000000";
const TOKEN = "not-a-real-token"; // that is what it says
const BASE = process.env.CONFORMANCE_URL;
const RECORDS = 200; // more records than that would be paging without an end

const home = process.env.CONFORMANCE_SDK_HOME || process.cwd();
const entry = require.resolve("twilio", { paths: [home] });
const root = path.dirname(require.resolve("twilio/package.json", { paths: [home] }));
const twilio = require(entry);
const about = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));

console.log = console.error; // standard output belongs to the protocol

/* The request client: what the SDK lets its users replace. */

class Redirected extends twilio.RequestClient {
  constructor(options, base) {
    super(options);
    this.base = base;
  }

  /** Send a request to the server instead of its host, which stays in the `Host` header. */
  request(options) {
    const host = new URL(options.uri).host;
    const uri = options.uri.replace(/^[a-z]+:\/\/[^/?#]+/i, this.base);
    return super.request({ ...options, uri, headers: { ...options.headers, Host: host } });
  }
}

/* What the SDK declares. */

const declarations = new Map();

/** Read a declaration file: its imports, and its classes and interfaces with their members. */
function declared(file) {
  if (!declarations.has(file)) {
    const text = fs.readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    const found = { file, imports: new Map(), types: new Map(), main: null };
    for (const [, names, from] of text.matchAll(/^import (?:type )?(.+?) from "(.+?)";/gm)) {
      const target = from.startsWith(".") ? path.join(path.dirname(file), `${from}.d.ts`) : null;
      const [first, list] = names.startsWith("{") ? ["", names] : names.split(/,\s*(?={)/);
      if (first) found.imports.set(first.trim(), [target, null]);
      for (const name of (list || "").replace(/[{}\s]/g, "").split(",").filter(Boolean)) found.imports.set(name, [target, name]);
    }
    const head = /(?:^|\n)\s*(export )?(default )?(?:declare )?(?:abstract )?(class|interface) (\w+)(?: extends ([\w.]+))?[^{]*\{/g;
    for (const match of text.matchAll(head)) {
      const [whole, , main, kind, name, base] = match;
      found.types.set(name, { name, kind, base, file, members: members(block(text, match.index + whole.length)) });
      if (main) found.main = name;
    }
    const exported = text.match(/^export = (\w+);/m);
    if (exported) found.main = exported[1];
    declarations.set(file, found);
  }
  return declarations.get(file);
}

/** Give the text up to the brace that closes a block. */
function block(text, start) {
  for (let depth = 1, end = start; end < text.length; end++) {
    if (text[end] === "{") depth++;
    if (text[end] === "}" && --depth === 0) return text.slice(start, end);
  }
  return "";
}

/** Split the body of a class or interface into its members. */
function members(body) {
  const found = [];
  let depth = 0;
  let piece = "";
  for (const sign of body) {
    if ("({[".includes(sign)) depth++;
    if (")}]".includes(sign)) depth--;
    if (sign === ";" && depth === 0) {
      found.push(piece.trim());
      piece = "";
    } else piece += sign;
  }
  return found.map(member).filter(Boolean);
}

function member(text) {
  let match = text.match(/^get (\w+)\(\): ([\s\S]+)$/);
  if (match) return { form: "property", name: match[1], type: match[2] };
  match = text.match(/^"?(\w+)"?(\?)?: ([\s\S]+)$/);
  if (match) return { form: "property", name: match[1], optional: Boolean(match[2]), type: match[3] };
  match = text.match(/^(\w*)\(([\s\S]*)\): ([\w.<>[\] |]+)$/);
  if (match) return { form: match[1] ? "method" : "call", name: match[1], takes: taken(match[2]), type: match[3] };
  return null;
}

/** Give the parameters of a signature. */
function taken(text) {
  return members(`${text.replace(/,(?![^(<{]*[)>}])/g, ";")};`).filter((each) => each.form === "property");
}

/** Find the class or interface that a name means in a file; null where it is none. */
function resolve(name, file) {
  const here = declared(file);
  if (here.types.has(name)) return here.types.get(name);
  const [target, exported] = here.imports.get(name) || [null, null];
  if (!target || !fs.existsSync(target)) return null;
  return resolve(exported || declared(target).main, target);
}

/** Give the members of a type, inherited ones included. */
function inherited(type) {
  const base = type.base && resolve(type.base, type.file);
  return [...type.members, ...(base ? inherited(base) : [])];
}

function extending(type, name) {
  for (let each = type; each; each = each.base ? resolve(each.base, each.file) : null) {
    if (each.name === name || each.base === name) return true;
  }
  return false;
}

const isList = (type) => type && type.name.endsWith("ListInstance");
const isContext = (type) => type && type.name.endsWith("Context");

/** Give every list and context that can be reached, with the path of properties that leads there. */
function* resources() {
  const client = resolve(declared(path.join(root, "lib/rest/Twilio.d.ts")).main || "Client", path.join(root, "lib/rest/Twilio.d.ts"));
  for (const domain of sorted(inherited(client))) {
    const domainType = domain.form === "property" && !domain.name.startsWith("_") && resolve(domain.type, client.file);
    if (!domainType || !extending(domainType, "Domain")) continue;
    for (const version of sorted(inherited(domainType))) {
      const base = resolve(domainType.base || "", domainType.file);
      const type = version.form === "property" && (resolve(version.type, domainType.file) || (base && resolve(version.type, base.file)));
      if (type && extending(type, "Version") && !version.name.startsWith("_")) yield* below(`${domain.name}.${version.name}`, type, []);
    }
  }
}

function* below(here, type, above) {
  if (above.includes(type)) return;
  above = [...above, type];
  const children = [];
  for (const each of sorted(type.members)) {
    const child = resolve(each.type, type.file);
    if (each.name.startsWith("_") || !(isList(child) || isContext(child)) || each.name === "get") continue;
    if (each.form === "property") children.push([`${here}.${each.name}`, child]);
    else children.push([`${here}${each.name && `.${each.name}`}(${each.takes.map((one) => one.name).join(",")})`, child]);
  }
  const lists = children.filter(([, child]) => isList(child)).map(([, child]) => child.name);
  for (const [where, child] of children) {
    const item = isContext(child) && !where.endsWith(")") && lists.includes(child.name.replace(/Context$/, "ListInstance"));
    if (item) continue; // `account` beside `accounts`
    yield [where, child];
    yield* below(where, child, above);
  }
}

const sorted = (list) => [...list].sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));

const KINDS = { remove: "delete", each: "stream" };
const ALIASES = /^(get|getPage|toJSON|\w*WithHttpInfo)$/;

/** Describe every call. */
function calls() {
  const found = new Map();
  for (const [where, type] of resources()) {
    const steps = [...where.matchAll(/\(([^)]*)\)/g)].flatMap(([, names]) => names.split(",").filter(Boolean));
    for (const each of type.members) {
      if (each.form !== "method" || ALIASES.test(each.name) || resolve(each.type, type.file) && !each.type.startsWith("Promise")) continue;
      const call = `${where}.${each.name}`;
      const overloads = type.members.filter((other) => other.form === "method" && other.name === each.name);
      const isOptional = overloads.some((other) => !other.takes.some((one) => one.name === "params"));
      const parameters = parametersOf(each, type.file, isOptional);
      if (found.has(call) && found.get(call).parameters.length >= parameters.length) continue;
      found.set(call, { call, kind: KINDS[each.name] || each.name, path: steps, parameters });
    }
  }
  return [...found.values()];
}

/** Describe the parameters of a call; `params` is either a bag of named ones or a whole body. */
function parametersOf(method, file, isOptional) {
  const bag = method.takes.find((each) => each.name === "params");
  if (!bag) return [];
  const type = resolve(bag.type, file);
  if (!type || type.kind === "class") return [{ name: "params", required: !isOptional && !bag.optional, type: "body", forms: ["plain"] }];
  return type.members
    .filter((each) => each.form === "property" && !/=>|\bFunction\b/.test(each.type))
    .map((each) => ({ name: each.name, required: !each.optional, type: typeOf(each.type) }));
}

function typeOf(text) {
  const plain = text.replace(/\s*\|\s*(null|undefined)\b/g, "").trim();
  if (/^Array<|\[\]$/.test(plain)) return "array";
  return { string: "string", number: "number", boolean: "boolean", Date: "date-time", object: "object", any: "object" }[plain] || (/^Record</.test(plain) ? "object" : "string");
}

/* From commands to calls. */

function native(value) {
  if (Array.isArray(value)) return value.map(native);
  if (value === null || typeof value !== "object") return value;
  if (value.$ === "date-time" || value.$ === "date") return new Date(value.value);
  if (value.$ === "body") return value.value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, native(each)]));
}

const plainName = (name) => name.replace(/_/g, "").toLowerCase();

/** Spell the fields of a body as the declared class does. */
function spelled(value, name, file) {
  if (Array.isArray(value)) return value.map((each) => spelled(each, name, file));
  const type = name && resolve(name.replace(/^Array<(.*)>$/, "$1").replace(/\s*\|\s*null$/, ""), file);
  if (!type || value === null || typeof value !== "object") return value;
  const fields = new Map(inherited(type).map((each) => [plainName(each.name), each]));
  return Object.fromEntries(
    Object.entries(value).map(([given, each]) => {
      const field = fields.get(plainName(given));
      return field ? [field.name, spelled(each, field.type, type.file)] : [given, each];
    }),
  );
}

/** Find the declared type of a call's body. */
function bodyType(call) {
  for (const [where, type] of resources()) {
    if (!call.startsWith(`${where}.`)) continue;
    const method = type.members.find((each) => each.form === "method" && `${where}.${each.name}` === call && each.takes[0]?.name === "params");
    if (method) return [method.takes[0].type, type.file];
  }
  return [null, null];
}

const clients = new Map();

function client(settings) {
  const key = JSON.stringify(settings);
  if (!clients.has(key)) {
    const options = {};
    if (settings.timeout !== undefined) options.timeout = settings.timeout * 1000;
    if (settings.retries !== undefined) Object.assign(options, { autoRetry: true, maxRetries: settings.retries });
    if (settings.proxy) process.env.HTTP_PROXY = settings.proxy; // the only way there is to set one
    const made = twilio(ACCOUNT, TOKEN, { httpClient: new Redirected(options, settings.base || BASE) });
    delete process.env.HTTP_PROXY;
    clients.set(key, made);
  }
  return clients.get(key);
}

async function perform(command) {
  try {
    const given = [...command.path];
    let thing = client(command.settings || {});
    const steps = [...command.call.matchAll(/(\w+)((?:\([^)]*\))*)/g)];
    const last = steps.pop()[1];
    for (const [, name, calls] of steps) {
      const owner = thing;
      thing = thing[name];
      for (const [, names] of calls.matchAll(/\(([^)]*)\)/g)) {
        const some = names.split(",").filter(Boolean).map(() => given.shift());
        thing = thing.apply(owner, some);
      }
    }
    const parameters = native(command.parameters || {});
    if (last === "each") return { outcome: "returned", value: written(await streamed(thing, parameters)) };
    const whole = command.parameters?.params?.$ === "body";
    const body = whole ? [spelled(parameters.params, ...bodyType(command.call))] : Object.keys(parameters).length ? [parameters] : [];
    const result = await thing[last](...body);
    return { outcome: "returned", value: written(last === "page" ? result.instances : result) };
  } catch (error) {
    return { outcome: "raised", error: told(error) };
  }
}

function streamed(list, parameters) {
  return new Promise((resolved, rejected) => {
    const records = [];
    const callback = (record, done) => (records.push(record) >= RECORDS ? done() : undefined);
    list.each({ ...parameters, callback, done: (error) => (error ? rejected(error) : resolved(records)) });
  });
}

/* From results to outcomes. */

function written(value, depth = 0) {
  if (value === null || ["string", "boolean"].includes(typeof value)) return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : { $: "number", value: String(value) };
  if (typeof value === "bigint") return { $: "decimal", value: String(value) };
  if (value instanceof Date) return { $: "date-time", value: isNaN(value) ? null : value.toISOString() };
  if (depth > 20) return { $: "deep" };
  if (Array.isArray(value)) return value.map((each) => written(each, depth + 1));
  if (typeof value !== "object") return undefined;
  const fields = Object.entries(value).filter(([name, each]) => !name.startsWith("_") && typeof each !== "function");
  const shown = Object.fromEntries(fields.map(([name, each]) => [name, written(each, depth + 1)]));
  const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(value));
  for (const [name, each] of fields) if (each === undefined) shown[name] = null; // an attribute without a value
  return isPlain ? shown : { $: "object", class: value.constructor.name, fields: shown };
}

const origins = new Map();

/** Tell whether a class of errors is the package's own. */
function isOwn(type) {
  if (!origins.has(type)) {
    const modules = Object.values(require.cache).filter((each) => each.filename.startsWith(path.join(root, "lib")));
    origins.set(type, modules.some((each) => each.exports === type || each.exports?.default === type));
  }
  return origins.get(type);
}

function told(error) {
  const own = isOwn(error?.constructor);
  return {
    type: error?.constructor?.name || typeof error,
    module: own ? about.name : "",
    own,
    status: Number.isInteger(error?.status) ? error.status : null,
    code: Number.isInteger(error?.code) ? error.code : null,
    message: String(error?.message ?? error).slice(0, 500),
  };
}

async function answer(command) {
  if (command.do === "describe") return { sdk: "twilio-node", version: about.version, runtime: `Node ${process.version}`, clients: ["async"] };
  if (command.do === "calls") return { calls: calls(), broken: [] };
  if (command.do === "call") return perform(command);
  return { error: `no command ${JSON.stringify(command.do)}` };
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    const outcome = await answer(command).catch((error) => ({ error: String(error?.stack || error) }));
    process.stdout.write(`${JSON.stringify({ id: command.id, ...outcome })}\n`);
  }
  process.exit(0); // connections that are kept alive would hold the process
}

process.on("unhandledRejection", (error) => console.error(error));
main();
