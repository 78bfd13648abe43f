// Finds the errors of kettle, a build tool that exists only here:
//
//     kettle: error K042 in src/pot.k:12:5: lid is missing

// Longer lines are cut: memory must not grow with a log that has no line ends.
const LINE_LIMIT = 16 * 1024;

// The contract's maximum number of diagnostics in one scan.
const MOST = 10000;

// No part can match in two ways, so that hostile lines cost no more time than others.
const ERROR = /^kettle: (error|warning) (K[0-9]+) in ([^:]+):([0-9]{1,9})(?::([0-9]{1,9}))?: (.+)$/u;

class Scan {
  static open() {
    return new Scan();
  }

  constructor() {
    this.rest = new Uint8Array(0);
    this.offset = 0;
    this.reported = 0;
  }

  // Chunks end anywhere: text after the last line end is kept for the next chunk.
  feed(chunk) {
    const bytes = new Uint8Array(this.rest.length + chunk.length);
    bytes.set(this.rest);
    bytes.set(chunk, this.rest.length);
    const found = [];
    let start = 0;
    for (let end; (end = bytes.indexOf(10, start)) >= 0; start = end + 1) {
      this.line(bytes.subarray(start, end), 1, found);
    }
    this.rest = bytes.slice(start);
    return found;
  }

  finish() {
    const found = [];
    if (this.rest.length > 0) this.line(this.rest, 0, found);
    return found;
  }

  line(bytes, lineEnd, found) {
    const span = { start: this.offset, end: this.offset + bytes.length };
    this.offset += bytes.length + lineEnd;
    if (this.reported === MOST) return;
    const diagnostic = read(bytes.subarray(0, LINE_LIMIT), span);
    if (!diagnostic) return;
    this.reported++;
    found.push(diagnostic);
  }
}

export const analyze = {
  describe: () => ({
    identity: {
      name: "analyzer-javascript",
      version: "0.1.0",
      description: "Finds the errors of kettle, a build tool that exists only here.",
    },
    tools: ["kettle"],
    accepts: ["text/x-log", "text/plain"],
    // A log without this word never reaches the plugin.
    probes: ["kettle:"],
  }),
  // Called only if the operator has written a configuration for this plugin.
  configure() {
    throw "this plugin has no settings";
  },
  Scan,
};

function read(bytes, span) {
  const text = clean(decode(bytes));
  const match = ERROR.exec(text);
  if (!match || Number(match[4]) === 0) return undefined;
  const [, severity, code, path, line, column, message] = match;
  const isError = severity === "error";
  return {
    tool: "kettle",
    errorType: code,
    code,
    message: message.trim().slice(0, 2000),
    severity,
    kind: "compile",
    role: isError ? "root" : "warning",
    confidence: "certain",
    test: null,
    location: {
      path: path.slice(0, 250),
      start: { line: Number(line), column: Number(column) || null },
      end: null,
    },
    stackTrace: [],
    context: text.slice(0, 4000),
    span,
    facts: [],
  };
}

// Decodes UTF-8, because the interpreter has no decoder. The bytes alone are enough to skip most lines.
function decode(bytes) {
  // Even the shortest error is longer.
  if (bytes.length < 20) return "";
  const plain = String.fromCharCode.apply(null, bytes);
  if (!plain.includes("kettle: ")) return "";
  const escaped = plain.replace(/[^\u0020-\u0024\u0026-\u007e]/gu, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
  try {
    return decodeURIComponent(escaped);
  } catch {
    return plain.replace(/[\u0080-\u00ff]/gu, "\ufffd");
  }
}

// Removes colours and the characters that the contract forbids: control characters and those that reorder text.
function clean(text) {
  return text
    .replace(/\u001b\[[0-9;]*[A-Za-z]/gu, "")
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu, "")
    .trim();
}
