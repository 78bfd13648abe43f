//! The tools that the analyzer is for: a test requires a case of each.

#[rustfmt::skip]
pub(crate) const TOOLS: &[&str] = &[
    "angular", "astro", "ava", "biome", "bower", "bun", "bundlesize", "cypress", "deno", "electron-builder",
    "eleventy", "esbuild", "eslint", "gatsby", "grunt", "gulp", "husky", "jasmine", "jest", "karma", "knip", "lerna",
    "madge", "meteor", "metro", "mocha", "next", "node", "npm", "nx", "oxlint", "parcel", "playwright", "pnpm",
    "prettier", "rollup", "rush", "sass", "size-limit", "standard", "svelte-check", "tap", "ts-loader", "tsc",
    "turbo", "vite", "vitepress", "vitest", "webdriverio", "webpack", "wrangler", "yarn",
];
