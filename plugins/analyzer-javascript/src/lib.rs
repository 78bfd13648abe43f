//! Finds the errors of JavaScript and TypeScript tools in logs.
//!
//! | tool | input |
//! | --- | --- |
//! | `node` | stacks with causes: innermost error, first own frame; codes; syntax errors; exhausted memory; bad options |
//! | `bun`, `deno` | errors of the runtimes, their checkers, installers and test runners |
//! | `jest`, `vitest`, `mocha`, `cypress`, `jasmine`, `karma`, `ava`, `playwright`, `webdriverio`, `node:test`, TAP | one diagnostic per failing test with its id, expected and received values; not for tests that pass in a retry |
//! | `tsc`, `angular`, `astro check`, `svelte-check`, `ts-loader` | plain and pretty findings, also inside webpack's blocks |
//! | `eslint`, `tslint`, `stylelint`, `standard`, `oxlint`, `biome`, `prettier`, `knip`, `madge` | every text format, JSON; rejected settings |
//! | `webpack`, `vite`, `rollup`, `rolldown`, `rspack`, `esbuild`, `swc`, `parcel`, `metro`, `babel`, `sass`, `next`, `nuxt`, `astro`, `gatsby`, `eleventy`, `vitepress`, `electron-builder`, `wrangler`, `meteor` | build errors |
//! | `npm`, `pnpm`, `yarn` of both generations, `bower` | conflicts, missing packages, outdated lock files, checksums, permissions, scripts with their inner cause |
//! | `turbo`, `nx`, `lerna`, `rush`, `husky`, `lint-staged`, `grunt`, `gulp` | which task failed, as a summary; the prefixes of tasks are removed |
//! | `expect` | expected and received values without the report of a runner |
//! | `size-limit`, `bundlesize` | sizes beyond their limit |
//!
//! Each recogniser is a small state machine over lines in its own module. A line that belongs to an open
//! block of one recogniser is kept from the others; any other line is passed to all of them.
#![deny(unsafe_code)]

mod astro;
mod blocks;
mod bun;
mod bundlers;
mod cause;
mod checkers;
mod deno;
mod eslint;
mod eslint_forms;
mod expected;
mod fatal;
mod found;
mod friendly;
mod gates;
mod gulp;
mod jest;
mod kinds;
mod managers;
mod message_place;
mod meteor;
mod mocha;
mod monorepo;
mod next;
mod nodetest;
mod npm;
mod npm_words;
mod playwright;
mod prefix;
mod reports;
mod runners;
mod sites;
mod stack;
mod tap;
mod tools;
mod tsc;
mod vitest;
mod webpack;

use grimoire_plugin_sdk::json::Objects;
use grimoire_plugin_sdk::text::Characters;
use grimoire_plugin_sdk::{Diagnostic, Kind, Line, LineAnalyzer, LineScan, Span};

/// The analyzer: see the crate's documentation.
#[derive(Default)]
pub struct JavaScript {
    objects: Objects,
    jest: jest::Jest,
    vitest: vitest::Vitest,
    playwright: playwright::Playwright,
    runners: runners::Runners,
    mocha: mocha::Mocha,
    nodetest: nodetest::NodeTest,
    tap: tap::Tap,
    bun: bun::Bun,
    deno: deno::Deno,
    npm: npm::Npm,
    managers: managers::Managers,
    monorepo: monorepo::Monorepo,
    webpack: webpack::Webpack,
    tsc: tsc::Tsc,
    checkers: checkers::Checkers,
    next: next::Next,
    friendly: friendly::Friendly,
    astro: astro::Astro,
    blocks: blocks::Blocks,
    bundlers: bundlers::Bundlers,
    gates: gates::Gates,
    gulp: gulp::Gulp,
    meteor: meteor::Meteor,
    eslint: eslint::Eslint,
    forms: eslint_forms::Forms,
    sites: sites::Sites,
    fatal: fatal::Fatal,
    expected: expected::Expected,
    stack: stack::Stacks,
    /// Number of remaining lines of an XML report, which another analyzer reads.
    xml: u32,
}

