//! Git, Git LFS and servers' responses to a push.
//!
//! ```text
//! fatal: repository 'https://example.org/till.git/' not found
//! remote: Permission to till/ledger.git denied to github-actions[bot].
//!  ! [rejected]        main -> main (fetch first)
//! error: failed to push some refs to 'https://example.org/till.git'
//! CONFLICT (content): Merge conflict in src/till.c
//! error: Your local changes to the following files would be overwritten by merge:
//!         src/till.c
//! ```
//!
//! Git's messages after a server or SSH gave the reason follow from it.

use crate::{
    git_push::{heroku, rejected, remote},
    kinds,
    sink::{Recogniser, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Kind, Location, Role, Span,
    text::{Beginnings, Needle, leading_number},
};

/// Number of lines after a reason in which Git's own messages follow from it.
const NEAR: u8 = 6;
/// Maximum number of files kept of a list.
const FILES: usize = 40;

/// Reads Git's output.
#[derive(Debug, Default)]
pub(crate) struct Git {
    files: Option<Files>,
    /// Number of remaining lines that the last reason still explains.
    explained: u8,
}

/// A sentence with a list of files below it.
#[derive(Debug)]
struct Files {
    message: String,
    paths: Vec<String>,
    span: Span,
}

impl Recogniser for Git {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        if let Some(files) = &mut self.files {
            if line.line.starts_with(['\t', ' ']) && !line.text.is_empty() && files.paths.len() < FILES {
                files.paths.push(line.text.to_owned());
                files.span = files.span.to(line.span);
                return;
            }
            self.finish(sink);
        }
        let explained = self.explained > 0;
        self.explained = self.explained.saturating_sub(1);
        if self.list(line) {
            return;
        }
        if is_transport(line) {
            self.explained = NEAR;
        }
        // A script goes on to the folder that should have been cloned.
        if explained && line.text.ends_with(": No such file or directory") && line.text.contains(": cd: ") {
            let message = line.text.rsplit_once(": cd: ").map_or(line.text, |(_, folder)| folder);
            let found = line.found("shell", "no-such-file", Kind::Configuration, &format!("cd: {message}"));
            sink.single(Diagnostic { role: Role::Consequence, ..found });
            return;
        }
        if let Some(found) = read(line, explained) {
            if found.role == Role::Root {
                self.explained = NEAR;
            }
            sink.single(found);
        }
    }

    fn finish(&mut self, sink: &mut Sink) {
        let Some(files) = self.files.take() else { return };
        let context = format!("{}\n{}", files.message, files.paths.join("\n"));
        let message = format!("{} {}", files.message, files.paths.join(", "));
        let location = files.paths.first().map(|path| Location::file(path));
        sink.block(Diagnostic {
            location,
            ..found("git", "error", Kind::Configuration, &message, &context, files.span)
        });
    }

    fn since(&self) -> Option<u64> {
        self.files.as_ref().map(|files| files.span.start)
    }

    fn is_open(&self) -> bool {
        self.files.is_some() || self.explained > 0
    }
}

impl Git {
    fn list(&mut self, line: &Text<'_>) -> bool {
        static SIGN: Needle = Needle::new("files would be ");
        let is_one = line.is_error()
            && line.bare.ends_with(':')
            && SIGN.find_among(line.characters, line.bare).is_some();
        if is_one {
            self.files = Some(Files { message: line.bare.to_owned(), paths: Vec::new(), span: line.span });
        }
        is_one
    }
}

/// SSH's messages before Git gives up.
fn is_transport(line: &Text<'_>) -> bool {
    static DENIED: Needle = Needle::new("Permission denied (publickey");
    static STARTS: Beginnings =
        Beginnings::new(&["Host key verification failed", "ssh: ", "ERROR: Repository not found"]);
    STARTS.begin(line.text) || DENIED.find_among(line.characters, line.text).is_some()
}

