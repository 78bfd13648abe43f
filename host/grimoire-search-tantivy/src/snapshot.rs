//! One state of the index, ready to be searched.

use std::collections::BTreeMap;
use std::sync::Arc;

use grimoire_domain::spell::{Sequence, SpellId};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::SegmentId;
use tantivy::postings::{Postings as _, SegmentPostings};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet as _, InvertedIndexReader, Searcher, SegmentReader, TERMINATED, TantivyError, Term};

use crate::rank::{Corpus, occurrence};
use crate::schema::{ACTIVE, Fields, ID, TEXT_FIELDS};

/// The spells of one commit.
pub(crate) struct Snapshot {
    segments: Vec<Segment>,
    fields: Fields,
    /// The spell of every slot, and whether it is active. A column is too slow to be asked for every
    /// match of a common word.
    spells: Vec<(SpellId, bool)>,
    documents: u64,
    /// The last change that is in it.
    pub(crate) sequence: Sequence,
    /// How many active spells are in it.
    pub(crate) active: u64,
    /// Keeps the files of the segments.
    _searcher: Searcher,
}

/// One segment with its columns and dictionaries opened: they are asked for every term.
struct Segment {
    reader: SegmentReader,
    /// The slot of its first document.
    first: usize,
    all: Arc<InvertedIndexReader>,
    texts: Vec<(Arc<InvertedIndexReader>, FieldNormReader)>,
    /// Documents that are deleted and still in the files, ascending.
    deleted: Vec<u32>,
}

impl Snapshot {
    pub(crate) fn new(searcher: Searcher, fields: Fields, sequence: Sequence) -> tantivy::Result<Self> {
        let mut segments = Vec::with_capacity(searcher.segment_readers().len());
        let mut spells = Vec::new();
        for reader in searcher.segment_readers() {
            let text = |field: &Field| -> tantivy::Result<_> {
                Ok((reader.inverted_index(*field)?, reader.get_fieldnorms_reader(*field)?))
            };
            let segment = Segment {
                reader: reader.clone(),
                first: spells.len(),
                all: reader.inverted_index(fields.all)?,
                texts: fields.texts.iter().map(text).collect::<tantivy::Result<_>>()?,
                deleted: deleted(reader),
            };
            let (ids, actives) = (reader.fast_fields().u64(ID)?, reader.fast_fields().u64(ACTIVE)?);
            spells.extend((0..reader.max_doc()).map(|document| {
                let id = SpellId(ids.first(document).unwrap_or_default());
                (id, actives.first(document) == Some(1) && !reader.is_deleted(document))
            }));
            segments.push(segment);
        }
        let documents = searcher.num_docs();
        let active = spells.iter().filter(|(_, active)| *active).count() as u64;
        Ok(Self { segments, fields, spells, documents, sequence, active, _searcher: searcher })
    }

    /// The segments that it is made of, in order.
    pub(crate) fn segment_ids(&self) -> Vec<SegmentId> {
        let mut ids: Vec<_> = self.segments.iter().map(|segment| segment.reader.segment_id()).collect();
        ids.sort_unstable();
        ids
    }
}

fn deleted(reader: &SegmentReader) -> Vec<u32> {
    if reader.has_deletes() {
        (0..reader.max_doc()).filter(|&document| reader.is_deleted(document)).collect()
    } else {
        Vec::new()
    }
}

impl Segment {
    /// How many living documents have a term. The dictionary counts deleted ones too; they are taken
    /// off by looking for each, or for each document of the term, whichever are fewer.
    fn frequency(&self, index: &InvertedIndexReader, term: &Term) -> tantivy::Result<u64> {
        let Some(info) = index.get_term_info(term)? else { return Ok(0) };
        if self.deleted.is_empty() {
            return Ok(u64::from(info.doc_freq));
        }
        let mut postings = index.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
        if self.deleted.len() < info.doc_freq as usize {
            let mut gone = 0;
            for &document in &self.deleted {
                if postings.doc() < document {
                    postings.seek(document);
                }
                gone += u64::from(postings.doc() == document);
            }
            return Ok(u64::from(info.doc_freq) - gone);
        }
        let mut alive = 0;
        self.each_alive(&mut postings, |_| alive += 1);
        Ok(alive)
    }

    fn each_alive(&self, postings: &mut SegmentPostings, mut visit: impl FnMut(&SegmentPostings)) {
        let alive = self.reader.alive_bitset();
        while postings.doc() != TERMINATED {
            if alive.is_none_or(|alive| alive.is_alive(postings.doc())) {
                visit(postings);
            }
            postings.advance();
        }
    }
}

impl Corpus for Snapshot {
    type Error = TantivyError;

    fn documents(&self) -> u64 {
        self.documents
    }

    fn slots(&self) -> usize {
        self.spells.len()
    }

    fn frequency(&self, term: &str) -> tantivy::Result<u64> {
        let term = Term::from_field_text(self.fields.all, term);
        self.segments.iter().map(|segment| segment.frequency(&segment.all, &term)).sum()
    }

    fn completions(&self, prefix: &str) -> tantivy::Result<BTreeMap<String, u64>> {
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for segment in &self.segments {
            let mut terms = segment.all.terms().range().ge(prefix).into_stream()?;
            while terms.advance() {
                let Some(text) =
                    std::str::from_utf8(terms.key()).ok().filter(|text| text.starts_with(prefix))
                else {
                    break;
                };
                found.entry(text.to_owned()).or_default();
            }
        }
        for (text, frequency) in &mut found {
            *frequency = self.frequency(text)?;
        }
        found.retain(|_, frequency| *frequency > 0);
        Ok(found)
    }

    fn occurrences(&self, term: &str, visit: &mut dyn FnMut(usize, f64)) -> tantivy::Result<()> {
        for (index, field) in TEXT_FIELDS.iter().enumerate() {
            let term = Term::from_field_text(self.fields.texts[index], term);
            for segment in &self.segments {
                let (inverted, lengths) = &segment.texts[index];
                let Some(mut postings) = inverted.read_postings(&term, IndexRecordOption::WithFreqs)? else {
                    continue;
                };
                segment.each_alive(&mut postings, |postings| {
                    let document = postings.doc();
                    let length = lengths.fieldnorm(document);
                    let value = occurrence(field.boost, field.usual_length, postings.term_freq(), length);
                    visit(segment.first + document as usize, value);
                });
            }
        }
        Ok(())
    }

    fn spell(&self, slot: usize) -> (SpellId, bool) {
        self.spells[slot]
    }
}
