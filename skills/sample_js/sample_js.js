// The sample skill in JavaScript: greets, holds memory and waits as the input asks.

const PAGE = 4096;

const inputSchema = {
  title: "Input",
  type: "object",
  properties: {
    topic: { type: "string" },
    memory: { type: ["integer", "null"], minimum: 0, description: "KB to hold, in chunks of 100 to 300 KB" },
    wait_time: { type: ["integer", "null"], minimum: 0, description: "ms to wait while holding it" },
    chunks: { type: ["integer", "null"], minimum: 1, description: "so many equal chunks instead" },
  },
  required: ["topic"],
};
const outputSchema = { title: "Output", type: "string" };

const encode = (text) => new TextEncoder().encode(text);
const six = (number) => String(number).padStart(6, "0");

// What componentize-js turns into the error of that name; it traps on anything else that is thrown.
const invalidInput = (val) => ({ tag: "invalid-input", val });
const internal = (val) => ({ tag: "internal", val });

function parse(bytes) {
  let input;
  try {
    input = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalidInput(`input is no JSON: ${error.message}`);
  }
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw invalidInput("input must be an object");
  }
  if (typeof input.topic !== "string") throw invalidInput("topic must be a string");
  if (!input.topic.isWellFormed()) throw invalidInput("topic has half of a surrogate pair");
  for (const [name, least] of [["memory", 0], ["wait_time", 0], ["chunks", 1]]) {
    const value = input[name] ?? null;
    if (value !== null && !(Number.isSafeInteger(value) && value >= least)) {
      throw invalidInput(`${name} must be an integer of at least ${least}`);
    }
  }
  return input;
}

// In KB.
function chunkSizes(memory, chunks) {
  const sizes = [];
  if (chunks != null) {
    for (let i = 0; i < chunks; i++) sizes.push(Math.floor(memory / chunks) + (i < memory % chunks));
    return sizes;
  }
  while (memory > 300) {
    // What remains is never less than 100.
    const most = Math.min(300, memory - 100);
    sizes.push(100 + Math.floor(Math.random() * (most - 99)));
    memory -= sizes.at(-1);
  }
  sizes.push(memory);
  return sizes;
}

// A chunk of which every page was written, as zeros alone may be no memory yet.
function touched(size) {
  const chunk = new Uint8Array(size * 1024);
  for (let i = 0; i < chunk.length; i += PAGE) chunk[i] = 1;
  return chunk;
}

async function greet({ topic, memory, wait_time, chunks }) {
  const hello = `Hello ${topic}`;
  const parts = [];
  let held = [];
  if (memory != null) {
    held = chunkSizes(memory, chunks).map(touched);
    parts.push(`memory=${six(memory)} KB in ${held.length} chunks`);
  }
  if (wait_time != null) {
    await new Promise((done) => setTimeout(done, wait_time));
    parts.push(`time=${six(wait_time)} ms`);
  }
  return JSON.stringify(parts.length ? `${hello}  ${parts.join(" ")}` : hello);
}

async function run(bytes) {
  const input = parse(bytes);
  try {
    return encode(await greet(input));
  } catch (error) {
    throw internal(String(error));
  }
}

function metadata() {
  return {
    description: "Greets a topic; holds memory and waits when asked.",
    inputSchema: encode(JSON.stringify(inputSchema)),
    outputSchema: encode(JSON.stringify(outputSchema)),
  };
}

export const skillHandler = { run, metadata };
