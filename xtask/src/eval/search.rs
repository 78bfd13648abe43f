//! `cargo xtask eval search`: measures whether a typed query finds the intended spell.
//!
//! Every query lists the keys of the spells that answer it. The shipped search ranks the starter spellbook for
//! it; the figures are how often one of these spells is first, and how often among the first three. Queries of
//! the part `tuned` were used for tuning the search. Those of `held-out` were not, until the kinds of their misses were
//! mended; those of `fresh` are about other spells, and nothing was changed for them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::SpellId;
use grimoire_ports::search::SpellSearch as _;
use grimoire_ports::store::{SpellFilter, SpellStore as _, Stamp};
use grimoire_search_tantivy::TantivySearch;
use grimoire_store_redb::RedbStore;
use serde::Deserialize;

use super::data::{print, rows};

/// Time limit for the index.
const INDEXING: Duration = Duration::from_secs(600);
/// Number of results that are examined.
const LOOKED_AT: u32 = 50;

/// Arguments of the measurement.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The queries, one JSON object `{query, expected: [keys], part}` per line; `.xz` is decompressed.
    #[arg(long, value_name = "FILE", default_value = "tests/search/queries.jsonl")]
    data: PathBuf,
    /// List only the failed queries of this part; all by default.
    #[arg(long, value_name = "PART")]
    part: Option<String>,
}

/// A query and the keys of the spells that answer it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    query: String,
    expected: Vec<String>,
    part: String,
}

/// Counts of one part.
#[derive(Debug, Default)]
struct Figures {
    asked: u32,
    first: u32,
    among_three: u32,
    reciprocal_ranks: f64,
}

impl Figures {
    fn add(&mut self, place: Option<usize>) {
        self.asked += 1;
        self.first += u32::from(place == Some(0));
        self.among_three += u32::from(place.is_some_and(|place| place < 3));
        self.reciprocal_ranks += place.map_or(0.0, |place| 1.0 / (place as f64 + 1.0));
    }
}

/// Prints how often the right spell is first, and each query for which it is not.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let cases: Vec<Case> = rows(&arguments.data)?.collect::<anyhow::Result<_>>()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    print(&runtime.block_on(measure(&cases, arguments.part.as_deref()))?)
}

async fn measure(cases: &[Case], told: Option<&str>) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let store =
        RedbStore::open(&folder.path().join("grimoire.redb"), grimoire_store_redb::Options::default())?;
    let spells = grimoire::spellbook::starter()?.into_iter().map(|fields| Ok(fields.validate()?));
    let spells: Vec<_> = spells.collect::<anyhow::Result<_>>()?;
    let stamp = Stamp { by: "eval".to_owned(), at: grimoire_domain::Timestamp::now() };
    let imported = store.import_spells(spells, stamp).await?;
    let search = TantivySearch::open(
        &folder.path().join("index"),
        Arc::new(store.clone()),
        grimoire_search_tantivy::Options::default(),
    )
    .await?;
    search.wait_for(imported.sequence, INDEXING).await?;
    let keys = keys(&store).await?;
    let mut figures: BTreeMap<&str, Figures> = BTreeMap::new();
    let mut text = String::new();
    for case in cases {
        for expected in &case.expected {
            ensure!(
                keys.values().any(|key| key == expected),
                "{:?}: no spell has key {expected}",
                case.query
            );
        }
        let found = search.search(&case.query, PageRequest::new(0, LOOKED_AT)?).await?;
        let found: Vec<&str> =
            found.hits.items.iter().filter_map(|hit| keys.get(&hit.spell)).map(String::as_str).collect();
        let place = found.iter().position(|key| case.expected.iter().any(|expected| expected == key));
        figures.entry(&case.part).or_default().add(place);
        if place != Some(0) && told.is_none_or(|part| part == case.part) {
            let place = place.map_or("none".to_owned(), |place| (place + 1).to_string());
            let before: Vec<&str> = found.into_iter().take(3).collect();
            writeln!(
                text,
                "{}: {:?} has its spell at {place}, after {}",
                case.part,
                case.query,
                before.join(", ")
            )?;
        }
    }
    for (part, figures) in &figures {
        let share = |count: u32| f64::from(count) / f64::from(figures.asked) * 100.0;
        writeln!(
            text,
            "{part}: {} queries, first {:.1} %, among the first three {:.1} %, MRR {:.3}",
            figures.asked,
            share(figures.first),
            share(figures.among_three),
            figures.reciprocal_ranks / f64::from(figures.asked),
        )?;
    }
    search.close().await;
    store.close().await?;
    Ok(text)
}

/// The keys of all spells.
async fn keys(store: &RedbStore) -> anyhow::Result<BTreeMap<SpellId, String>> {
    let mut keys = BTreeMap::new();
    loop {
        let page = PageRequest::new(keys.len() as u64, PageRequest::MAXIMUM_LIMIT)?;
        let spells = store.list_spells(&SpellFilter::default(), page).await?.items;
        if spells.is_empty() {
            return Ok(keys);
        }
        for spell in spells {
            let key = spell.fields.key.clone().context("every spell that ships has a key")?;
            keys.insert(spell.id, key);
        }
    }
}