/// Every log with errors for this analyzer contains one of these.
const PROBES: &[&str] = &[
    // Files.
    ".js",
    ".ts",
    ".mjs",
    ".cjs",
    ".mts",
    ".cts",
    ".jsx",
    ".vue",
    ".svelte",
    ".astro",
    "[astro:",
    "ERROR #",
    "[11ty]",
    "Found dead link",
    "Use --force to continue",
    "root stylesheet",
    "docs.astro.build",
    ".mdx",
    ".css",
    ".scss",
    ".less",
    "package.json",
    "node_modules",
    // Runtimes.
    "node:",
    "Node.js",
    "node ",
    "<anonymous>",
    "heap out of memory",
    "FATAL ERROR",
    "ERR_",
    "UnhandledPromise",
    "EADDRINUSE",
    "Bun v",
    "bun ",
    "Deno",
    "deno",
    // Packages and runners.
    "npm",
    "yarn",
    "Yarn",
    "00h00m00s",
    "YN00",
    "pnpm",
    "ELIFECYCLE",
    "failed to resolve",
    "Script not found",
    "error: script \"",
    "lockfile is frozen",
    "Task not found",
    "lerna",
    "turbo",
    " exited (",
    "command finished with error",
    " NX ",
    "FAILURE: ",
    "husky",
    "lint-staged",
    "gulp",
    "bower ",
    "in plugin ",
    "Errors prevented startup",
    "Unable to resolve some modules",
    "Task never defined",
    // Tests.
    "Test suite failed to run",
    "jest",
    "Jest",
    "vitest",
    "mocha",
    "cypress",
    "The browser never connected",
    "Cypress",
    "playwright",
    "Playwright",
    "karma",
    " failing",
    "not ok ",
    "+++ found",
    "+ Received",
    "(fail)",
    "Failures:",
    " FAILED",
    "[fail]",
    "coverage threshold",
    "does not meet",
    "No tests found",
    "No test files found",
    // Builds and linters.
    "error TS",
    "webpack",
    "Webpacker",
    "Module build failed",
    "ERROR in ",
    "dependency was not found",
    "dependencies were not found",
    "ngular C",
    "@angular/",
    "vite",
    "error during build",
    "RollupError",
    "[ERROR] ",
    "Module not found",
    "Cannot find module",
    "Unable to resolve module",
    "prerendering",
    "Building static HTML",
    "Metro ",
    "No build files found",
    "Export encountered",
    "Failed to compile",
    "Failed to type check",
    "required package(s)",
    "⨯",
    "@parcel/",
    "nuxt",
    "╭─[",
    ",-[",
    "━━━",
    "ESLint",
    "eslint",
    "stylelint",
    "tslint",
    "Code style issues",
    "Unused ",
    "Unlisted ",
    "Unresolved imports",
    "circular dependenc",
    "size limit",
    "maxSize",
];

/// Maximum number of lines of one element of an XML report.
const XML: u32 = 500;

/// Maximum length in bytes of a line of text that may be an error; longer ones are data.
const MOST_TEXT: usize = 16 * 1024;

impl LineAnalyzer for JavaScript {
    const TOOLS: &'static [&'static str] = tools::TOOLS;

    /// One-line reports (JSON) are long.
    const LINE_LIMIT: usize = 1024 * 1024;

    const PROBES: &'static [&'static str] = PROBES;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed {
            return;
        }
        let text = prefix::strip(&line.text);
        if text.len() > MOST_TEXT && !text.starts_with(['{', '[']) {
            return;
        }
        if self.in_xml(text) {
            return;
        }
        let before = out.len();
        self.text(text, line, out);
        settle(&mut out[before..]);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let before = out.len();
        self.jest.finish(out);
        self.vitest.finish(out);
        self.playwright.finish(out);
        self.runners.finish(out);
        self.tap.finish(out);
        self.bun.finish(out);
        self.deno.finish(out);
        self.npm.finish(out);
        self.managers.finish(out);
        self.webpack.finish(out);
        self.monorepo.finish(out);
        self.tsc.finish(out);
        self.next.finish(out);
        self.astro.finish(out);
        self.blocks.finish(out);
        self.bundlers.finish(out);
        self.gulp.finish(out);
        self.meteor.finish(out);
        self.forms.finish(out);
        self.sites.finish(out);
        self.fatal.finish(out);
        self.expected.finish(out);
        self.stack.finish(out);
        settle(&mut out[before..]);
    }
}

