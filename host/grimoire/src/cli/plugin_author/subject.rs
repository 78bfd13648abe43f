//! The plugin that a command works on: a component's file, or a folder in which one was built.

use std::path::{Path, PathBuf};

use grimoire_authoring::cases::{self, Case};
use grimoire_authoring::{Description, Manifest, Workbench, World, build, component, manifest};

use crate::console::announced;
use crate::exit::{Exit, Reported};
use crate::user_folders;

/// A component, and the folder that it was built in, if that is known.
pub(super) struct Subject {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) description: Description,
    folder: Option<PathBuf>,
}

impl Subject {
    /// Reads the component of a file, or of a plugin's folder.
    pub(super) fn open(place: &Path) -> anyhow::Result<Self> {
        if !place.is_dir() {
            let (bytes, description) = component::read(place)?;
            // `build/NAME.wasm` is inside the plugin's folder.
            let folder = place.parent().and_then(Path::parent).map(|folder| {
                if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }
            });
            let folder = folder.filter(|folder| folder.join(manifest::FILE).is_file());
            return Ok(Self { path: place.to_owned(), bytes, description, folder });
        }
        let manifest = Manifest::read(place)?;
        let path = build::output(place, &manifest);
        if !path.is_file() {
            let message = format!("{} was not built yet: `grimoire plugin build` builds it", path.display());
            return Err(Reported(Exit::NoInput, message).into());
        }
        build::check(&path, &manifest)?;
        let (bytes, description) = component::read(&path)?;
        Ok(Self { path, bytes, description, folder: Some(place.to_owned()) })
    }

    /// The world that it implements.
    pub(super) fn world(&self) -> anyhow::Result<World> {
        let world = World::of_package(self.description.found.world);
        Ok(world.ok_or_else(|| Reported(Exit::Data, format!("{} is not a plugin", self.path.display())))?)
    }

    /// The cases in a file or folder; by default those in its own folder. `None` if there are none.
    pub(super) fn cases(&self, named: Option<&Path>) -> anyhow::Result<Vec<Case>> {
        let own = self.folder.as_ref().map(|folder| folder.join("cases"));
        match named.or(own.as_deref().filter(|folder| folder.is_dir())) {
            Some(place) => Ok(cases::read(place, self.world()?)?),
            None => Ok(Vec::new()),
        }
    }

    /// Compiles and loads the component.
    pub(super) async fn start(&self) -> anyhow::Result<Workbench> {
        let (bytes, description) = (self.bytes.clone(), self.description.clone());
        let starting =
            tokio::task::spawn_blocking(move || Workbench::start(bytes, &description, cache(), false));
        let started = announced(starting, "compiling the component…").await?;
        Ok(started.map_err(|error| Reported(Exit::Data, format!("{}: {error}", self.path.display())))?)
    }
}

/// The folder for compiled code: a component that was compiled before starts without delay.
pub(super) fn cache() -> Option<PathBuf> {
    user_folders::cache().map(|folder| folder.join("compiled"))
}
