//! The layers of settings. Every value keeps its source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use grimoire_domain::text;
use serde_json::Value as Json;
use toml::de::{DeTable, DeValue};

use super::file;
use super::include;
use super::overrides::Overrides;
use super::problem::{Problem, Source};
use super::setting::Definition;
use super::settings::{self, ALL};
use super::toml_value::as_text;
use super::trust::{self, Allowed, FolderTrust, Ignored};
use super::unknown::{is_of_setting, is_unknown_variable, unknown_key};

/// The file that is read if it exists and no other is named.
const DEFAULT_FILE: &str = "grimoire.toml";

/// Maximum number of problems of one layer that are told. Each costs a search for its line.
const MOST_PROBLEMS: usize = 100;
const MORE_PROBLEMS: &str = "has more problems than these";
/// Maximum length of an unknown name that is shown, in bytes.
const LONGEST_NAME: usize = 100;

/// A value as text, with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LayeredValue {
    /// The value; lists are separated by commas.
    pub(super) text: String,
    /// Its source.
    pub(super) source: Source,
    /// True if the user chose it, or allowed the file that did.
    pub(super) is_allowed: bool,
}

/// The winning value of every setting, and the problems of reading them.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The folder of `grimoire.toml` and `.env`; `.` is the current folder.
    folder: PathBuf,
    /// The file that was named, as problems show it.
    named: Option<PathBuf>,
    values: BTreeMap<&'static str, LayeredValue>,
    problems: Vec<Problem>,
    allowed: Allowed,
    ignored: Vec<Ignored>,
}