impl JavaScript {
    /// Returns true if a line is part of an XML test report, which contains stacks too.
    fn in_xml(&mut self, text: &str) -> bool {
        let start = grimoire_plugin_sdk::text::trim_start(text);
        if self.xml > 0 {
            self.xml -= 1;
            if ["</failure>", "</error>", "</system-out>", "</system-err>"]
                .iter()
                .any(|end| text.contains(end))
            {
                self.xml = 0;
            }
            return true;
        }
        let begins = start.starts_with('<')
            && ["<failure", "<error ", "<system-out", "<system-err"].iter().any(|name| start.contains(name));
        if begins && !start.contains("/>") && !start.contains("</") {
            self.xml = XML;
        }
        begins
    }

    /// Reads a difference, unless it is a part of an exception.
    fn difference(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if self.stack.is_waiting() {
            self.expected.forget();
            return false;
        }
        self.expected.line(text, span, out)
    }

    fn text(&mut self, text: &str, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        let span = line.span;
        let marked = line.marker.is_some();
        let among = Characters::of(text);
        let _ = self.objects.line(text, span, &mut |value, span| reports::read(value, span, out))
            || self.playwright.line(text, span, out)
            || self.jest.line(text, span, out)
            || self.vitest.line(text, span, out)
            || self.runners.line(text, among, span, out)
            || self.tap.line(text, span, out)
            || !self.managers.reads_output() && self.npm.line(text, among, span, out)
            || self.managers.line(text, span, out)
            || self.bun.line(text, span, out)
            || self.deno.line(text, among, span, &mut self.stack, out)
            || self.mocha.line(text, among, span, &mut self.stack, out)
            || self.nodetest.line(text, span, &mut self.stack, out)
            || self.webpack.line(text, span, out)
            || self.tsc.line(text, among, span, out)
            || self.checkers.line(text, among, span, out)
            || self.friendly.line(text, span, out)
            || self.next.line(text, span, &mut self.stack, out)
            || self.astro.line(text, span, out)
            || self.blocks.line(text, span, out)
            || self.monorepo.line(text, among, span, out)
            || self.bundlers.line(text, among, span, out)
            || self.gates.line(text, span, out)
            || self.gulp.line(text, span, out)
            || self.meteor.line(text, span, out)
            || self.forms.line(text, among, span, out)
            || self.eslint.line(text, among, span, out)
            || self.sites.line(text, span, &mut self.stack, out)
            || self.fatal.line(text, among, span, out)
            || self.stack.line(text, marked, span, out)
            || self.difference(text, span, out);
    }
}

/// Sets the kind of findings whose recogniser left it open.
fn settle(found: &mut [Diagnostic]) {
    for found in found.iter_mut().filter(|found| found.kind == Kind::Unknown) {
        found.kind = match found.tool.as_str() {
            "eslint" | "tslint" | "stylelint" | "prettier" | "oxlint" => Kind::Lint,
            "esbuild" | "vite" | "rollup" | "webpack" | "ts-loader" | "babel" => {
                kinds::by_words(&found.message).unwrap_or(Kind::Compile)
            }
            "next" => Kind::Compile,
            "jest" | "mocha" | "vitest" => Kind::Test,
            _ => continue,
        };
    }
}

grimoire_plugin_sdk::export_analyzer!(LineScan<JavaScript>);

/// The analyzer as the host runs it.
pub type Scan = LineScan<JavaScript>;
