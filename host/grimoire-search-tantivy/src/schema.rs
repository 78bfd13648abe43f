//! What the index holds of a spell.

use std::borrow::Cow;

use grimoire_domain::spell::{ChangeKind, Sequence, Spell, SpellChange, SpellStatus, join_tags};
use serde::{Deserialize, Serialize};
use tantivy::TantivyDocument;
use tantivy::schema::{Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};

use crate::terms::SpellTerms;
use crate::{packed, pattern};

/// Raised with every change of the fields, of their texts or of the tokenizer: an index of another
/// version is made anew.
pub(crate) const VERSION: u32 = 2;

/// A searched field of a spell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextField {
    /// What one occurrence of a term in it is worth.
    pub(crate) boost: f64,
    /// How many tokens the field has in a spell of usual length. A constant instead of the average of
    /// all spells, so that the score of a spell does not depend on the lengths of others.
    pub(crate) usual_length: f64,
    /// The text of a spell.
    pub(crate) text: fn(&Spell) -> Cow<'_, str>,
}

/// Every searched field.
pub(crate) const TEXT_FIELDS: [TextField; 6] = [
    TextField { boost: 3.0, usual_length: 10.0, text: |spell| (&*spell.fields.title).into() },
    TextField { boost: 1.0, usual_length: 120.0, text: |spell| (&*spell.fields.description).into() },
    TextField { boost: 3.0, usual_length: 2.0, text: |spell| (&*spell.fields.error_type).into() },
    TextField {
        boost: 3.0,
        usual_length: 12.0,
        text: |spell| pattern::literal_parts(&spell.fields.error_pattern).into(),
    },
    TextField { boost: 1.0, usual_length: 80.0, text: |spell| (&*spell.fields.solution_code).into() },
    TextField { boost: 2.0, usual_length: 4.0, text: |spell| join_tags(&spell.fields.tags).into() },
];

/// The fields of the index.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// The id, by which spells are found and deleted.
    pub(crate) id: Field,
    /// The lengths of the text fields, and whether the spell is active: see [`packed::marks`].
    pub(crate) marks: Field,
    /// The words of all text fields: see [`packed`].
    pub(crate) words: Field,
}

/// The name of the fast field with the id.
pub(crate) const ID: &str = "id";
/// The name of the fast field with the marks.
pub(crate) const MARKS: &str = "marks";

/// The schema and its fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let number = NumericOptions::default().set_fast();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(packed::NAME)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions)
        .set_fieldnorms(false);
    let mut builder = Schema::builder();
    let id = builder.add_u64_field(ID, number.clone().set_indexed());
    let marks = builder.add_u64_field(MARKS, number);
    let words = builder.add_text_field("words", TextOptions::default().set_indexing_options(indexing));
    (builder.build(), Fields { id, marks, words })
}

/// A spell as the index keeps it.
pub(crate) fn document(fields: &Fields, terms: &SpellTerms) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    document.add_u64(fields.id, terms.id.0);
    document.add_u64(fields.marks, packed::marks(terms.lengths, terms.active));
    document.add_text(fields.words, packed::text(terms));
    document
}

/// Whether a spell is offered as a candidate.
pub(crate) fn is_active(spell: &Spell) -> bool {
    spell.fields.status == SpellStatus::Active
}

/// What a commit says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payload {
    /// [`VERSION`] of the program that wrote it.
    pub(crate) version: u32,
    /// The identity of the store that was followed.
    pub(crate) store: String,
    /// The last change that is in the index.
    pub(crate) sequence: Sequence,
    /// That change itself: a store that was set back and written to since has another one there.
    pub(crate) last: Option<LastChange>,
}

/// What is remembered of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastChange {
    spell: u64,
    kind: ChangeKind,
}

impl From<&SpellChange> for LastChange {
    fn from(change: &SpellChange) -> Self {
        Self { spell: change.spell.0, kind: change.kind }
    }
}
