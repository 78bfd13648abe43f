//! Finds reports of .NET builds and tests: MSBuild, NuGet, the SDK, vstest, xUnit, NUnit and unhandled
//! exceptions.
//!
//! | tool | input |
//! | --- | --- |
//! | `dotnet` | findings in the format of MSBuild (compilers, analyzers, NuGet, the SDK, `dotnet format`), messages of the host, exceptions with their inner ones, failed tests of vstest and of the testing platform |
//! | `xunit`, `nunit` | failed tests in the format of their own runners |
//! | `nuget`, `paket` | messages about feeds and packages |
//!
//! At most one record of several lines is open (`Record`). A line that continues it belongs to it; else the
//! recognisers are asked in turn; a line that begins nothing may still belong to the record.
#![deny(unsafe_code)]

mod exception;
mod frames;
mod host;
mod msbuild;
mod session;
mod tests;
mod text;
mod tools;

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, Marker, export_analyzer};
use session::Session;
use text::Text;

/// The analyzer: see the crate's documentation. Holds one open record and a bounded number of exceptions.
#[derive(Debug, Default)]
pub struct Dotnet {
    session: Session,
    open: Option<Box<dyn Record>>,
}

/// A record's answer to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The line belongs to the record, and more may follow.
    Taken,
    /// The line may be inside the record: a blank line.
    Waits,
    /// The line does not belong to the record, which ended before it.
    Over,
    /// The line belongs to the record only if no other recogniser takes it.
    Foreign,
}

/// A diagnostic of several lines being read.
trait Record: std::fmt::Debug + Send {
    /// Reads a line that can belong to nothing else.
    fn line(&mut self, text: &Text<'_>) -> Step;

    /// Reads a line that begins nothing else; returns whether it belongs to the record.
    fn also(&mut self, _text: &Text<'_>) -> bool {
        false
    }

    /// Ends the record, which may turn out not to be one.
    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>);
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Dotnet>;

export_analyzer!(Scan);

impl LineAnalyzer for Dotnet {
    const TOOLS: &'static [&'static str] = &["dotnet", "nuget", "nunit", "paket", "xunit"];

    const PROBES: &'static [&'static str] = &[
        "dotnet",
        "MSBuild",
        "MSBUILD",
        "csproj",
        "fsproj",
        "vbproj",
        ".cs(",
        ".cs:",
        ".fs(",
        ".vb(",
        "NuGet",
        "nuget",
        "NU1",
        "NETSDK",
        "CS0",
        "CS1",
        "CS2",
        "CS8",
        "MSB",
        "xUnit",
        "Xunit",
        "NUnit",
        "[FAIL]",
        "vstest",
        "System.",
        "Unhandled",
        ".NET",
        "ms]",
        "TESTERROR",
        "Failed!",
        ".sln",
        "Build FAILED",
        "Error Message:",
        "DbContext",
        "ICU package",
        "hostfxr",
        "hostpolicy",
        "global.json",
        "SA1",
        "CA1",
        "CA2",
        "IDE0",
        "FS0",
        "BC3",
        "ms)",
        "Paket",
        "Something went wrong while downloading",
    ];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed || line.marker == Some(Marker::Debug) {
            self.close(out);
            return;
        }
        let text = Text::of(line);
        self.session.see(line.marker, text.words);
        if matches!(line.marker, Some(Marker::Group | Marker::EndGroup | Marker::Command | Marker::Notice)) {
            self.close(out);
            return;
        }
        if let Some(record) = &mut self.open {
            match record.line(&text) {
                Step::Taken | Step::Waits => return,
                Step::Over => self.close(out),
                Step::Foreign => {}
            }
        }
        if text.is_blank() {
            return;
        }
        if let Some(next) = begin(&text) {
            self.close(out);
            self.open = Some(next);
            return;
        }
        if let Some(record) = &mut self.open
            && !record.also(&text)
        {
            self.close(out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.session.finish(out);
    }
}

/// The record that a line begins.
fn begin(text: &Text<'_>) -> Option<Box<dyn Record>> {
    if let Some(block) = tests::Block::start(text) {
        return Some(Box::new(block));
    }
    if let Some(block) = msbuild::Block::start(text) {
        return Some(Box::new(block));
    }
    if let Some(block) = host::Block::start(text) {
        return Some(Box::new(block));
    }
    if let Some(block) = tools::Block::start(text) {
        return Some(Box::new(block));
    }
    exception::Block::start(text).map(|block| Box::new(block) as Box<dyn Record>)
}

impl Dotnet {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(record) = self.open.take() {
            record.finish(&mut self.session, out);
        }
    }
}
