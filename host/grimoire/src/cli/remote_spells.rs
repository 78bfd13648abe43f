//! The spellbook of a running service, through its API.

use std::collections::BTreeMap;

use anyhow::Context as _;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::spell::{SpellFields, SpellId, SpellStatus};
use grimoire_pipeline::{ApiSpell, Notation, SpellbookWriter};
use grimoire_ports::store::ImportSummary;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, IF_MATCH};
use serde::Deserialize;

use super::service::{Service, body_of};
use super::stored::{StoredSpell, Wanted};

/// A spell as the API answers it.
#[derive(Debug, Deserialize)]
struct SpellDocument {
    id: u64,
    revision: u64,
    #[serde(flatten)]
    fields: ApiSpell,
}

impl From<SpellDocument> for StoredSpell {
    fn from(SpellDocument { id, revision, fields }: SpellDocument) -> Self {
        Self { id: SpellId(id), revision, fields: fields.into() }
    }
}

/// The header with the total length of a list.
const TOTAL: &str = "x-total-count";

pub(super) async fn list(
    service: &Service,
    wanted: &Wanted,
    page: PageRequest,
) -> anyhow::Result<Page<StoredSpell>> {
    let mut query: BTreeMap<&str, String> = BTreeMap::new();
    query.insert("skip", page.skip().to_string());
    query.insert("limit", page.limit().to_string());
    query.extend(wanted.words.clone().map(|words| ("q", words)));
    query.extend(wanted.error_type.clone().map(|error_type| ("error_type", error_type)));
    query.extend(wanted.tag.clone().map(|tag| ("tag", tag)));
    let word = wanted.status.map(|status| match status {
        SpellStatus::Draft => "draft",
        SpellStatus::Active => "active",
        SpellStatus::Retired => "retired",
    });
    query.extend(word.map(|word| ("status", word.to_owned())));
    let response = service.send(service.request(Method::GET, "/api/spells")?.query(&query)).await?;
    let total = response.headers().get(TOTAL).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = body_of(response).await.context("the list of spells broke off")?;
    let documents: Vec<SpellDocument> =
        serde_json::from_slice(&body).context("the list of spells cannot be read")?;
    let items: Vec<StoredSpell> = documents.into_iter().map(StoredSpell::from).collect();
    let total = total.unwrap_or(page.skip() + items.len() as u64);
    Ok(Page { items, total })
}

pub(super) async fn all(service: &Service) -> anyhow::Result<Vec<StoredSpell>> {
    let mut spells: Vec<StoredSpell> = Vec::new();
    loop {
        let page = PageRequest::new(spells.len() as u64, PageRequest::MAXIMUM_LIMIT)?;
        let page = list(service, &Wanted::default(), page).await?;
        let is_last = page.items.is_empty();
        spells.extend(page.items);
        if is_last || spells.len() as u64 >= page.total {
            return Ok(spells);
        }
    }
}

pub(super) async fn get(service: &Service, id: SpellId) -> anyhow::Result<StoredSpell> {
    let document: SpellDocument =
        service.json(service.request(Method::GET, &format!("/api/spells/{id}"))?).await?;
    Ok(document.into())
}

pub(super) async fn create(service: &Service, fields: &SpellFields) -> anyhow::Result<StoredSpell> {
    let request = service.request(Method::POST, "/api/spells")?.json(&ApiSpell::from(fields.clone()));
    let document: SpellDocument = service.json(request).await?;
    Ok(document.into())
}

pub(super) async fn replace(
    service: &Service,
    spell: &StoredSpell,
    fields: &SpellFields,
) -> anyhow::Result<StoredSpell> {
    let request = service
        .request(Method::PUT, &format!("/api/spells/{}", spell.id))?
        .header(IF_MATCH, entity_tag(spell))
        .json(&ApiSpell::from(fields.clone()));
    let document: SpellDocument = service.json(request).await?;
    Ok(document.into())
}

pub(super) async fn delete(service: &Service, spell: &StoredSpell) -> anyhow::Result<()> {
    let request = service.request(Method::DELETE, &format!("/api/spells/{}", spell.id))?;
    service.send(request.header(IF_MATCH, entity_tag(spell))).await?;
    Ok(())
}

/// The maximum number of bytes of spells in one request. A larger spell is sent alone.
const PIECE: usize = 4 << 20;

/// The result of a piece, or of its dry run.
#[derive(Debug, Deserialize)]
struct ImportDocument {
    created: u64,
    updated: u64,
    unchanged: u64,
}

/// Imports spells piece by piece, so that neither side holds more than one piece of text. Pieces that were written
/// before a failure remain, and the import may simply be repeated.
pub(super) async fn import(
    service: &Service,
    spells: Vec<SpellFields>,
    dry_run: bool,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> anyhow::Result<ImportSummary> {
    let total = spells.len() as u64;
    let mut summary = ImportSummary::default();
    let mut piece = Piece::default();
    for (fields, done) in spells.into_iter().zip(1..) {
        if let Some(full) = piece.add(fields)? {
            add(&mut summary, &send_piece(service, full, dry_run).await?);
            progress(done - 1, total);
        }
    }
    add(&mut summary, &send_piece(service, piece.finish(), dry_run).await?);
    progress(total, total);
    Ok(summary)
}

/// A piece of a spellbook that is being collected.
#[derive(Debug)]
struct Piece {
    writer: SpellbookWriter,
    text: String,
}

impl Default for Piece {
    fn default() -> Self {
        let writer = SpellbookWriter::new(Notation::Json);
        Self { text: writer.begin(), writer }
    }
}

impl Piece {
    /// Adds a spell. If it does not fit, it starts the next piece, and the finished one is returned.
    fn add(&mut self, fields: SpellFields) -> anyhow::Result<Option<String>> {
        let mark = self.text.len();
        self.text += &self.writer.spell(fields.clone())?;
        let begin = self.writer.begin().len();
        if self.text.len() <= PIECE || mark == begin {
            return Ok(None);
        }
        self.text.truncate(mark);
        let full = std::mem::take(self).finish();
        self.text += &self.writer.spell(fields)?;
        Ok(Some(full))
    }

    fn finish(self) -> String {
        self.text + self.writer.end()
    }
}

fn add(summary: &mut ImportSummary, piece: &ImportDocument) {
    summary.created += piece.created;
    summary.updated += piece.updated;
    summary.unchanged += piece.unchanged;
}

async fn send_piece(service: &Service, text: String, dry_run: bool) -> anyhow::Result<ImportDocument> {
    let request = service.request(Method::POST, "/api/spells/import")?.query(&[("dry_run", dry_run)]);
    service.json(request.header(CONTENT_TYPE, "application/json").body(text)).await
}

fn entity_tag(spell: &StoredSpell) -> String {
    format!("\"{}\"", spell.revision)
}
