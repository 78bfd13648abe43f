//! What the index holds of a spell.

use grimoire_domain::spell::{ChangeKind, Sequence, Spell, SpellChange, SpellStatus, join_tags};
use serde::{Deserialize, Serialize};
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};

use crate::{pattern, tokens};

/// Raised with every change of the fields, of their texts or of the tokenizer: an index of another
/// version is made anew.
pub(crate) const VERSION: u32 = 1;

/// A searched field of a spell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextField {
    /// Its name in the index.
    pub(crate) name: &'static str,
    /// What one occurrence of a term in it is worth.
    pub(crate) boost: f64,
    /// How many tokens the field has in a spell of usual length. A constant instead of the average of
    /// all spells, so that the score of a spell does not depend on the lengths of others.
    pub(crate) usual_length: f64,
    /// The text of a spell.
    pub(crate) text: fn(&Spell) -> String,
}

/// Every searched field.
pub(crate) const TEXT_FIELDS: [TextField; 6] = [
    TextField { name: "title", boost: 3.0, usual_length: 10.0, text: |spell| spell.fields.title.clone() },
    TextField {
        name: "description",
        boost: 1.0,
        usual_length: 120.0,
        text: |spell| spell.fields.description.clone(),
    },
    TextField {
        name: "error_type",
        boost: 3.0,
        usual_length: 2.0,
        text: |spell| spell.fields.error_type.clone(),
    },
    TextField {
        name: "pattern",
        boost: 3.0,
        usual_length: 12.0,
        text: |spell| pattern::literal_parts(&spell.fields.error_pattern),
    },
    TextField {
        name: "solution",
        boost: 1.0,
        usual_length: 80.0,
        text: |spell| spell.fields.solution_code.clone(),
    },
    TextField { name: "tags", boost: 2.0, usual_length: 4.0, text: |spell| join_tags(&spell.fields.tags) },
];

/// The fields of the index.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// The id, by which spells are found and deleted.
    pub(crate) id: Field,
    /// 1 for active spells, 0 for others.
    pub(crate) active: Field,
    /// Every token of every text field once: how many spells have a term is one look-up.
    pub(crate) all: Field,
    /// In the order of [`TEXT_FIELDS`].
    pub(crate) texts: [Field; TEXT_FIELDS.len()],
}

/// The name of the fast field with the id.
pub(crate) const ID: &str = "id";
/// The name of the fast field with the status.
pub(crate) const ACTIVE: &str = "active";

/// The schema and its fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let number = NumericOptions::default() | FAST | INDEXED;
    let text = |record, lengths| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(tokens::NAME)
            .set_index_option(record)
            .set_fieldnorms(lengths);
        TextOptions::default().set_indexing_options(indexing)
    };
    let mut builder = Schema::builder();
    let id = builder.add_u64_field(ID, number.clone());
    let active = builder.add_u64_field(ACTIVE, number);
    let all = builder.add_text_field("all", text(IndexRecordOption::Basic, false));
    let texts =
        TEXT_FIELDS.map(|field| builder.add_text_field(field.name, text(IndexRecordOption::WithFreqs, true)));
    (builder.build(), Fields { id, active, all, texts })
}

/// A spell as the index keeps it.
pub(crate) fn document(fields: &Fields, spell: &Spell) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    document.add_u64(fields.id, spell.id.0);
    document.add_u64(fields.active, u64::from(is_active(spell)));
    for (text, field) in TEXT_FIELDS.iter().zip(fields.texts) {
        let text = (text.text)(spell);
        document.add_text(fields.all, &text);
        document.add_text(field, text);
    }
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
