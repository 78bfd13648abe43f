//! Ruby's frames, exception types, and the choice of the user's own code.

use crate::panel::Seen;
use grimoire_plugin_sdk::{
    Frame, Kind, Location, limits,
    text::{Place, place_at_start},
};

/// The frames of an exception.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Vec<Frame>);

impl Trace {
    pub(crate) fn push(&mut self, frame: Frame) {
        if self.0.len() < limits::FRAMES {
            self.0.push(frame);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The location of the user's first own frame.
    pub(crate) fn own(&self) -> Option<Location> {
        self.0.iter().filter_map(|frame| frame.location.as_ref()).find(|place| is_own(&place.path)).cloned()
    }

    /// Returns true if a frame's path contains a text.
    pub(crate) fn is_of(&self, part: &str) -> bool {
        self.0.iter().filter_map(|frame| frame.location.as_ref()).any(|place| place.path.contains(part))
    }

    pub(crate) fn into_frames(self) -> Vec<Frame> {
        self.0
    }
}

/// `path:3:in 'method'`, `path:3`, after `from`, `# ` or a number, as printed by interpreters and test runners.
pub(crate) fn frame(line: &Seen<'_>) -> Option<Frame> {
    let text = line.start.strip_prefix("# ").unwrap_or(line.start);
    // `2: from path`, in the reverse order of terminals.
    let text = match text.split_once(": from ") {
        Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => text.strip_prefix("from ").unwrap_or(text),
    };
    let place = place(text)?;
    let function = match place.rest.strip_prefix("in ") {
        Some(name) if name.starts_with(['`', '\'']) && name.ends_with('\'') && name.len() > 2 => {
            Some(name[1..name.len() - 1].to_owned())
        }
        None if place.rest.is_empty() && place.column.is_none() => None,
        _ => return None,
    };
    Some(Frame { function, location: Some(place.location()), text: line.start.to_owned() })
}

/// A location in Ruby; it may be `<internal:…>` or in a file without an extension.
pub(crate) fn place(text: &str) -> Option<Place<'_>> {
    // Most lines have no number after a colon.
    let colon = text.find(':')?;
    if text.len() == colon + 1 {
        return None;
    }
    place_at_start(text)
}

/// Returns true if a file belongs neither to Ruby nor to an installed gem or a program's stub.
pub(crate) fn is_own(path: &str) -> bool {
    const FOREIGN: [&str; 9] = [
        "/gems/",
        "/lib/ruby/",
        "/rubygems/",
        "/site_ruby/",
        "/vendor_ruby/",
        "vendor/bundle/",
        "/.rbenv/",
        "/.rvm/",
        "/hostedtoolcache/",
    ];
    const PROGRAMS: [&str; 8] = ["bundle", "bundler", "rails", "rake", "rspec", "spring", "cucumber", "ruby"];
    let in_programs = path.rsplit_once('/').is_some_and(|(folder, name)| {
        (folder == "bin" || folder.ends_with("/bin")) && PROGRAMS.contains(&name)
    });
    !path.starts_with('<')
        && !in_programs
        && !path.starts_with("/usr/local/bin/")
        && !path.starts_with("/usr/bin/")
        && !path.starts_with("gems/")
        && !FOREIGN.iter().any(|part| path.contains(part))
}

/// Returns true if a text is a class name: `NoMethodError`, `ActiveRecord::RecordInvalid`.
pub(crate) fn is_type(name: &str) -> bool {
    name.len() <= 120
        && name.split("::").all(|part| {
            part.starts_with(|c: char| c.is_ascii_uppercase())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
}

/// `Type: message`, if the type may be an exception's.
pub(crate) fn type_and_message(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':'))).unwrap_or(text.len());
    let name = text[..end].trim_end_matches(':');
    let rest = &text[name.len()..];
    let message =
        rest.strip_prefix(": ").or_else(|| rest.strip_prefix(':').filter(|rest| rest.is_empty()))?;
    (is_type(name) && is_exception(name)).then_some((name, message.trim()))
}

/// Returns true if a class is named like an exception.
pub(crate) fn is_exception(name: &str) -> bool {
    const NAMES: [&str; 22] = [
        "Error",
        "Exception",
        "Invalid",
        "NotFound",
        "BadRequest",
        "Exit",
        "Interrupt",
        "Failed",
        "Failure",
        "Timeout",
        "NotUnique",
        "Missing",
        "Ambiguous",
        "Denied",
        "Unknown",
        "Refused",
        "Bad",
        "Violation",
        "Undefined",
        "UndefinedTable",
        "UndefinedColumn",
        "NoDatabase",
    ];
    name.contains("::") || NAMES.iter().any(|ending| name.ends_with(ending))
}

/// The kind of failure, by the type of an exception.
pub(crate) fn kind(error_type: &str, otherwise: Kind) -> Kind {
    let last = error_type.rsplit("::").next().unwrap_or_default();
    match last {
        "LoadError" | "GemNotFound" | "MissingSpecError" | "MissingSpecVersionError" | "GemRequireError" => {
            Kind::Dependency
        }
        "SyntaxError" => Kind::Compile,
        "ECONNREFUSED"
        | "ECONNRESET"
        | "EHOSTUNREACH"
        | "SocketError"
        | "ConnectionBad"
        | "ConnectionNotEstablished"
        | "CannotConnectError"
        | "ResolutionError"
        | "SSLError" => Kind::Network,
        "EACCES" | "EPERM" | "FilePermissionError" | "PermissionError" => Kind::Permission,
        "ENOSPC" | "ENOMEM" | "EMFILE" | "NoMemoryError" => Kind::Resource,
        "ReadTimeout" | "OpenTimeout" | "ETIMEDOUT" => Kind::Timeout,
        _ if error_type.starts_with("Gem::") || error_type.starts_with("Bundler::") => Kind::Dependency,
        _ => otherwise,
    }
}
