//! Finds reports of functional languages and their tools in a log.
//!
//! | file | input |
//! | --- | --- |
//! | `elixir`, `mix`, `exunit` | Elixir's compiler and exceptions; Mix, Hex, the formatter; ExUnit |
//! | `beam`, `rebar`, `loader` | Credo, Dialyzer; Erlang's compiler, Rebar3, EUnit, Common Test; its loader |
//! | `ghc`, `c2hs`, `cabal`, `hspec` | GHC, HLint, exceptions; c2hs; Cabal and Stack; hspec, tasty, HUnit, doctest |
//! | `ocaml`, `opam` | OCaml, dune, Coq, Alcotest; opam |
//! | `nix` | Nix |
//! | `clojure` | Clojure, `clojure.test`, Leiningen |
//! | `julia` | Julia's tests and errors |
//! | `lean` | Lean, Lake |
//! | `nim` | Nim, Nimble |
//! | `browser` | Elm, PureScript, Gleam, Idris |
#![deny(unsafe_code)]

mod beam;
mod browser;
mod c2hs;
mod cabal;
mod clojure;
mod elixir;
mod exunit;
mod ghc;
mod hspec;
mod julia;
mod lean;
mod loader;
mod mix;
mod nim;
mod nix;
mod ocaml;
mod opam;
mod rebar;

use grimoire_plugin_sdk::recognise::{panel, sentence, solving};
use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};
use panel::{Lines, Panel, Reader};

/// The analyzer: see the crate's documentation.
pub struct Functional(Panel);

impl Default for Functional {
    fn default() -> Self {
        let readers: Vec<Box<dyn Reader>> = vec![
            Box::<exunit::ExUnit>::default(),
            Box::<beam::Eunit>::default(),
            Box::<elixir::Exceptions>::default(),
            Box::<elixir::Compiler>::default(),
            Box::new(mix::mix()),
            Box::<mix::Unchecked>::default(),
            Box::<mix::Unformatted>::default(),
            Box::new(solving::Solving::new("hex", "version solving failed.", |text| {
                text.contains("your app")
            })),
            Box::new(mix::hex()),
            Box::<beam::Credo>::default(),
            Box::<beam::Dialyzer>::default(),
            Box::new(Lines(beam::erlc)),
            Box::<loader::Loader>::default(),
            Box::<beam::Excerpt>::default(),
            Box::new(rebar::rebar()),
            Box::new(rebar::old_rebar()),
            Box::<hspec::Tests>::default(),
            Box::<ghc::Ghc>::default(),
            Box::<ghc::Exceptions>::default(),
            Box::<c2hs::C2hs>::default(),
            Box::<cabal::Solver>::default(),
            Box::<cabal::Plan>::default(),
            Box::new(cabal::cabal()),
            Box::new(cabal::setup()),
            Box::new(cabal::stack()),
            Box::<ocaml::Compiler>::default(),
            Box::<ocaml::Exceptions>::default(),
            Box::new(Lines(ocaml::unix_error)),
            Box::<opam::Build>::default(),
            Box::<ocaml::Alcotest>::default(),
            Box::new(opam::opam()),
            Box::new(opam::unmet()),
            Box::<nix::Nix>::default(),
            Box::<clojure::Clojure>::default(),
            Box::new(clojure::leiningen()),
            Box::<julia::Julia>::default(),
            Box::<lean::Lean>::default(),
            Box::new(lean::lake()),
            Box::<nim::Nim>::default(),
            Box::new(nim::nim()),
            Box::new(nim::nimble()),
            Box::<browser::Elm>::default(),
            Box::<browser::PureScript>::default(),
            Box::<browser::Others>::default(),
            Box::new(Lines(mix::summary)),
            Box::new(Lines(hspec::summary)),
            Box::new(Lines(beam::summary)),
            Box::new(Lines(clojure::summary)),
        ];
        Self(Panel::new(readers).stripping(without_package))
    }
}

/// Removes the package name that Stack prints before build lines: `pot      > src/Pot.hs:3:1: error:`.
fn without_package(text: &str) -> &str {
    let whole = text;
    let text = text.trim_start();
    let name = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    let rest = text[name..].trim_start_matches(' ');
    match rest.strip_prefix("> ") {
        Some(rest) if name > 1 && !matches!(&text[..name], "iex" | "ghci" | "nix-repl") => rest,
        _ => whole,
    }
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Functional>;

export_analyzer!(Scan);

impl LineAnalyzer for Functional {
    const TOOLS: &'static [&'static str] = &[
        "alcotest",
        "c2hs",
        "cabal",
        "clojure",
        "clojure.test",
        "common_test",
        "credo",
        "dialyzer",
        "doctest",
        "dune",
        "elm",
        "elm-review",
        "erlang",
        "erlc",
        "eunit",
        "exunit",
        "ghc",
        "gleam",
        "hex",
        "hlint",
        "hspec",
        "hunit",
        "idris2",
        "julia",
        "lake",
        "lean",
        "mix",
        "nim",
        "nimble",
        "nix",
        "opam",
        "purescript",
        "rebar",
        "rebar3",
        "stack",
        "tasty",
    ];

    const PROBES: &'static [&'static str] = &[
        "parsing target",
        ".ex:",
        ".exs",
        ".erl",
        "** (",
        "mix.",
        "(Mix)",
        "Hex",
        "rebar_abort",
        "Dependency not available: ",
        "rebar3",
        "===>",
        "credo",
        "Credo",
        "dialyzer",
        "eunit",
        "_SUITE",
        "beam_load",
        ".hs:",
        ".lhs",
        ".hsc",
        ": (column ",
        "cabal",
        "Cabal",
        "[S-",
        "HasCallStack",
        "GHC",
        "ghc-",
        "Use -p",
        "[__",
        ".ml\"",
        ".mli\"",
        "dune",
        "opam",
        "[FAIL]",
        ".v\"",
        "ocaml",
        "OCaml",
        ".mly",
        "/nix/",
        ".lean:",
        "LEAN_PATH=",
        "Lean exited with",
        "builds logged failures:",
        ".nim(",
        ".nims(",
        ".nimble",
        "Error: unhandled exception: ",
        "Error: execution of an external ",
        "Received ExitFailure",
        "\" failed on ",
        "\" failed: ",
        ".nix",
        "nix-",
        "derivation",
        "undefined variable",
        ".clj",
        "clojure",
        "leiningen",
        ".elm",
        "elm-",
        ".purs",
        "spago",
        ".gleam",
        ".idr",
        "Could not resolve dependencies",
        "specified:",
        "To rerun",
        "#===",
        "stack.yaml",
        "but got:",
        "stacktrace:",
        "infinite recursion",
        "version solving failed",
        "needed, but",
        "patterns in",
        "hash mismatch",
        "failures,",
        "Stack configuration",
        "doctest",
        "Hex package",
        "does not provide attribute",
        "warnings-as-errors",
        "could not compile dependency",
        "<no location info>",
        "Package conflict",
        "couldn't be met",
        "t be satisfied",
        "While processing",
        "Test Failed at ",
        "Error During Test at ",
        "ERROR: LoadError",
        "Some tests did not pass",
        "Cannot open cache file \"",
        "Failed to precompile ",
        "Unsatisfiable requirements",
        "UndefVarError",
        "UndefKeywordError",
        "no method matching",
        "ArgumentError: Package",
        "InitError",
        "BoundsError: attempt",
        "TypeError: in ",
        "DimensionMismatch",
        "SystemError: opening",
    ];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        self.0.line(line, out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.0.finish(out);
    }
}
