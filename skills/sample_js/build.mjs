// Builds the JavaScript sample: node build.mjs SOURCE WIT OUTPUT [--all-features]
//
// By default without http and fetch-event: a skill gets no network of its own, and kernels that
// define no wasi:http then load it too. --all-features keeps what componentize-js does by default.
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { componentize } from "@bytecodealliance/componentize-js";

const [source, wit, output, option] = process.argv.slice(2);
const { component } = await componentize({
  // Relative paths are misread by the engine's loader.
  sourcePath: resolve(source),
  witPath: resolve(wit),
  worldName: "skill",
  disableFeatures: option === "--all-features" ? [] : ["http", "fetch-event"],
});
await writeFile(output, component);