fn read(line: &Text<'_>, explained: bool) -> Option<Diagnostic> {
    static STARTS: Beginnings = Beginnings::new(&[
        "fatal: ",
        "error: ",
        "remote: ",
        "! [",
        "CONFLICT (",
        "Automatic merge failed; ",
        "batch response: ",
        "Error downloading object: ",
        "Smudge error: ",
        "Git LFS: ",
        "This repository is configured for Git LFS but 'git-lfs' was not found",
        "Unable to checkout '",
        "Failed to clone '",
        "Could not read from remote repository",
        "Fetched in submodule path '",
    ]);
    let text = line.text;
    if let Some(found) = heroku(text, line) {
        return Some(found);
    }
    match STARTS.position(text)? {
        0 => fatal(&text[7..], line, explained),
        1 => error(&text[7..], line, explained),
        2 => remote(text[8..].trim(), line),
        3 => rejected(text, line, explained),
        4 => conflict(text, line),
        5 => Some(summary(line.found("git", "merge", Kind::Configuration, text))),
        6..=9 => Some(line.found("git-lfs", "lfs", kinds::of(text, Kind::Network), text)),
        10 => Some(line.found("git-lfs", "lfs", Kind::Configuration, text)),
        11 if text.contains("submodule path '") => {
            Some(line.found("git", "submodule", Kind::Configuration, text))
        }
        14 => Some(line.found("git", "submodule", Kind::Configuration, text)),
        12 if text.contains("a second time, aborting") => {
            Some(summary(line.found("git", "submodule", Kind::Network, text)))
        }
        _ => None,
    }
}

fn summary(found: Diagnostic) -> Diagnostic {
    Diagnostic { role: Role::Summary, ..found }
}

/// `fatal: message`. Ansible prints such lines, too, with a host in brackets.
fn fatal(message: &str, line: &Text<'_>, explained: bool) -> Option<Diagnostic> {
    static KNOWN: Beginnings = Beginnings::new(&[
        "'",
        "Authentication failed for ",
        "Cannot ",
        "Could not read from remote repository",
        "Couldn't find remote ref ",
        "Failed to resolve ",
        "Fetched in submodule path ",
        "Invalid ",
        "LF would be replaced",
        "Need to specify how to reconcile",
        "No names found",
        "No url found for submodule path ",
        "Not a valid object name",
        "Not possible to fast-forward",
        "Remote branch ",
        "The current branch ",
        "The remote end hung up unexpectedly",
        "Unable to create '",
        "Unable to find remote helper",
        "You are not currently on a branch",
        "ambiguous argument ",
        "bad ",
        "cannot ",
        "clone of ",
        "could not ",
        "couldn't find remote ref ",
        "destination path ",
        "detected dubious ownership",
        "early EOF",
        "empty ident name",
        "expected flush",
        "failed to ",
        "fetch-pack: ",
        "git upload-pack: ",
        "git-lfs",
        "http://",
        "https://",
        "index-pack failed",
        "invalid ",
        "loose object ",
        "no email was given",
        "no submodule mapping found",
        "not a git repository",
        "not a valid ",
        "not enough initial disk space",
        "pack has ",
        "path ",
        "pathspec ",
        "protocol error",
        "reference is not a tree",
        "refusing to merge",
        "remote error: ",
        "repository ",
        "ref ",
        "shallow file ",
        "tag ",
        "unable to ",
        "unknown ",
        "unsafe repository ",
        "unrecognized ",
        "update_ref failed",
        "write error",
        "you need to ",
        "transport ",
        "ssh variant",
        "mmap failed",
        "Out of memory",
        "sha1 file",
        "read error",
    ]);
    let message = message.trim();
    if message.is_empty() || message.starts_with('[') {
        return None;
    }
    let kind = kind(message);
    let known = KNOWN.begin(message);
    // A commit that cannot be signed is not written. The reason was reported before.
    let follows = message.starts_with("failed to write commit object")
        || explained
            && (message.starts_with("Could not read from remote")
                || message.starts_with("unable to access ")
                || message.starts_with("Authentication failed")
                || message.starts_with("repository ")
                || message.starts_with("clone of ")
                || message.starts_with("index-pack failed")
                || message.starts_with("The remote end hung up")
                || message.starts_with("the remote end hung up")
                || message.starts_with("You are not currently on a branch")
                || message.starts_with("no rebase in progress")
                || message.starts_with("no merge in progress")
                || message.contains("early EOF")
                || message.contains("smudge filter lfs failed"));
    // Builds query Git for a version, and continue without one.
    let asks = message.starts_with("not a git repository")
        || message.starts_with("No names found")
        || message.starts_with("No tags can describe")
        || message.starts_with("No annotated tags can describe")
        || message.starts_with("Needed a single revision");
    let role = match (follows, asks) {
        (true, _) => Role::Consequence,
        (_, true) => Role::Summary,
        _ => Role::Root,
    };
    Some(Diagnostic {
        role,
        confidence: if known { Confidence::Certain } else { Confidence::Likely },
        ..line.found("git", "fatal", kind, message)
    })
}

