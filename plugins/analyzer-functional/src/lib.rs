//! Finds what Elixir, Erlang, Haskell, OCaml and Nix report: mix, ExUnit, rebar, Cabal, Stack, GHC, dune and nix.
#![deny(unsafe_code)]

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Functional {}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Functional>;

export_analyzer!(Scan);

impl LineAnalyzer for Functional {
    fn line(&mut self, _line: &Line<'_>, _out: &mut Vec<Diagnostic>) {}

    fn finish(&mut self, _out: &mut Vec<Diagnostic>) {}
}
