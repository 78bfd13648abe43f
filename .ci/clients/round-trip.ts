// A round trip with a client whose types are those of the API document. Compiled as a CommonJS module.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const [baseUrl, token] = process.argv.slice(2);
assert(baseUrl && token, "give the server's address and a token");
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

async function roundTrip(): Promise<void> {
  const fields: components["schemas"]["SpellCreate"] = {
    title: "The quux is not in its flurble",
    description: "Quuxes leave their flurble when nobody looks.",
    error_type: "zz-991",
    error_pattern: "the quux is not in its flurble",
    solution_code: "put --it back",
    tags: "quux,zz",
    covers_code: true,
  };
  const created = await client.POST("/api/spells", { body: fields });
  assert.equal(created.response.status, 201);
  assert(created.data);
  const path = { id: created.data.id };
  const tag = created.response.headers.get("etag");
  assert(tag);

  const changed = await client.PATCH("/api/spells/{id}", {
    params: { path, header: { "If-Match": tag } },
    body: { status: "active", scope: "octo/*" },
  });
  assert.deepEqual([changed.data?.revision, changed.data?.scope], [2, "octo/*"]);
  const stale = await client.PATCH("/api/spells/{id}", {
    params: { path, header: { "If-Match": tag } },
    body: { title: "Lost" },
  });
  assert.equal(stale.error?.error_code, "PRECONDITION_FAILED");

  const listed = await client.GET("/api/spells", { params: { query: { q: "flurble", limit: 5 } } });
  assert.deepEqual(listed.data?.map((spell) => spell.id), [path.id]);
  assert(listed.data?.[0]?.score, "a search has scores");
  const found = await client.POST("/api/match", {
    body: { error_type: "zz-991", message: "the quux is not in its flurble", repository: "octo/app" },
  });
  assert.equal(found.data?.spells[0]?.id, path.id);
  const diagnosed = await client.POST("/api/diagnose", {
    params: { query: { kind: "log" } },
    body: "error[E0382]: use of moved value: `names`\n --> src/main.rs:4:20\n",
    bodySerializer: (body) => body,
    headers: { "Content-Type": "text/plain" },
  });
  assert.equal(diagnosed.data?.errors[0]?.diagnostic.code, "E0382");

  const deleted = await client.DELETE("/api/spells/{id}", { params: { path } });
  assert.equal(deleted.response.status, 204);
  const gone = await client.GET("/api/spells/{id}", { params: { path } });
  assert.equal(gone.error?.error_code, "SPELL_NOT_FOUND");
  const deliveries = await client.GET("/api/webhooks/deliveries", { params: { query: { verdict: "ping" } } });
  assert.deepEqual(deliveries.data, []);
}

roundTrip().then(
  () => console.log("a round trip in TypeScript"),
  (problem: unknown) => {
    console.error(problem);
    process.exitCode = 1;
  },
);