/// `error: message`, where the message is one of Git's.
fn error(message: &str, line: &Text<'_>, explained: bool) -> Option<Diagnostic> {
    static KNOWN: Beginnings = Beginnings::new(&[
        "failed to push some refs to ",
        "could not apply ",
        "external filter 'git-lfs filter-process' failed",
        "Failed to merge in the changes",
        "pathspec '",
        "src refspec ",
        "RPC failed; ",
        "patch failed: ",
        "gpg failed to sign the data",
        "Server does not allow request for unadvertised object",
        "cannot lock ref '",
        "unable to unlink old '",
        "could not lock config file ",
        "invalid path '",
        "cannot pull with rebase: ",
        "cannot rebase: ",
        "refusing to update checked out branch",
        "Merging is not possible because you have unmerged files",
        "Pulling is not possible because you have unmerged files",
        "unable to read sha1 file of ",
        "Your local changes ",
        "insufficient permission for adding an object to repository database",
        "remote unpack failed: ",
        "unable to create file ",
        "dst refspec ",
        "unable to write file ",
        "Please commit or stash them",
        "no such remote ref ",
    ]);
    let message = message.trim();
    let at = match KNOWN.position(message) {
        Some(at) => at,
        None if message.ends_with(": patch does not apply") => KNOWN.position("patch failed: ")?,
        None => return None,
    };
    let role = match at {
        0 if explained => Role::Consequence,
        // GnuPG has reported the reason before; which submodule lacks the commit is said below.
        1..=3 | 8 | 26 | 27 => Role::Consequence,
        _ => Role::Root,
    };
    // `patch failed: src/till.c:12`
    let location = message.strip_prefix("patch failed: ").and_then(|place| {
        let (path, number) = place.rsplit_once(':')?;
        Some(Location::at(path, leading_number(number)?.0, None))
    });
    Some(Diagnostic { role, location, ..line.found("git", "error", kind(message), message) })
}

/// `CONFLICT (content): Merge conflict in src/till.c`.
fn conflict(text: &str, line: &Text<'_>) -> Option<Diagnostic> {
    let (_, rest) = text.split_once("): ")?;
    let path = match rest.split_once("Merge conflict in ") {
        Some((_, path)) => path,
        None => rest.split(' ').next()?,
    };
    Some(Diagnostic {
        location: Some(Location::file(path)),
        ..line.found("git", "conflict", Kind::Configuration, text)
    })
}

fn kind(message: &str) -> Kind {
    static PERMISSION: [Needle; 6] = [
        Needle::new("uthentication failed"),
        Needle::new("could not read Username"),
        Needle::new("could not read Password"),
        Needle::new("returned error: 403"),
        Needle::new("returned error: 401"),
        Needle::new("ownership"),
    ];
    static NETWORK: [Needle; 5] = [
        Needle::new("unable to access "),
        Needle::new("RPC failed"),
        Needle::new("hung up unexpectedly"),
        Needle::new("early EOF"),
        Needle::new("Could not read from remote repository"),
    ];
    if PERMISSION.iter().any(|sign| sign.is_in(message)) {
        return Kind::Permission;
    }
    let otherwise =
        if NETWORK.iter().any(|sign| sign.is_in(message)) { Kind::Network } else { Kind::Configuration };
    kinds::of(message, otherwise)
}
