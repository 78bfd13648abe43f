//! The properties that a line must have for any recogniser to start with it.
//!
//! Nearly all lines of a log start nothing. One look each at their start, their characters and their end
//! identifies them, so that dozens of recognisers need not look. A line that is marked as an error, and
//! every line while a block is open, goes to all recognisers.

use crate::{ansible_lint, powershell, scan, shell, text::Text, translations, unix};
use grimoire_plugin_sdk::text::{Needle, looks_like_path};

/// Starts of lines for recognisers, without words for a severity. Sentences have their own table.
const STARTS: &[&str] = &[
    // Terraform, Ansible.
    "Terminated",
    "Command '",
    "FAILED: ",
    "Terraform ",
    "terraform ",
    "OpenTofu ",
    "Terragrunt ",
    "Initializing ",
    "Acquiring ",
    "Plan: ",
    "Warning: ",
    "TASK [",
    "TASK: [",
    "RUNNING HANDLER [",
    "task path: ",
    "fatal: ",
    "failed: [",
    "...ignoring",
    "PLAY ",
    "An exception ",
    "The error was: ",
    "while parsing ",
    "while scanning ",
    "while constructing ",
    "Ansible ",
    // Docker, Kubernetes.
    "Step ",
    "templates",
    "Chart.",
    "values.yaml",
    "Error from server",
    "FAIL - ",
    "FAIL  ",
    "WARN - ",
    // Packages.
    "E: ",
    "W: ",
    "Err:",
    "Err ",
    "The following ",
    "dpkg",
    "Problem: ",
    "Errors during ",
    "No match ",
    "No package ",
    // Git, networks.
    "! [",
    "!   ",
    "CONFLICT ",
    "Fetched in submodule ",
    "Automatic merge ",
    "batch response: ",
    "Smudge error: ",
    "Git LFS: ",
    "This repository ",
    "Unable to ",
    "Failed to ",
    "Could not ",
    "curl: (",
    "rsync error: ",
    "Host key ",
    "ssh: ",
    // Shells.
    "At ",
    "The ",
    // Sites, databases, releases, clouds.
    "Aborted with ",
    "WARNING -  ",
    "build finished ",
    "Extension error",
    "Configuration error:",
    "- Broken ",
    "Broken ",
    "- On source ",
    "warn Docusaurus ",
    "Docusaurus ",
    "- [mandatory]",
    "* At ",
    "[✖] ",
    "psql:",
    "ERROR\t",
    "FATAL\t",
    "release failed ",
    "ORA-",
    "PLS-",
    "PL/SQL: ORA-",
    "SP2-",
    "TNS-",
    "DPI-",
    "IMP-",
    "EXP-",
    "RMAN-",
    "(error) ",
    "*** FATAL CONFIG",
    "Result:",
    "unable to satisfy ",
    "cannot resolve ",
    "Der Befehl ",
    "Trace/",
    "Abort trap",
    "⨯ ",
    "build failed ",
    "The `brew link`",
    "🦋",
    "❌",
    "[Error at /",
    "✘ [",
    "HTTP ",
    "(gcloud",
    // Linters, scanners, hooks.
    "In ",
    "== [",
    "✖",
    "⚠",
    "Check: CKV",
    "Result #",
    "Finding: ",
    "Detector Type: ",
    "✗ ",
    "- hook id: ",
    "An unexpected error ",
    "An error ",
    "upload failed: ",
    "download failed: ",
    "copy failed: ",
    "move failed: ",
    "delete failed: ",
    "make_bucket failed: ",
    "remove_bucket failed: ",
    "Build '",
    "Migration ",
    "X Exiting ",
    "Permission denied",
    "Killed",
    "Segmentation ",
    "Aborted",
    "Bus error",
    "Illegal ",
    "Floating ",
    "dyld",
    "exec ",
    "standard_init",
    "ERROR! ",
];

/// Texts at any position in the lines of recognisers.
static SIGNS: [Needle; 40] = [
    Needle::new("ockerfile"),
    Needle::new("ontainerfile"),
    Needle::new("ERROR **: "),
    Needle::new(" | FAILED! => "),
    Needle::new(" | UNREACHABLE! => "),
    Needle::new("... failed: "),
    Needle::new("exec user process caused"),
    Needle::new("exec format error"),
    Needle::new("failed to solve"),
    Needle::new(" ERROR: "),
    Needle::new(": WARNING: "),
    Needle::new(": CRITICAL: "),
    Needle::new(": SEVERE: "),
    Needle::new(" is invalid: problem validating schema"),
    Needle::new(" failed validation: "),
    Needle::new(": (object: "),
    Needle::new(" exists in filesystem"),
    Needle::new(" not installed. The package was not found"),
    Needle::new("The requested URL returned error"),
    Needle::new(": Permission denied ("),
    Needle::new("_FAILED"),
    Needle::new(" MD0"),
    Needle::new("CVE-"),
    Needle::new("GHSA-"),
    Needle::new(" was unexpected at this time."),
    Needle::new("error while loading shared libraries: "),
    Needle::new("' not found (required by "),
    Needle::new("executable file not found in "),
    Needle::new("failed after "),
    Needle::new(": release \""),
    Needle::new(" exited with code "),
    Needle::new("' errored"),
    Needle::new("0curl: ("),
    Needle::new(": [: "),
    Needle::new(" occurred:"),
    Needle::new(" breaks dependency '"),
    Needle::new(" are in conflict"),
    Needle::new(" PLS-0"),
    Needle::new(" PL/SQL: ORA-"),
    Needle::new(") (error) "),
];

