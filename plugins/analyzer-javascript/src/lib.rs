//! Finds the errors of JavaScript and TypeScript tools in logs.
//!
//! | tool | what is read |
//! | --- | --- |
//! | `node`, `mocha` | stacks with causes: innermost error, first own frame; codes; syntax errors; TAP of `node:test` |
//! | `jest`, `vitest` | one diagnostic a failing test, with the code frame and expected and received values |
//! | `tsc`, `ts-loader` | plain and pretty findings, also inside webpack's blocks |
//! | `eslint`, `tslint`, `stylelint`, `prettier` | every text format, JSON |
//! | `webpack`, `vite`, `rollup`, `esbuild`, `babel`, `next` | build errors |
//! | `npm`, `pnpm`, `yarn` | what they could not install or run |
//!
//! Each recogniser is a small state machine over lines in a module of its own. A line goes to them in
//! turn until one claims it.
#![deny(unsafe_code)]

mod bundlers;
mod eslint;
mod found;
mod jest;
mod npm;
mod reports;
mod stack;
mod tap;
mod tsc;
mod vitest;
mod webpack;

use grimoire_plugin_sdk::json::Objects;
use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan};

/// The analyzer: see the crate's documentation.
#[derive(Default)]
pub struct JavaScript {
    objects: Objects,
    jest: jest::Jest,
    vitest: vitest::Vitest,
    tap: tap::Tap,
    npm: npm::Npm,
    webpack: webpack::Webpack,
    bundlers: bundlers::Bundlers,
    tsc: tsc::Tsc,
    eslint: eslint::Eslint,
    stack: stack::Stacks,
}

/// Bytes of a line of text that may be an error; longer ones are data.
const MOST_TEXT: usize = 16 * 1024;

impl LineAnalyzer for JavaScript {
    /// Reports of one line (JSON) are long.
    const LINE_LIMIT: usize = 1024 * 1024;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed {
            return;
        }
        let text: &str = &line.text;
        if text.len() > MOST_TEXT && !text.starts_with(['{', '[']) {
            return;
        }
        let span = line.span;
        let marked = line.marker.is_some();
        let _ = self.objects.line(text, span, &mut |value, span| reports::read(value, span, out))
            || self.jest.line(text, span, out)
            || self.vitest.line(text, span, out)
            || self.tap.line(text, span, out)
            || self.npm.line(text, span, out)
            || self.webpack.line(text, span, out)
            || self.tsc.line(text, span, out)
            || self.bundlers.line(text, span, out)
            || self.eslint.line(text, span, out)
            || self.stack.line(text, marked, span, out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.jest.finish(out);
        self.vitest.finish(out);
        self.tap.finish(out);
        self.npm.finish(out);
        self.webpack.finish(out);
        self.tsc.finish(out);
        self.bundlers.finish(out);
        self.stack.finish(out);
    }
}

grimoire_plugin_sdk::export_analyzer!(LineScan<JavaScript>);

/// The analyzer as the host runs it.
pub type Scan = LineScan<JavaScript>;
