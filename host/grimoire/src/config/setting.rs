//! Definitions of settings.

/// The format of a setting's value, for the reference.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// One of several words.
    Choice(fn() -> Vec<&'static str>),
    /// `true` or `false`.
    Switch,
    /// A whole number in a range, both ends included.
    Number(u64, u64),
    /// A number from 0 to 1.
    Fraction,
    /// Values separated by commas; a list in TOML.
    List,
    /// Like `List`, and never shown.
    SecretList,
    /// Text that is never shown.
    Secret,
    /// Tables in TOML, one JSON object elsewhere.
    Tables,
    /// A list of tables in TOML, one JSON array elsewhere.
    TableList,
}

/// The description of a setting, independent of its type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Definition {
    /// Its place in `grimoire.toml`: `table.name`.
    pub(crate) key: &'static str,
    /// A well-known environment variable beside `GRIMOIRE_TABLE_NAME`.
    pub(crate) plain: Option<&'static str>,
    /// The format of its value.
    pub(crate) kind: Kind,
    /// The default as text; empty for none.
    pub(crate) default: &'static str,
    /// Its purpose, in sentences.
    pub(crate) about: &'static str,
}

impl Definition {
    /// The environment variable that always works: `server.port` is `GRIMOIRE_SERVER_PORT`.
    pub(crate) fn variable(&self) -> String {
        format!("GRIMOIRE_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }

    /// Returns true if the value must not be shown.
    pub(crate) fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret | Kind::SecretList)
    }
}

/// Parses a setting's text, without surrounding spaces; `Err` has all of its problems.
pub(super) type Read<T> = fn(&Definition, &str) -> Result<T, Vec<String>>;

/// One setting with its parser.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<T> {
    pub(crate) definition: Definition,
    pub(crate) read: Read<T>,
}

impl<T> Setting<T> {
    pub(super) const fn new(
        key: &'static str,
        kind: Kind,
        read: Read<T>,
        default: &'static str,
        about: &'static str,
    ) -> Self {
        Self { definition: Definition { key, plain: None, kind, default, about }, read }
    }

    /// Also read from the environment variable `name`.
    pub(super) const fn also(self, name: &'static str) -> Self {
        Self { definition: Definition { plain: Some(name), ..self.definition }, read: self.read }
    }
}
