//! Where values come from, and that every one is remembered with its place.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::Overrides;
use super::settings::{self, Kind, SETTINGS};

/// The file that is read when it exists and no other is named.
const DEFAULT_FILE: &str = "grimoire.toml";

/// Where a value was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A line of a file: `grimoire.toml`, `.env`; none when it is the whole file.
    File(PathBuf, Option<usize>),
    /// A variable of the environment.
    Environment(String),
    /// The command line.
    CommandLine,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path, Some(line)) => write!(formatter, "{}:{line}", path.display()),
            Self::File(path, None) => write!(formatter, "{}", path.display()),
            Self::Environment(name) => write!(formatter, "environment variable {name}"),
            Self::CommandLine => formatter.write_str("command line"),
        }
    }
}

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub source: Source,
    /// Which setting; empty when none is meant.
    pub key: String,
    /// What is wrong and what would be right; no secret.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Default => {}
            source => write!(formatter, "{source}: ")?,
        }
        if !self.key.is_empty() {
            write!(formatter, "{}: ", self.key)?;
        }
        formatter.write_str(&self.message)
    }
}

/// A value as text, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The value; lists are separated by commas.
    pub text: String,
    /// Its place.
    pub source: Source,
}

/// Every setting's winning value, and what could not be read.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    values: BTreeMap<&'static str, Found>,
    problems: Vec<Problem>,
}

impl Layers {
    /// Reads the file, `.env`, the environment and the command line. What is wrong there is told with
    /// what is wrong with the values, by [`Config::from_layers`](super::Config::from_layers).
    pub fn read(overrides: &Overrides) -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_parts(overrides, Path::new("."), variables)
    }

    /// As [`Self::read`], with the folder and the environment given.
    pub fn from_parts(
        overrides: &Overrides,
        folder: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut layers = Self::default();
        let environment: BTreeMap<String, String> = environment.into_iter().collect();
        let named = overrides.file.clone().or_else(|| environment.get("GRIMOIRE_CONFIG").map(PathBuf::from));
        layers.add_file(named.as_deref(), folder);
        layers.add_dotenv(&folder.join(".env"));
        layers.add_variables(&environment, |name| Source::Environment(name.to_owned()));
        for (key, value) in &overrides.values {
            layers.values.insert(key, Found { text: value.clone(), source: Source::CommandLine });
        }
        layers
    }

    /// What could not be read, with its place.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// A setting's value: the winning layer's, or the default.
    pub fn get(&self, key: &'static str) -> Found {
        self.values.get(key).cloned().unwrap_or_else(|| Found {
            text: settings::find(key).map_or("", |setting| setting.default).to_owned(),
            source: Source::Default,
        })
    }

    fn add_file(&mut self, named: Option<&Path>, folder: &Path) {
        let path = named.map_or_else(|| folder.join(DEFAULT_FILE), Path::to_path_buf);
        let shown = named.map_or_else(|| PathBuf::from(DEFAULT_FILE), Path::to_path_buf);
        let mut reject = |line: Option<usize>, key: &str, message: String| {
            self.problems.push(Problem {
                source: Source::File(shown.clone(), line),
                key: key.to_owned(),
                message,
            });
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return reject(None, "", format!("cannot be read: {error}")),
        };
        let line_of = |offset: usize| Some(text[..offset.min(text.len())].matches('\n').count() + 1);
        let document = match DeTable::parse(&text) {
            Ok(document) => document,
            Err(error) => {
                let line = error.span().and_then(|span| line_of(span.start));
                return reject(line, "", format!("is not valid TOML: {}", error.message()));
            }
        };
        for (table, content) in document.get_ref() {
            let DeValue::Table(entries) = content.get_ref() else {
                let message = "stands outside a table; settings are written as [table] and name = value";
                reject(line_of(table.span().start), table.get_ref(), message.to_owned());
                continue;
            };
            for (name, value) in entries {
                let key = format!("{}.{}", table.get_ref(), name.get_ref());
                let line = line_of(name.span().start);
                let Some(setting) = settings::find(&key) else {
                    reject(line, &key, unknown_key(&key));
                    continue;
                };
                match as_text(value.get_ref(), setting.kind) {
                    Ok(text) => {
                        let source = Source::File(shown.clone(), line);
                        self.values.insert(setting.key, Found { text, source });
                    }
                    Err(message) => reject(line, &key, message),
                }
            }
        }
    }

    fn add_dotenv(&mut self, path: &Path) {
        let shown = PathBuf::from(".env");
        let mut reject = |message: String| {
            let source = Source::File(shown.clone(), None);
            self.problems.push(Problem { source, key: String::new(), message });
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return reject(format!("cannot be read: {error}")),
        };
        let mut variables = BTreeMap::new();
        for entry in dotenvy::from_read_iter(text.as_bytes()) {
            match entry {
                Ok((name, value)) => {
                    variables.insert(name, value);
                }
                Err(_) => {
                    // The library's message quotes the line, which may hold a secret.
                    let message = "has a line that is not NAME=value; quote values with spaces";
                    return reject(message.to_owned());
                }
            }
        }
        let line_of = |name: &str| {
            let declares = |line: &str| {
                let line = line.trim_start().trim_start_matches("export ").trim_start();
                line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
            };
            text.lines().position(declares).map(|index| index + 1)
        };
        self.add_variables(&variables, |name| Source::File(shown.clone(), line_of(name)));
    }

    fn add_variables(&mut self, variables: &BTreeMap<String, String>, source: impl Fn(&str) -> Source) {
        for setting in SETTINGS {
            // Our own name is the more specific one and wins over the plain one.
            let names = setting.plain.map(str::to_owned).into_iter().chain([setting.variable()]);
            for name in names {
                if let Some(text) = variables.get(&name).filter(|text| !text.is_empty()) {
                    let found = Found { text: text.clone(), source: source(&name) };
                    self.values.insert(setting.key, found);
                }
            }
        }
        for name in variables.keys().filter(|name| is_unknown_variable(name)) {
            self.problems.push(Problem {
                source: source(name),
                key: String::new(),
                message: format!("{name} is not a setting; `grimoire config explain` lists all"),
            });
        }
    }
}

/// Whether a variable claims to be ours and is not.
fn is_unknown_variable(name: &str) -> bool {
    name.starts_with("GRIMOIRE_")
        && name != "GRIMOIRE_CONFIG"
        && !SETTINGS.iter().any(|setting| setting.variable() == name)
}

fn unknown_key(key: &str) -> String {
    let nearest = SETTINGS
        .iter()
        .map(|setting| (distance(key, setting.key), setting.key))
        .min()
        .filter(|(distance, _)| *distance <= 4);
    match nearest {
        Some((_, known)) => format!("is not a setting; did you mean {known}?"),
        None => "is not a setting; `grimoire config explain` lists all".to_owned(),
    }
}

/// The edit distance of two short keys.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

/// A TOML value as the text that the other layers would have.
fn as_text(value: &DeValue<'_>, kind: Kind) -> Result<String, String> {
    let list = matches!(kind, Kind::List | Kind::SecretList);
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.to_string()),
        DeValue::Float(number) => Ok(number.to_string()),
        DeValue::Boolean(switch) => Ok(switch.to_string()),
        DeValue::Array(items) if list => {
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) if !text.contains(',') => Some(text.to_string()),
                    _ => None,
                })
                .collect();
            texts
                .map(|texts| texts.join(","))
                .ok_or_else(|| "must be a list of texts without commas".to_owned())
        }
        _ => Err("has a value of the wrong type".to_owned()),
    }
}
