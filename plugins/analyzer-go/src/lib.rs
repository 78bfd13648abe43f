//! Finds reports of Go builds, tests and linters.
//!
//! | file | input |
//! | --- | --- |
//! | `compile` | the compiler, vet, missing and cyclic imports, Go's linker |
//! | `modules` | `go: …`: modules, checksums, versions, toolchains, errors of `go.mod` |
//! | `tests`, `entry` | `go test` with and without `-v`, gotestsum, testify's tables, subtests, examples, fuzz tests |
//! | `panic` | panics, fatal errors of the runtime, data races, test timeouts |
//! | `ginkgo` | Ginkgo, gocheck, GoConvey |
//! | `lint` | golangci-lint, staticcheck, gofmt and related tools, govulncheck |
//!
//! Another analyzer reads the lines of `go test -json`.
#![deny(unsafe_code)]

mod compile;
mod entry;
mod ginkgo;
mod lint;
mod modules;
mod panic;
mod tests;
mod view;

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, Marker, export_analyzer};
use view::View;

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Go {
    compile: compile::Compile,
    ginkgo: ginkgo::Ginkgo,
    lint: lint::Lint,
    modules: modules::Modules,
    panic: Option<panic::Panic>,
    tests: tests::Tests,
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Go>;

export_analyzer!(Scan);

impl LineAnalyzer for Go {
    const TOOLS: &'static [&'static str] = &[
        "ginkgo",
        "go",
        "go test",
        "gocheck",
        "goconvey",
        "gofmt",
        "golangci-lint",
        "govulncheck",
        "staticcheck",
    ];

    const PROBES: &'static [&'static str] = &[
        ".go:",
        "go: ",
        "go get: ",
        "go build: ",
        "go run: ",
        "go install: ",
        "go test: ",
        "go vet: ",
        "go tool: ",
        "go mod: ",
        "go.mod",
        "go.sum",
        "goroutine ",
        "panic: ",
        "DATA RACE",
        "--- FAIL",
        "=== FAIL",
        "FAIL\t",
        "FAIL    ",
        "[build failed]",
        "[setup failed]",
        "golangci",
        "level=error",
        "ERRO ",
        "gofmt",
        "goimports",
        "gofumpt",
        ".go.orig",
        "GO-20",
        "[FAILED]",
        "• Failure",
        "[It]",
        "_test.go",
        "import cycle",
        "Go files",
        "cannot find package",
        "can't load package",
        "cannot find module",
        "cgo: ",
        "relocation target",
        "/pkg/tool/",
        "VCS status",
    ];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed {
            self.cut(out);
            self.lint.echo(&line.text, line.number);
            return;
        }
        if matches!(line.marker, Some(Marker::Debug | Marker::Group | Marker::EndGroup | Marker::Command)) {
            self.cut(out);
            return;
        }
        if line.marker.is_some() {
            // Only an annotation may contain several lines.
            for text in line.text.split('\n') {
                self.text(&View::new(text, line), out);
            }
        } else {
            self.text(&View::new(&line.text, line), out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.cut(out);
    }
}

impl Go {
    fn text(&mut self, view: &View<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(panic) = &mut self.panic {
            if panic.line(view) {
                return;
            }
            out.extend(self.panic.take().and_then(panic::Panic::finish));
        }
        if let Some(mut panic) = panic::Panic::start(view) {
            self.compile.finish(out);
            panic.set_test(self.tests.test_of_panic());
            self.panic = Some(panic);
            return;
        }
        if self.tests.line(view, out) {
            self.compile.finish(out);
            return;
        }
        let quiet = self.tests.is_running();
        let before = out.len();
        let is_framework = self.ginkgo.line(view, out);
        if out.len() > before {
            self.tests.leave_to_framework();
        }
        if is_framework || self.modules.line(view, out) || self.lint.line(view, quiet, out) {
            self.compile.finish(out);
            return;
        }
        self.compile.line(view, quiet, out);
    }

    /// Completes open records: another step begins, or the log ends.
    fn cut(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.panic.take().and_then(panic::Panic::finish));
        self.tests.finish(out);
        self.ginkgo.finish(out);
        self.modules.finish(out);
        self.lint.finish(out);
        self.compile.finish(out);
    }
}
