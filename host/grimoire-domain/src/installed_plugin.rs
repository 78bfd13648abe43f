//! Plugins that an operator has installed: their versions, and a receipt for every change.

use crate::Timestamp;

/// How many versions of a plugin are kept, so that a rollback needs only the store.
pub const KEPT_VERSIONS: usize = 3;

/// A text that cannot name a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a plugin's name has 1 to 64 lower-case letters, digits and hyphens")]
pub struct InvalidPluginName;

/// Checks that a text can name a plugin, and can therefore be part of file paths and of paths of the API.
pub fn check_plugin_name(name: &str) -> Result<(), InvalidPluginName> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if matches!(name.len(), 1..=64) && name.bytes().all(plain) { Ok(()) } else { Err(InvalidPluginName) }
}

/// One version of an installed plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginVersion {
    /// The SHA-256 of its component, in 64 hexadecimal digits.
    pub digest: String,
    /// The length of its component in bytes.
    pub bytes: u64,
    /// The world that it implements, such as `grimoire:matcher@0.1.0`.
    pub world: String,
    /// The version in its metadata.
    pub version: Option<String>,
    /// Its origin as given at the installation, usually a file name.
    pub source: String,
    /// The name of the actor who installed it.
    pub installed_by: String,
    /// When it was installed.
    pub installed_at: Timestamp,
    /// The reason for its quarantine, if it is in quarantine: it is then only activated by force.
    pub quarantine: Option<String>,
}

/// The kept versions of a plugin, and which of them is active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledPlugin {
    name: String,
    versions: Vec<PluginVersion>,
    active: Option<String>,
}

/// A digest, or a prefix of one, that matches no kept version, or several.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{plugin} has {found} for {digest:?}; kept are {kept}")]
pub struct UnknownVersion {
    plugin: String,
    found: &'static str,
    digest: String,
    kept: String,
}

