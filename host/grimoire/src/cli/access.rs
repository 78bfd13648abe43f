//! Access to the spellbook and the analyzers, in the data folder or through a running service.

use futures::TryStreamExt as _;
use grimoire_domain::actor::Actor;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::{Spell, SpellFields, SpellId};
use grimoire_pipeline::SpellQuery;
use grimoire_ports::store::{ImportSummary, SpellFilter};

use super::remote_spells as remote;
use super::service::{Service, Target};
use super::stored::{StoredSpell, Wanted};
use crate::config::{self, Config, Overrides, StorageUrl};
use crate::console::{detail, note};
use crate::exit::{Exit, Reported};
use crate::offline::{self, Offline, Spellbook};

pub(super) use crate::wiring::is_in_use;

/// The author of changes in the data folder.
const ACTOR: Actor = Actor::COMMAND_LINE;

/// The access that a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Reads the spellbook; the starter spellbook if there is none yet.
    Read,
    /// Reads it too, and uses the plugins.
    Match,
    /// Changes the spellbook, which is created if there is none.
    Write,
    /// Uses only the analyzers.
    Analyzers,
    /// Reads plugins, even if one that the settings need is missing.
    Plugins,
    /// Changes plugins, even if one is missing; creates the data folder if there is none.
    PluginChange,
}

/// The data folder, opened by this process, or the service that has it open.
pub(super) enum Access {
    Local(Box<Offline>),
    Remote(Service),
}

impl Access {
    /// Opens the data folder, or finds the service that has it open. Never answers from another spellbook than the
    /// requested one.
    pub(super) async fn open(target: &Target, overrides: &Overrides, need: Need) -> anyhow::Result<Self> {
        let (config, layers) = config::load(overrides)?;
        if let Some(service) = target.named(&config)? {
            return Ok(Self::Remote(service));
        }
        let StorageUrl::Redb(path) = &config.storage;
        if !path.exists() && !matches!(need, Need::Write | Need::PluginChange) {
            if matches!(need, Need::Analyzers | Need::Plugins) {
                return Ok(Self::Local(Box::new(offline::start(&config, Spellbook::None).await?)));
            }
            // An empty folder means that nothing was stored yet; a missing one is probably a typo.
            if layers.names_storage() && !path.parent().is_some_and(std::path::Path::is_dir) {
                let message = format!(
                    "there is no spellbook at {}: `grimoire serve` or `grimoire spells import starter` makes one; \
                     `grimoire match --spellbook starter` does without",
                    path.display()
                );
                return Err(Reported(Exit::NoInput, message).into());
            }
            note("there is no spellbook here yet (`grimoire serve` makes one): using the starter spellbook");
            let started = match need {
                Need::Read => offline::start_for_spells(&config, Spellbook::starter()).await,
                _ => offline::start(&config, Spellbook::starter()).await,
            };
            return Ok(Self::Local(Box::new(started?)));
        }
        let started = match need {
            Need::Plugins | Need::PluginChange => offline::start_for_plugins(&config).await,
            Need::Read | Need::Write => offline::start_for_spells(&config, Spellbook::DataFolder).await,
            Need::Match | Need::Analyzers => offline::start(&config, Spellbook::DataFolder).await,
        };
        match started {
            Ok(offline) => Ok(Self::Local(Box::new(offline))),
            Err(error) if is_in_use(&error) => Self::of_service(target, &config, &error).await,
            Err(error) => Err(error),
        }
    }

    async fn of_service(target: &Target, config: &Config, in_use: &anyhow::Error) -> anyhow::Result<Self> {
        let service = target.configured(config)?;
        let health = service.request(reqwest::Method::GET, "/health")?;
        if let Err(error) = health.send().await {
            let error = super::service::unreachable(service.base(), error);
            let message = format!("{in_use:#}; {error}; --url names another address");
            return Err(Reported(Exit::Unavailable, message).into());
        }
        detail(format_args!("the data folder is in use: talking to {}", service.base()));
        Ok(Self::Remote(service))
    }

    /// Opens the spellbook for one task and closes it in any case.
    pub(super) async fn with(
        target: &Target,
        overrides: &Overrides,
        need: Need,
        work: impl AsyncFnOnce(&Self) -> anyhow::Result<Exit>,
    ) -> anyhow::Result<Exit> {
        let access = Self::open(target, overrides, need).await?;
        let result = work(&access).await;
        access.close().await;
        result
    }

