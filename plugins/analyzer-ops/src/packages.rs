//! Package managers of other systems: apk, dnf, yum, rpm, zypper, pacman, Homebrew, Chocolatey, winget, snap.
//!
//! ```text
//! ERROR: unable to select packages:
//!   till (no such package):
//!     required by: world[till]
//!
//! Error:
//!  Problem: package till-2.0 requires libcoin >= 3, but none of the providers can be installed
//!
//! Errors during downloading metadata for repository 'till':
//!   - Curl error (6): Couldn't resolve host name for https://till.example.org/repodata/repomd.xml
//! ```

use crate::{
    kinds,
    sink::{Block, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Span,
    text::{Beginnings, Needle},
};

const fn row(tool: &'static str, start: &'static str) -> Phrase {
    Phrase::new(tool, "package", Kind::Dependency, start)
}

pub(crate) const ROWS: &[Phrase] = &[
    row("apk", "Unable to lock database: ").said_to_be_an_error(),
    row("apk", "Failed to open apk database: "),
    row("apk", "unable to read database: ").said_to_be_an_error(),
    row("dnf", "Unable to find a match: "),
    row("dnf", "Nothing to do").said_to_be_an_error().summary(),
    row("dnf", "Failed to download metadata for repo '"),
    row("dnf", "Cannot find a valid baseurl for repo: "),
    row("dnf", "Cannot retrieve repository metadata (repomd.xml) for repository: "),
    row("dnf", "GPG check FAILED").summary(),
    row("dnf", "failure: ").with("No more mirrors to try"),
    row("dnf", "Public key for ").with(" is not installed"),
    row("dnf", "Failed to synchronize cache for repo '"),
    row("dnf", "No matching repo to modify: "),
    row("dnf", "Error unpacking rpm package "),
    row("dnf", "Error downloading packages:").summary(),
    row("zypper", "No provider of '").with("' found"),
    row("zypper", "Package '").with("' not found."),
    row("zypper", "Repository '").with("' is invalid."),
    row("pacman", "target not found: "),
    row("pacman", "failed retrieving file '"),
    row("pacman", "failed to synchronize all databases").said_to_be_an_error().summary(),
    row("pacman", "failed to update core ").said_to_be_an_error().summary(),
    row("pacman", "required key missing from keyring").said_to_be_an_error(),
    row("pacman", "unresolvable package conflicts detected").said_to_be_an_error().summary(),
    row("pacman", "could not lock database: "),
    row("pacman", "failed to commit transaction (").summary(),
    row("pacman", "failed to prepare transaction (").summary(),
    row("pacman", "failed to init transaction (unable to lock database)").summary(),
    row("pacman", "failed to init transaction ("),
    row("brew", "No available formula "),
    row("brew", "No formulae found "),
    row("brew", "Cask '").with("' is unavailable"),
    row("brew", "It seems there is already ").said_to_be_an_error(),
    row("brew", "Failed to download resource \""),
    row("brew", "Your Command Line Tools are too ").said_to_be_an_error(),
    row("brew", "Your Xcode ").with("is too ").said_to_be_an_error(),
    row("brew", "Formulae found in multiple taps"),
    row("brew", "Cannot install ").with("Homebrew"),
    row("brew", "The following formula").said_to_be_an_error(),
    row("choco", "Unable to find package '").with("source"),
    row("choco", "The install of ").with(" was NOT successful").summary(),
    row("choco", "The upgrade of ").with(" was NOT successful").summary(),
    row("choco", "The remote file either doesn't exist, is unauthorized, or is forbidden for url "),
    row("choco", "Checksum for '").with("did not meet"),
    row("choco", "Chocolatey installed 0/").with("packages failed").summary(),
    row("winget", "No package found matching input criteria"),
    row("winget", "Installer failed with exit code: "),
    row("winget", "No applicable installer found"),
    row("rpmbuild", "No patch number ").said_to_be_an_error(),
    row("rpmbuild", "No source number ").said_to_be_an_error(),
    row("rpmbuild", "File not found: ").said_to_be_an_error(),
    row("rpmbuild", "File not found by glob: ").said_to_be_an_error(),
    row("rpmbuild", "Directory not found: ").said_to_be_an_error(),
    row("rpmbuild", "Installed (but unpackaged) file(s) found:").said_to_be_an_error(),
    row("rpmbuild", "Failed build dependencies:").said_to_be_an_error(),
    row("rpmbuild", "Bad exit status from ").said_to_be_an_error().summary(),
    row("rpmbuild", "RPM build errors:").summary(),
    row("asdf", "No such plugin: "),
    row("asdf", "No preset version installed for command "),
    row("asdf", "No version is set for command "),
    row("tlmgr", "tlmgr install: package ").with(" not present in repository"),
    row("tlmgr", "tlmgr.pl install: package ").with(" not present in repository"),
    row("snap", "snap \"").with("\" not found"),
    row("snap", "unable to contact snap store"),
    row("snap", "cannot install \"").with("snap"),
    row("conda", "PackagesNotFoundError: ").summary(),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    alpine(line)
        .or_else(|| makepkg(line))
        .or_else(|| pacman(line))
        .or_else(|| in_filesystem(line))
        .or_else(|| dnf_match(line))
        .or_else(|| not_installed(line))
}

/// `ERROR: till-2.0-r1: package mentioned in index not found (try 'apk update')`.
fn alpine(line: &Text<'_>) -> Option<Diagnostic> {
    static REASONS: [Needle; 6] = [
        Needle::new(": package mentioned in index not found"),
        Needle::new(": temporary error (try again later)"),
        Needle::new(": UNTRUSTED signature"),
        Needle::new(": BAD signature"),
        Needle::new(": BAD archive"),
        Needle::new(": trying to overwrite "),
    ];
    if !line.is_error() || !REASONS.iter().any(|sign| sign.find_among(line.characters, line.bare).is_some()) {
        return None;
    }
    let kind = if line.bare.contains("temporary error") { Kind::Network } else { Kind::Dependency };
    Some(line.found("apk", "package", kind, line.bare))
}

/// `==> ERROR: message` of makepkg.
fn makepkg(line: &Text<'_>) -> Option<Diagnostic> {
    let message = line.line.trim_start().strip_prefix("==> ERROR: ")?;
    let closes = message.starts_with("A failure occurred in ") || message.starts_with("Build failed");
    let role = if closes { Role::Summary } else { Role::Root };
    Some(Diagnostic {
        role,
        ..line.found("makepkg", "package", kinds::of(message, Kind::Dependency), message)
    })
}

/// What keeps pacman from a transaction, which it only announces in the line marked as an error:
/// `installing till (2.0-1) breaks dependency 'till<2' required by lid`, `till: signature from "…" is unknown trust`,
/// `warning: cannot resolve "till", a dependency of "lid"`.
fn pacman(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGNATURE: Needle = Needle::new(": signature from \"");
    static BETWEEN: [Needle; 2] = [Needle::new(" breaks dependency '"), Needle::new(" are in conflict")];
    let text = line.text;
    let is_between = |sign: &Needle| {
        sign.split_among(line.characters, text).is_some_and(|(names, _)| names.split(' ').count() <= 3)
    };
    let is_reason = text.starts_with("unable to satisfy dependency '") || BETWEEN.iter().any(is_between);
    let is_unresolved =
        line.bare.starts_with("cannot resolve \"") && line.bare.contains(", a dependency of \"");
    let is_unsigned = line.is_error()
        && SIGNATURE.find_among(line.characters, line.bare).is_some()
        && line.bare.contains("\" is ");
    let kind = Kind::Dependency;
    (is_reason || is_unresolved || is_unsigned).then(|| line.found("pacman", "package", kind, line.bare))
}

/// `till: /usr/bin/till exists in filesystem` of pacman.
fn in_filesystem(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new(" exists in filesystem");
    let at = SIGN.find_among(line.characters, line.text)?;
    let (package, path) = line.text[..at].split_once(": ")?;
    (!package.contains(' ') && path.starts_with('/'))
        .then(|| line.found("pacman", "conflict", Kind::Dependency, line.text))
}

/// `No match for argument: till`, `No package till available.`
fn dnf_match(line: &Text<'_>) -> Option<Diagnostic> {
    let text = line.text;
    let is_one = text.starts_with("No match for argument: ")
        || text.starts_with("No package ") && text.ends_with(" available.");
    // The error that follows names the package again.
    is_one.then(|| Diagnostic { role: Role::Summary, ..line.found("dnf", "package", Kind::Dependency, text) })
}

/// `till not installed. The package was not found with the source(s) listed.` of Chocolatey.
fn not_installed(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new(" not installed. The package was not found with the source(s) listed.");
    let at = SIGN.find_among(line.characters, line.text)?;
    (!line.text[..at].contains(' ')).then(|| line.found("choco", "package", Kind::Dependency, line.text))
}

/// A headline with its causes indented below it.
#[derive(Debug)]
pub(crate) struct Reasons {
    tool: &'static str,
    head: String,
    causes: Vec<String>,
    context: String,
    span: Span,
}

/// Maximum number of reasons kept of one list.
const MOST: usize = 30;

impl Block for Reasons {
    fn start(line: &Text<'_>) -> Option<Self> {
        static STARTS: Beginnings = Beginnings::new(&[
            "ERROR: unable to select packages:",
            "ERROR: unsatisfiable constraints:",
            "Errors during downloading metadata for repository '",
            "error: Failed dependencies:",
            "Error: Transaction test error:",
            "Error: Error downloading packages:",
            "error: cannot perform the following tasks:",
            "Problem: ",
            "Error: ",
        ]);
        let tool = match STARTS.position(line.text)? {
            0 | 1 => "apk",
            2 | 4 | 5 => "dnf",
            3 => "rpm",
            6 => "snap",
            7 if line.indent == 1 => "dnf",
            8 if line.text == "Error: Problem: " || line.bare.starts_with("Problem: ") => "dnf",
            _ => return None,
        };
        let text = line.text.strip_prefix("Error: ").unwrap_or(line.text);
        let (head, causes) = match text.strip_prefix("Problem: ") {
            Some(problem) => (String::new(), vec![problem.to_owned()]),
            None => (text.to_owned(), Vec::new()),
        };
        Some(Self { tool, head, causes, context: line.line.to_owned(), span: line.span })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        let belongs = line.indent > 0 || self.tool == "snap" && line.text.starts_with("- ");
        if !belongs || line.text.is_empty() || self.context.len() > 8000 {
            return false;
        }
        // Another problem reported by the same solver.
        if line.text.starts_with("Problem ") {
            return false;
        }
        let text = line.text.strip_prefix("- ").unwrap_or(line.text);
        // The first reason and the package that requires it; the rest is context.
        if self.causes.len() < MOST {
            self.causes.push(text.to_owned());
        }
        self.context.push('\n');
        self.context.push_str(line.line);
        self.span = self.span.to(line.span);
        true
    }

    fn finish(self, sink: &mut Sink) {
        if self.causes.is_empty() {
            return;
        }
        let head = self.head.strip_prefix("ERROR: ").or_else(|| self.head.strip_prefix("error: "));
        let head = head.unwrap_or(&self.head).trim_end_matches(':');
        let causes = match self.tool {
            "apk" | "rpm" => self.causes.join(" "),
            _ => self.causes.join("; "),
        };
        let message = if head.is_empty() { causes } else { format!("{head}: {causes}") };
        let kind = kinds::of(&message, Kind::Dependency);
        sink.block(found(self.tool, "packages", kind, &message, &self.context, self.span));
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}