impl InstalledPlugin {
    /// A plugin without any installed version.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), versions: Vec::new(), active: None }
    }

    /// Restores a plugin from the store: versions newest first, and the digest of the active one. `None` if the active
    /// one is not among them, or a digest occurs twice.
    pub fn restore(
        name: impl Into<String>,
        versions: Vec<PluginVersion>,
        active: Option<String>,
    ) -> Option<Self> {
        let is_kept = |digest: &String| versions.iter().any(|version| version.digest == *digest);
        let twice =
            (1..versions.len()).any(|end| versions[..end].iter().any(|v| v.digest == versions[end].digest));
        if twice || active.as_ref().is_some_and(|digest| !is_kept(digest)) {
            return None;
        }
        Some(Self { name: name.into(), versions, active })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kept versions, newest first.
    pub fn versions(&self) -> &[PluginVersion] {
        &self.versions
    }

    /// The active version. `None`: the shipped plugin or the one in the operator's folder runs under this name, if
    /// there is one.
    pub fn active(&self) -> Option<&PluginVersion> {
        let active = self.active.as_ref()?;
        self.versions.iter().find(|version| version.digest == *active)
    }

    /// The newest version that was installed before the active one and is not in quarantine.
    pub fn previous(&self) -> Option<&PluginVersion> {
        let active = self.active.as_ref()?;
        let mut older = self.versions.iter().skip_while(|version| version.digest != *active).skip(1);
        older.find(|version| version.quarantine.is_none())
    }

    /// The versions in quarantine that would run otherwise: those that are newer than the active one, newest first.
    pub fn withdrawn(&self) -> impl Iterator<Item = &PluginVersion> {
        let newer = self.versions.iter().take_while(|version| self.active.as_ref() != Some(&version.digest));
        newer.filter(|version| version.quarantine.is_some())
    }

    /// The kept version whose digest is this or starts with it.
    pub fn find(&self, digest: &str) -> Result<&PluginVersion, UnknownVersion> {
        let unknown = |found| UnknownVersion {
            plugin: self.name.clone(),
            found,
            digest: digest.to_owned(),
            kept: if self.versions.is_empty() {
                "none".to_owned()
            } else {
                let kept: Vec<&str> = self.versions.iter().map(|version| version.digest.as_str()).collect();
                kept.join(", ")
            },
        };
        let mut matching =
            self.versions.iter().filter(|version| !digest.is_empty() && version.digest.starts_with(digest));
        match (matching.next(), matching.next()) {
            (Some(version), None) => Ok(version),
            (Some(_), Some(_)) => Err(unknown("several versions")),
            (None, _) => Err(unknown("no version")),
        }
    }

    /// Adds a version and makes it active; the oldest ones are dropped. A version that is already kept becomes the
    /// newest.
    pub fn install(&mut self, version: PluginVersion) {
        self.versions.retain(|kept| kept.digest != version.digest);
        self.active = Some(version.digest.clone());
        self.versions.insert(0, version);
        self.versions.truncate(KEPT_VERSIONS);
    }

    /// Activates the kept version whose digest is this or starts with it, and ends its quarantine.
    pub fn activate(&mut self, digest: &str) -> Result<(), UnknownVersion> {
        let digest = self.find(digest)?.digest.clone();
        self.set_quarantine(&digest, None);
        self.active = Some(digest);
        Ok(())
    }

    /// Puts the active version into quarantine, for a reason. The caller must activate another version.
    pub fn quarantine_active(&mut self, reason: String) {
        if let Some(digest) = self.active.clone() {
            self.set_quarantine(&digest, Some(reason));
        }
    }

    fn set_quarantine(&mut self, digest: &str, reason: Option<String>) {
        if let Some(version) = self.versions.iter_mut().find(|version| version.digest == digest) {
            version.quarantine = reason;
        }
    }

    /// Makes no version active.
    pub fn deactivate(&mut self) {
        self.active = None;
    }

    /// Removes the version whose digest is this or starts with it. If it was the active one, none is active afterwards.
    pub fn remove(&mut self, digest: &str) -> Result<(), UnknownVersion> {
        let digest = self.find(digest)?.digest.clone();
        self.versions.retain(|version| version.digest != digest);
        self.active.take_if(|active| *active == digest);
        Ok(())
    }

    /// Removes every version.
    pub fn remove_all(&mut self) {
        self.versions.clear();
        self.active = None;
    }
}

/// The kind of a change to a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PluginAction {
    /// A component was added and activated.
    Install,
    /// A kept version was activated.
    Activate,
    /// The version before the active one was activated.
    RollBack,
    /// One or all versions were removed.
    Remove,
    /// A file in the operator's folder was added, changed or removed.
    Folder,
}

impl PluginAction {
    /// Every action.
    pub const ALL: [Self; 5] = [Self::Install, Self::Activate, Self::RollBack, Self::Remove, Self::Folder];

    /// The stable word for responses and for the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Activate => "activate",
            Self::RollBack => "rollback",
            Self::Remove => "remove",
            Self::Folder => "folder",
        }
    }
}