    /// Closes the data folder if it was opened.
    pub(super) async fn close(self) {
        if let Self::Local(offline) = self {
            offline.stop().await;
        }
    }

    /// Lists spells by ascending id; with search words, best first.
    pub(super) async fn list(&self, wanted: &Wanted, page: PageRequest) -> anyhow::Result<Page<StoredSpell>> {
        match self {
            Self::Local(offline) => {
                let query = SpellQuery {
                    q: wanted.words.clone(),
                    filter: SpellFilter {
                        error_type: wanted.error_type.clone(),
                        tag: wanted.tag.clone(),
                        status: wanted.status,
                    },
                };
                let page = offline.pipeline().list_spells(&query, page, &ACTOR).await?;
                let items = page.items.into_iter().map(|listed| StoredSpell::from(listed.spell));
                Ok(Page { items: items.collect(), total: page.total })
            }
            Self::Remote(service) => remote::list(service, wanted, page).await,
        }
    }

    /// Every spell by ascending id.
    pub(super) async fn all(&self) -> anyhow::Result<Vec<StoredSpell>> {
        match self {
            Self::Local(offline) => {
                let spells: Vec<Spell> = offline.pipeline().export_spells(&ACTOR)?.try_collect().await?;
                Ok(spells.into_iter().map(StoredSpell::from).collect())
            }
            Self::Remote(service) => remote::all(service).await,
        }
    }

    /// Finds a spell by number or key.
    pub(super) async fn find(&self, name: &str) -> anyhow::Result<StoredSpell> {
        if let Ok(number) = name.parse() {
            return match self {
                Self::Local(offline) => {
                    Ok(offline.pipeline().get_spell(SpellId(number), &ACTOR).await?.into())
                }
                Self::Remote(service) => remote::get(service, SpellId(number)).await,
            };
        }
        let found = self.all().await?.into_iter().find(|spell| spell.fields.key.as_deref() == Some(name));
        found.ok_or_else(|| {
            let message =
                format!("no spell has the number or key {name:?}: `grimoire spells list` shows them");
            Reported(Exit::Data, message).into()
        })
    }

    /// Stores a new spell.
    pub(super) async fn create(&self, fields: SpellFields) -> anyhow::Result<StoredSpell> {
        match self {
            Self::Local(offline) => Ok(offline.pipeline().create_spell(fields, &ACTOR).await?.value.into()),
            Self::Remote(service) => remote::create(service, &fields).await,
        }
    }

    /// Replaces a spell, unless it was changed since it was read.
    pub(super) async fn replace(
        &self,
        spell: &StoredSpell,
        fields: SpellFields,
    ) -> anyhow::Result<StoredSpell> {
        match self {
            Self::Local(offline) => {
                let written =
                    offline.pipeline().replace_spell(spell.id, fields, Some(spell.revision), &ACTOR).await?;
                Ok(written.value.into())
            }
            Self::Remote(service) => remote::replace(service, spell, &fields).await,
        }
    }

    /// Deletes a spell, unless it was changed since it was read.
    pub(super) async fn delete(&self, spell: &StoredSpell) -> anyhow::Result<()> {
        match self {
            Self::Local(offline) => {
                offline.pipeline().delete_spell(spell.id, Some(spell.revision), &ACTOR).await?;
                Ok(())
            }
            Self::Remote(service) => remote::delete(service, spell).await,
        }
    }

    /// Imports spells, which are identified by their keys; with `dry_run` only reports the effect. `progress` gets the
    /// number of spells written so far.
    pub(super) async fn import(
        &self,
        spells: Vec<SpellFields>,
        dry_run: bool,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> anyhow::Result<ImportSummary> {
        match self {
            Self::Local(offline) if dry_run => Ok(offline.pipeline().preview_import(spells, &ACTOR).await?),
            Self::Local(offline) => {
                Ok(offline.pipeline().import_spells(spells, &ACTOR, progress).await?.value)
            }
            Self::Remote(service) => remote::import(service, spells, dry_run, progress).await,
        }
    }
}