/// The same for lines that are not ASCII only.
static DRAWN: [Needle; 5] =
    [Needle::new("╷"), Needle::new("│"), Needle::new("❱ "), Needle::new("✘ "), Needle::new("✖ ")];

/// Number of bytes checked of a long start.
const LONG: usize = 6;
/// Number of bytes checked of a shorter one.
const SHORT: usize = 3;
const BITS: usize = 8192;
type Bits = [u64; BITS / 64];
static LONG_STARTS: Bits = bits::<LONG>(STARTS, LONG, usize::MAX);
static SHORT_STARTS: Bits = bits::<SHORT>(STARTS, SHORT, LONG);

const fn place<const N: usize>(bytes: &[u8]) -> usize {
    let (mut sum, mut at) = (0, 0);
    while at < N {
        sum = (sum * 37 + bytes[at] as usize) % BITS;
        at += 1;
    }
    sum
}

/// One bit for each start that has at least `from` and fewer than `to` bytes.
const fn bits<const N: usize>(starts: &[&str], from: usize, to: usize) -> Bits {
    let mut bits = [0; BITS / 64];
    let mut at = 0;
    while at < starts.len() {
        let start = starts[at].as_bytes();
        assert!(start.len() >= SHORT, "a start has three bytes");
        if start.len() >= from && start.len() < to {
            let place = place::<N>(start);
            bits[place / 64] |= 1 << (place % 64);
        }
        at += 1;
    }
    bits
}

/// Returns false if no recogniser starts with the line.
pub(crate) fn may_begin(line: &Text<'_>) -> bool {
    line.is_error()
        || line.service.is_some()
        || begins(line)
        || is_named(line)
        || is_path(line)
        || is_signed(line)
}

fn begins(line: &Text<'_>) -> bool {
    fn has<const N: usize>(bits: &Bits, text: &str) -> bool {
        let place = |bytes: &[u8; N]| place::<N>(bytes);
        text.as_bytes()
            .first_chunk()
            .map(place)
            .is_some_and(|place| bits[place / 64] & 1 << (place % 64) != 0)
    }
    let known = |text: &str| has::<LONG>(&LONG_STARTS, text) || has::<SHORT>(&SHORT_STARTS, text);
    let text = line.text;
    known(text)
        || line.bare.len() < text.len() && known(line.bare)
        || text == "------"
        // Messages of a server, except its progress.
        || text.starts_with("remote:") && !text.contains("ing objects: ")
}

/// A name before a colon: a shell, a script, a program; the start of a PowerShell error; a quote.
fn is_named(line: &Text<'_>) -> bool {
    let text = line.text;
    if powershell::is_head(text)
        || scan::is_code(text)
        || text.ends_with("):")
        || text.ends_with("..Failed")
        || text.ends_with(" assertion")
        || text.starts_with('\'')
        || translations::is_not_recognized(line.characters, text)
    {
        return true;
    }
    let start = line.line.trim_start();
    if start.starts_with('[') && (start.as_bytes().get(4) == Some(&b']') || start.starts_with("[mandatory]"))
    {
        return true;
    }
    match line.head {
        Some((name, rest)) => {
            translations::after_line(rest).is_some()
                || translations::ending(rest).is_some()
                || !name.contains(' ')
                    && (shell::runs(name)
                        || shell::has_script_name(name)
                        || unix::is_program(name)
                        || ansible_lint::is_rule(name)
                        || name.starts_with("yaml.")
                        || name.contains(".y")
                        || shell::is_of_path(rest)
                        || powershell::is_place(rest))
        }
        None => false,
    }
}

/// A path alone, with findings below it.
fn is_path(line: &Text<'_>) -> bool {
    line.head.is_none()
        && (line.characters.may_have(b'.') || line.characters.may_have(b'/'))
        && !line.text.contains(' ')
        && looks_like_path(line.text.trim_end_matches(':'))
}

fn is_signed(line: &Text<'_>) -> bool {
    let has = |sign: &Needle| sign.find_among(line.characters, line.line).is_some();
    SIGNS.iter().any(has) || !line.line.is_ascii() && DRAWN.iter().any(has)
}