/// The receipt of one change to a plugin; never deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginReceipt {
    /// Counted from 1 in the order of the changes; 0 until it is stored.
    pub number: u64,
    /// The plugin's name.
    pub plugin: String,
    /// The kind of change.
    pub action: PluginAction,
    /// The digest of the component that ran under the name afterwards; `None` if none did.
    pub digest: Option<String>,
    /// The digest of the component that ran before; `None` if none did.
    pub previous: Option<String>,
    /// The origin of the component.
    pub source: String,
    /// The reason for an automatic change.
    pub reason: Option<String>,
    /// The checks that the component passed before it ran, in order.
    pub verified: Vec<String>,
    /// The name of the actor.
    pub by: String,
    /// The time of the change.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(letter: char) -> PluginVersion {
        PluginVersion {
            digest: letter.to_string().repeat(64),
            bytes: 1,
            world: "grimoire:matcher@0.1.0".to_owned(),
            version: None,
            source: "m.wasm".to_owned(),
            installed_by: "ana".to_owned(),
            installed_at: Timestamp::UNIX_EPOCH,
            quarantine: None,
        }
    }

    fn installed(letters: &str) -> InstalledPlugin {
        let mut plugin = InstalledPlugin::new("m");
        letters.chars().for_each(|letter| plugin.install(version(letter)));
        plugin
    }

    fn kept(plugin: &InstalledPlugin) -> String {
        plugin.versions().iter().map(|version| &version.digest[..1]).collect()
    }

    #[test]
    fn the_last_three_versions_are_kept_and_the_newest_runs() {
        let plugin = installed("abcd");
        assert_eq!(kept(&plugin), "dcb");
        assert_eq!(plugin.active(), Some(&version('d')));
        assert_eq!(plugin.previous(), Some(&version('c')));
    }

    #[test]
    fn a_version_that_is_installed_again_is_the_newest() {
        let plugin = installed("aba");
        assert_eq!(kept(&plugin), "ab");
        assert_eq!(plugin.active(), Some(&version('a')));
    }

    #[test]
    fn versions_are_chosen_by_the_beginning_of_their_digest() {
        let mut plugin = installed("abc");
        plugin.activate("aaaa").expect("it is kept");
        assert_eq!(plugin.active(), Some(&version('a')));
        assert_eq!(plugin.previous(), None, "it is the oldest");
        let error = plugin.activate("dd").expect_err("never installed").to_string();
        assert!(error.starts_with("m has no version for \"dd\"; kept are ccc"), "{error}");
        assert!(plugin.activate("").is_err(), "nothing names nothing");
        assert_eq!(plugin.active(), Some(&version('a')), "a refusal changes nothing");
    }

    #[test]
    fn a_beginning_of_two_digests_names_neither() {
        let mut plugin = installed("a");
        let digest = format!("{}b", "a".repeat(63));
        plugin.install(PluginVersion { digest: digest.clone(), ..version('a') });
        assert!(plugin.find("aaa").expect_err("two").to_string().contains("several versions"));
        assert_eq!(plugin.find(&digest).expect("one").digest, digest);
    }

    #[test]
    fn what_is_removed_does_not_run() {
        let mut plugin = installed("ab");
        plugin.remove("aa").expect("it is kept");
        assert_eq!((kept(&plugin).as_str(), plugin.active()), ("b", Some(&version('b'))));
        plugin.remove("bb").expect("it is kept");
        assert_eq!((kept(&plugin).as_str(), plugin.active()), ("", None));
    }

    #[test]
    fn a_version_in_quarantine_is_passed_over_until_somebody_activates_it() {
        let mut plugin = installed("abc");
        plugin.activate("bb").expect("it is kept");
        plugin.quarantine_active("it failed".to_owned());
        plugin.activate("cc").expect("it is kept");
        assert_eq!(plugin.previous(), Some(&version('a')), "b is passed over");
        assert_eq!(plugin.withdrawn().count(), 0, "a newer one runs");
        plugin.activate("aa").expect("it is kept");
        let withdrawn: Vec<_> = plugin.withdrawn().map(|version| version.quarantine.as_deref()).collect();
        assert_eq!(withdrawn, [Some("it failed")]);
        plugin.activate("bb").expect("somebody insists");
        assert_eq!(plugin.active(), Some(&version('b')), "that ends its quarantine");
    }

    #[test]
    fn what_contradicts_itself_is_not_restored() {
        let digest = |letter: char| Some(letter.to_string().repeat(64));
        assert_eq!(InstalledPlugin::restore("m", vec![version('a')], digest('b')), None);
        assert_eq!(InstalledPlugin::restore("m", vec![version('a'), version('a')], None), None);
        let whole = InstalledPlugin::restore("m", vec![version('b'), version('a')], digest('b'));
        assert_eq!(whole, Some(installed("ab")));
    }
}