impl Layers {
    /// Reads the file, `.env`, the environment and the command line. Both files are those of the current folder, or
    /// of the nearest folder above it with a `grimoire.toml`. Problems of the files are reported together with
    /// those of the values, by [`Config::from_layers`](super::Config::from_layers).
    pub fn read(overrides: &Overrides) -> Self {
        let mut variables = BTreeMap::new();
        let mut unreadable = Vec::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => drop(variables.insert(name, value)),
                Err(_) => unreadable.push(name),
            }
        }
        let folder = std::env::current_dir().ok().and_then(|current| nearest_above(&current));
        let mut layers = Self::from_parts(overrides, folder.as_deref().unwrap_or(Path::new(".")), variables);
        // A secret that is left out in silence would be replaced by another one.
        for name in unreadable.into_iter().filter(|name| is_of_setting(name)) {
            let message = "is not valid text (UTF-8)".to_owned();
            layers.problems.push(Problem { source: Source::Environment(name), key: String::new(), message });
        }
        layers
    }

    /// Like [`Self::read`], with a given folder and environment.
    pub fn from_parts(
        overrides: &Overrides,
        folder: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let environment: BTreeMap<String, String> = environment.into_iter().collect();
        let allowed = Allowed::of(&environment);
        let mut layers = Self { folder: folder.to_owned(), allowed, ..Self::default() };
        let named = overrides.file.clone().or_else(|| environment.get("GRIMOIRE_CONFIG").map(PathBuf::from));
        layers.add_file(named.as_deref(), folder);
        layers.add_dotenv(&folder.join(".env"));
        layers.add_variables(&environment, true, |name| Source::Environment(name.to_owned()));
        for (key, value) in overrides.values() {
            let (text, source) = (value.clone(), Source::CommandLine);
            layers.values.insert(*key, LayeredValue { text, source, is_allowed: true });
        }
        layers
    }

    /// Returns true if any layer says where data is stored.
    pub(crate) fn names_storage(&self) -> bool {
        [&settings::DATA_FOLDER.definition, &settings::STORAGE_URL.definition]
            .iter()
            .any(|setting| self.get(setting).source != Source::Default)
    }

    /// The data folder, even if other settings are wrong.
    pub(crate) fn data_folder(&self) -> PathBuf {
        let found = self.get(&settings::DATA_FOLDER.definition);
        self.resolve(PathBuf::from(found.text.trim()), &found.source)
    }

    /// What is known about whose data folder it is.
    pub(crate) fn data_folder_trust(&self) -> FolderTrust {
        let found = self.get(&settings::DATA_FOLDER.definition);
        let is_named = found.source != Source::Default && found.is_allowed;
        FolderTrust::new(self.allowed.clone(), is_named)
    }

    /// The problems of reading the layers.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Values found in files that were not allowed to set them.
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }

    /// Allows the existing files of the working directory with their current content. Returns them.
    pub(crate) fn allow_files(&self) -> std::io::Result<Vec<PathBuf>> {
        let mut allowed = Vec::new();
        for name in [DEFAULT_FILE, ".env"] {
            let path = self.folder.join(name);
            match file::found(&path) {
                Ok(text) => self.allowed.add(&path, &text)?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            allowed.push(path);
        }
        Ok(allowed)
    }

    /// Allows the files that the plugins' configuration includes, with their current content. Returns them.
    pub(crate) fn allow_included(&self) -> anyhow::Result<Vec<PathBuf>> {
        let setting = &settings::PLUGIN_CONFIG;
        let found = self.get(&setting.definition);
        // What is wrong is said by the check.
        let tables = (setting.read)(&setting.definition, &found.text).unwrap_or_default();
        let mut allowed = Vec::new();
        for table in tables.values() {
            for path in include::paths(table).unwrap_or_default() {
                let path = self.resolve(PathBuf::from(path), &found.source);
                let text = include::read(&path).map_err(anyhow::Error::msg)?;
                self.allowed.add(&path, &text)?;
                allowed.push(path);
            }
        }
        Ok(allowed)
    }

    /// Adds what a plugin's table includes. A file of the working directory must be allowed, like the one that names it.
    pub(super) fn add_included(&self, table: &mut serde_json::Map<String, Json>) -> Result<(), String> {
        let source = self.get(&settings::PLUGIN_CONFIG.definition).source;
        let is_found = matches!(&source, Source::File(path, _) if self.named.as_ref() != Some(path));
        let paths: Vec<_> = include::paths(table)?
            .into_iter()
            .map(|path| self.resolve(PathBuf::from(path), &source))
            .collect();
        for path in paths {
            let text = include::read(&path)?;
            if is_found && !self.allowed.has(&path, &text) {
                let shown = path.display();
                return Err(format!(
                    "include: {shown} is not allowed as it is now; if you trust it, say so with `grimoire config allow`"
                ));
            }
            include::add(table, &path, &text)?;
        }
        include::remove_key(table);
        Ok(())
    }

    /// Accepts a setting's value, unless the setting is guarded and its source is not allowed.
    fn take(&mut self, key: &'static str, found: LayeredValue) {
        if found.is_allowed || !trust::is_guarded(key) {
            self.values.insert(key, found);
        } else {
            self.ignored.push(Ignored { source: found.source, key });
        }
    }

    /// A setting's value: that of the winning layer, or the default.
    pub(super) fn get(&self, setting: &Definition) -> LayeredValue {
        self.values.get(setting.key).cloned().unwrap_or_else(|| LayeredValue {
            text: setting.default.to_owned(),
            source: Source::Default,
            is_allowed: true,
        })
    }

    /// Resolves a relative path: against the configuration's folder if it comes from a file or is the default, and
    /// against the current folder if it was typed.
    pub(super) fn resolve(&self, path: PathBuf, source: &Source) -> PathBuf {
        match source {
            Source::Default | Source::File(..) if self.folder != Path::new(".") => self.folder.join(path),
            _ => path,
        }
    }

    fn add_file(&mut self, named: Option<&Path>, folder: &Path) {
        let path = named.map_or_else(|| folder.join(DEFAULT_FILE), Path::to_path_buf);
        let shown = path
            .strip_prefix(".")
            .ok()
            .filter(|rest| !rest.as_os_str().is_empty())
            .unwrap_or(&path)
            .to_path_buf();
        let reject = |layers: &mut Self, line: Option<usize>, key: &str, message: String| {
            layers.problems.push(Problem {
                source: Source::File(shown.clone(), line),
                key: key.to_owned(),
                message,
            });
        };
        let content = match named.map_or_else(|| file::found(&path), file::named) {
            Ok(content) => content,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return reject(self, None, "", format!("cannot be read: {error}")),
        };
        let is_allowed = named.is_some() || self.allowed.has(&path, &content);
        self.named = named.map(|_| shown.clone());
        let line_of = |offset: usize| Some(content[..offset.min(content.len())].matches('\n').count() + 1);
        let document = match DeTable::parse(&content) {
            Ok(document) => document,
            Err(error) => {
                let line = error.span().and_then(|span| line_of(span.start));
                return reject(self, line, "", format!("is not valid TOML: {}", error.message()));
            }
        };
        for (table, entries) in document.get_ref() {
            if self.problems.len() >= MOST_PROBLEMS {
                return reject(self, None, "", MORE_PROBLEMS.to_owned());
            }
            let DeValue::Table(entries) = entries.get_ref() else {
                let message = "stands outside a table; settings are written as [table] and name = value";
                let name = text::one_line(table.get_ref(), LONGEST_NAME);
                reject(self, line_of(table.span().start), &name, message.to_owned());
                continue;
            };
            for (name, value) in entries {
                if self.problems.len() >= MOST_PROBLEMS {
                    return reject(self, None, "", MORE_PROBLEMS.to_owned());
                }
                let key = format!("{}.{}", table.get_ref(), name.get_ref());
                let line = line_of(name.span().start);
                let Some(setting) = settings::find(&key) else {
                    reject(self, line, &text::one_line(&key, LONGEST_NAME), unknown_key(&key));
                    continue;
                };
                match as_text(value.get_ref(), setting.kind) {
                    Ok(text) => {
                        let source = Source::File(shown.clone(), line);
                        self.take(setting.key, LayeredValue { text, source, is_allowed });
                    }
                    Err(message) => reject(self, line, &key, message),
                }
            }
        }
    }

    fn add_dotenv(&mut self, path: &Path) {
        let shown = path.strip_prefix(".").unwrap_or(path).to_path_buf();
        let mut reject = |message: String| {
            let source = Source::File(shown.clone(), None);
            self.problems.push(Problem { source, key: String::new(), message });
        };
        let text = match file::found(path) {
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
                    // The library's message quotes the line, which may contain a secret.
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
        let is_allowed = self.allowed.has(path, &text);
        self.add_variables(&variables, is_allowed, |name| Source::File(shown.clone(), line_of(name)));
    }

    fn add_variables(
        &mut self,
        variables: &BTreeMap<String, String>,
        is_allowed: bool,
        source: impl Fn(&str) -> Source,
    ) {
        for setting in ALL {
            // Grimoire's own name is more specific and takes precedence over the plain one.
            let names = setting.plain.map(str::to_owned).into_iter().chain([setting.variable()]);
            for name in names {
                if let Some(text) = variables.get(&name).filter(|text| !text.is_empty()) {
                    self.take(
                        setting.key,
                        LayeredValue { text: text.clone(), source: source(&name), is_allowed },
                    );
                }
            }
        }
        for name in variables.keys().filter(|name| is_unknown_variable(name)).take(MOST_PROBLEMS) {
            self.problems.push(Problem {
                source: source(name),
                key: String::new(),
                message: format!(
                    "{} is not a setting; `grimoire config explain` lists all",
                    text::one_line(name, LONGEST_NAME)
                ),
            });
        }
    }
}

/// The nearest folder above `current` with a configuration file; none if `current` has one itself. Goes up only
/// while the folders have the same owner: files that somebody else left in a shared folder such as `/tmp` are
/// ignored.
fn nearest_above(current: &Path) -> Option<PathBuf> {
    let owner = owner(current)?;
    current
        .ancestors()
        .take_while(|folder| self::owner(folder) == Some(owner))
        .find(|folder| folder.join(DEFAULT_FILE).is_file())
        .filter(|folder| *folder != current)
        .map(Path::to_path_buf)
}

#[cfg(unix)]
fn owner(folder: &Path) -> Option<u32> {
    std::fs::metadata(folder).ok().map(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata))
}

/// Folders above are not read if their owner is unknown.
#[cfg(not(unix))]
fn owner(_: &Path) -> Option<u32> {
    None
}
